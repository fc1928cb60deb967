import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Digest } from '../../src/model/digest.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { type Api, createApi, errorCodes } from '../support/api.ts';
import { pushBlob } from '../support/push.ts';

const bytes = seededBytes(2048, 'blob');
const digest = digestOf(bytes);
const path = `/v2/a/b/blobs/${digest}`;

describe('a blob', () => {
  let api: Api;

  beforeEach(async () => {
    api = createApi();
    assert.equal((await pushBlob(api, 'a/b', bytes, digest)).status, 201);
  });

  it('is given whole, with its digest, its length and no media type of its own', async () => {
    const { status, headers, bytes: got } = await api.send('GET', path);
    assert.equal(status, 200);
    assert.deepEqual(got, bytes);
    assert.equal(headers.get('content-length'), '2048');
    assert.equal(headers.get('content-type'), 'application/octet-stream');
    assert.equal(headers.get('docker-content-digest'), digest);
    assert.equal(headers.get('etag'), `"${digest}"`);
    assert.equal(headers.get('accept-ranges'), 'bytes');
  });

  it('tells the same to a HEAD', async () => {
    const get = await api.send('GET', path);
    const head = await api.send('HEAD', path, { headers: { range: 'bytes=0-1' } });
    assert.equal(head.status, 200);
    assert.deepEqual([...head.headers], [...get.headers]);
    assert.equal(head.bytes.length, 0);
  });

  const ranges: readonly (readonly [string, number, number])[] = [
    ['bytes=500-1499', 500, 1500],
    ['bytes=500-', 500, 2048],
    ['bytes=-500', 1548, 2048],
    ['bytes=2000-5000', 2000, 2048],
    ['bytes=0-0', 0, 1],
    ['bytes=2047-', 2047, 2048],
    ['bytes=-5000', 0, 2048],
    ['bytes=0-', 0, 2048],
  ];
  for (const [range, start, end] of ranges) {
    it(`gives ${range}`, async () => {
      const { status, headers, bytes: got } = await api.send('GET', path, { headers: { range } });
      assert.equal(status, 206);
      assert.deepEqual(got, bytes.subarray(start, end));
      assert.equal(headers.get('content-range'), `bytes ${start}-${end - 1}/2048`);
      assert.equal(headers.get('content-length'), String(end - start));
      assert.equal(headers.get('docker-content-digest'), digest);
    });
  }

  for (const range of ['bytes=2048-', 'bytes=5000-10000', 'bytes=500-0', 'bytes=-0', 'bytes=99999999999999999999-']) {
    it(`has nothing at ${range}`, async () => {
      const { status, headers } = await api.send('GET', path, { headers: { range } });
      assert.equal(status, 416);
      assert.equal(headers.get('content-range'), 'bytes */2048');
    });
  }

  for (const range of ['bytes=0-1,5-6', 'lines=0-1', 'bytes=', 'bytes=-', 'bytes=a-b', '0-1']) {
    it(`is given whole to ${range}, which is no range of ours`, async () => {
      const { status, bytes: got } = await api.send('GET', path, { headers: { range } });
      assert.equal(status, 200);
      assert.equal(got.length, 2048);
    });
  }

  it('gives a range only of the blob that If-Range names', async () => {
    const range = 'bytes=0-9';
    const same = await api.send('GET', path, { headers: { range, 'if-range': `"${digest}"` } });
    assert.equal(same.status, 206);
    for (const other of ['"sha256:other"', 'Tue, 15 Nov 1994 12:45:26 GMT']) {
      const whole = await api.send('GET', path, { headers: { range, 'if-range': other } });
      assert.equal(whole.status, 200);
      assert.equal(whole.bytes.length, 2048);
    }
  });

  it('is not sent again to who has it', async () => {
    const { status, bytes: got } = await api.send('GET', path, { headers: { 'if-none-match': `"x", "${digest}"` } });
    assert.deepEqual([status, got.length], [304, 0]);
    assert.equal((await api.send('GET', path, { headers: { 'if-none-match': '"x"' } })).status, 200);
  });

  it('is unknown in every other repository, and under every other digest', async () => {
    const other: Digest = `sha256:${'0'.repeat(64)}`;
    for (const elsewhere of [`/v2/a/blobs/${digest}`, `/v2/a/b/blobs/${other}`]) {
      const answer = await api.send('GET', elsewhere);
      assert.equal(answer.status, 404);
      assert.deepEqual(errorCodes(answer), ['BLOB_UNKNOWN']);
      assert.equal((await api.send('HEAD', elsewhere)).status, 404);
    }
  });

  it('is gone at once when it is deleted, and a second deletion finds nothing', async () => {
    assert.equal((await api.send('DELETE', path)).status, 202);
    assert.equal((await api.send('GET', path)).status, 404);
    assert.equal((await api.send('HEAD', path)).status, 404);
    const again = await api.send('DELETE', path);
    assert.deepEqual([again.status, errorCodes(again)], [404, ['BLOB_UNKNOWN']]);
  });

  it('may be empty, and has no range then', async () => {
    const empty = digestOf(new Uint8Array());
    assert.equal((await pushBlob(api, 'a/b', new Uint8Array(), empty)).status, 201);
    const { status, headers, bytes: got } = await api.send('GET', `/v2/a/b/blobs/${empty}`);
    assert.deepEqual([status, got.length, headers.get('content-length')], [200, 0, '0']);
    assert.equal((await api.send('GET', `/v2/a/b/blobs/${empty}`, { headers: { range: 'bytes=0-' } })).status, 416);
  });

  it('may be named by sha512', async () => {
    const name = digestOf(bytes, 'sha512');
    assert.equal((await pushBlob(api, 'a/b', bytes, name)).status, 201);
    const { status, headers, bytes: got } = await api.send('GET', `/v2/a/b/blobs/${name}`);
    assert.equal(status, 200);
    assert.deepEqual(got, bytes);
    assert.equal(headers.get('docker-content-digest'), name);
  });
});
