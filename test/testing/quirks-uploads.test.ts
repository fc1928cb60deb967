import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import type { Wrap } from '../../src/testing/wrap.ts';
import { type Answer, type Api, createApi, errorCodes, locationOf } from '../support/api.ts';
import { pushBlob } from '../support/push.ts';

const bytes = seededBytes(3000, 'quirk');
const digest = digestOf(bytes);
const uploads = '/v2/r/blobs/uploads/';

const apiWith = (wrap: Wrap): Api => createApi({}, wrap);

/** Follows a `Location` as a client must: from the URL that was asked. */
function followed(answer: Answer, from: string, query: string = ''): string {
  const url = new URL(answer.headers.get('location') ?? '', new URL(from, 'http://registry.test'));
  const joint = url.search === '' ? '?' : '&';
  return url.pathname + url.search + (query === '' ? '' : joint + query);
}

describe('quirks of locations', () => {
  const shapes: readonly (readonly [string, Wrap, RegExp])[] = [
    ['whole', quirks.absoluteLocation(), /^http:\/\/registry\.test\/v2\/r\/blobs\/uploads\/[\w-]+$/],
    [
      'at another origin',
      quirks.absoluteLocation('https://cdn.test'),
      /^https:\/\/cdn\.test\/v2\/r\/blobs\/uploads\/[\w-]+$/,
    ],
    ['relative', quirks.relativeLocation(), /^\.\.\/uploads\/[\w-]+$/],
    ['without a scheme', quirks.schemeRelativeLocation(), /^\/\/registry\.test\/v2\/r\/blobs\/uploads\/[\w-]+$/],
    ['singular', quirks.singularLocation(), /^\/v2\/r\/blobs\/upload\/[\w-]+$/],
    ['with a state', quirks.statefulLocation(), /^\/v2\/r\/blobs\/uploads\/[\w-]+\?a=b%2Fc&_state=x%3D%3D$/],
    ['with a fragment', quirks.statefulLocation('s=1', '#frag'), /\?s=1#frag$/],
  ];
  for (const [name, wrap, shape] of shapes) {
    it(`are ${name}, and lead on`, async () => {
      const api = apiWith(wrap);
      const start = await api.send('POST', uploads);
      assert.match(start.headers.get('location') ?? '', shape);
      const first = followed(start, uploads);
      const patched = await api.send('PATCH', first, { body: bytes });
      assert.equal(patched.status, 202, patched.text);
      const done = await api.send('PUT', followed(patched, first, `digest=${digest}`));
      assert.equal(done.status, 201, done.text);
    });
  }

  it('lose the state of an upload that does not bring it back as it was', async () => {
    const api = apiWith(quirks.statefulLocation());
    const path = followed(await api.send('POST', uploads), uploads);
    assert.equal((await api.send('PATCH', path.replace('%2F', '/'), { body: bytes })).status, 400);
    assert.equal((await api.send('PATCH', path.split('?')[0] ?? '', { body: bytes })).status, 400);
  });

  it('are not there', async () => {
    const { status, headers } = await apiWith(quirks.withoutLocation()).send('POST', uploads);
    assert.deepEqual([status, headers.get('location')], [202, null]);
  });
});

describe('quirks of mounts', () => {
  const mount = `/v2/to/blobs/uploads/?mount=${digest}&from=r`;

  it('are uploads, or refusals', async () => {
    for (const [wrap, status] of [
      [quirks.noMount(), 202],
      [quirks.mountRefused(401), 401],
    ] as const) {
      const api = apiWith(wrap);
      await pushBlob(api, 'r', bytes, digest);
      assert.equal((await api.send('POST', mount)).status, status);
      assert.equal((await api.send('HEAD', `/v2/to/blobs/${digest}`)).status, 404);
      assert.equal((await api.send('POST', uploads)).status, 202);
    }
  });
});

describe('quirks of chunks', () => {
  const chunk = (from: number, to: number): NonNullable<Parameters<Api['send']>[2]> => ({
    headers: { 'content-range': `${from}-${to - 1}` },
    body: bytes.subarray(from, to),
  });

  it('are not taken, nor whole blobs', async () => {
    const chunkless = apiWith(quirks.noChunks());
    const start = await chunkless.send('POST', uploads);
    assert.equal((await chunkless.send('PATCH', locationOf(start), chunk(0, 1000))).status, 404);
    assert.equal((await chunkless.send('PUT', locationOf(start, { digest }), { body: bytes })).status, 201);
    const postless = apiWith(quirks.noSinglePost());
    assert.equal((await postless.send('POST', `${uploads}?digest=${digest}`, { body: bytes })).status, 202);
    const putless = apiWith(quirks.noMonolithic());
    const other = await putless.send('POST', uploads);
    assert.deepEqual(errorCodes(await putless.send('PUT', locationOf(other, { digest }), { body: bytes })), [
      'BLOB_UNKNOWN',
    ]);
    await putless.send('PATCH', locationOf(other), { body: bytes });
    assert.equal((await putless.send('PUT', locationOf(other, { digest }))).status, 201);
  });

  it('are answered with another status', async () => {
    const api = apiWith(quirks.patchAnswers(201));
    const start = await api.send('POST', uploads);
    assert.equal((await api.send('PATCH', locationOf(start), { body: bytes })).status, 201);
  });

  it('are dropped after the first', async () => {
    const api = apiWith(quirks.patchNotAdvancing());
    const start = await api.send('POST', uploads);
    for (const [from, to] of [
      [0, 1000],
      [1000, 2000],
      [2000, 3000],
    ] as const) {
      const { status, headers } = await api.send('PATCH', locationOf(start), chunk(from, to));
      assert.deepEqual([status, headers.get('range')], [201, '0-999']);
    }
    assert.equal((await api.send('PUT', locationOf(start, { digest }))).status, 400);
  });

  it('must not be too large, nor too small', async () => {
    const small = apiWith(quirks.largestBody(1000));
    const start = await small.send('POST', uploads);
    assert.equal((await small.send('PATCH', locationOf(start), chunk(0, 1001))).status, 416);
    assert.equal((await small.send('PATCH', locationOf(start), chunk(0, 1000))).status, 202);
    const large = apiWith(quirks.smallestChunk(1000));
    const other = await large.send('POST', uploads);
    assert.equal(other.headers.get('oci-chunk-min-length'), '1000');
    assert.equal((await large.send('PATCH', locationOf(other), chunk(0, 1000))).status, 202);
    assert.equal((await large.send('PATCH', locationOf(other), chunk(1000, 1999))).status, 202);
    assert.deepEqual(errorCodes(await large.send('PATCH', locationOf(other), chunk(1999, 3000))), [
      'BLOB_UPLOAD_INVALID',
    ]);
  });

  it('must say where they belong after the first stream', async () => {
    const api = apiWith(quirks.streamOnce());
    const start = await api.send('POST', uploads);
    assert.equal((await api.send('PATCH', locationOf(start), { body: bytes.subarray(0, 1000) })).status, 202);
    assert.equal((await api.send('PATCH', locationOf(start), { body: bytes.subarray(1000) })).status, 416);
    assert.equal((await api.send('PATCH', locationOf(start), chunk(1000, 3000))).status, 202);
  });

  it('of nothing have a range of their own', async () => {
    const { headers } = await apiWith(quirks.emptyRange()).send('POST', uploads);
    assert.equal(headers.get('range'), '0--1');
  });

  it('get lost with their session, so many times', async () => {
    const api = apiWith(quirks.loseUploadSession(2));
    const statuses: number[] = [];
    for (let count = 0; count < 3; count++) {
      const start = await api.send('POST', uploads);
      statuses.push((await api.send('PATCH', locationOf(start), { body: bytes })).status);
      statuses.push((await api.send('PUT', locationOf(start, { digest }))).status);
    }
    assert.deepEqual(statuses, [404, 404, 404, 404, 202, 201]);
  });

  it('do not tell how far they have come', async () => {
    const api = apiWith(quirks.withoutUploadRange());
    const start = await api.send('POST', uploads);
    const refused = await api.send('PATCH', locationOf(start), chunk(1000, 2000));
    assert.deepEqual([refused.status, refused.headers.get('range')], [416, null]);
    const status = await api.send('GET', locationOf(start));
    assert.deepEqual([status.status, status.headers.get('range'), status.headers.get('location')], [204, null, null]);
  });
});
