import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { type Answer, type Api, createApi, errorCodes, locationOf } from '../support/api.ts';
import { streamOfChunks } from '../support/streams.ts';

const bytes = seededBytes(3000, 'upload');
const digest = digestOf(bytes);
const other = digestOf(seededBytes(10, 'other'));
const blobPath = `/v2/r/blobs/${digest}`;

let api: Api;
let start: Answer;

beforeEach(async () => {
  api = createApi();
  start = await api.send('POST', '/v2/r/blobs/uploads/');
});

async function assertPushed(answer: Answer): Promise<void> {
  assert.equal(answer.status, 201, answer.text);
  assert.equal(answer.headers.get('location'), blobPath);
  assert.equal(answer.headers.get('docker-content-digest'), digest);
  assert.equal(answer.headers.get('content-length'), '0');
  assert.deepEqual((await api.send('GET', blobPath)).bytes, bytes);
}

async function assertNothingKept(): Promise<void> {
  assert.equal((await api.send('HEAD', blobPath)).status, 404);
  assert.equal((await api.send('HEAD', `/v2/r/blobs/${other}`)).status, 404);
  assert.equal((await api.send('GET', '/v2/r/tags/list')).status, 404, 'no repository has come of it');
}

describe('an upload session', () => {
  it('starts with a path to go on at, relative to the registry, and a range of nothing', () => {
    assert.equal(start.status, 202);
    assert.match(start.headers.get('location') ?? '', /^\/v2\/r\/blobs\/uploads\/[\w-]+$/);
    assert.equal(start.headers.get('range'), '0-0');
    assert.equal(start.headers.get('docker-upload-uuid'), locationOf(start).split('/').at(-1));
    assert.equal(start.headers.get('oci-chunk-min-length'), null);
  });

  it('tells how far it has come', async () => {
    await api.send('PATCH', locationOf(start), { body: bytes.subarray(0, 1000) });
    const status = await api.send('GET', locationOf(start));
    assert.equal(status.status, 204);
    assert.equal(status.headers.get('range'), '0-999');
    assert.equal(locationOf(status), locationOf(start));
    assert.equal(status.headers.get('content-length'), null);
  });

  it('announces the smallest chunk where there is one', async () => {
    const chunky = createApi({ limits: { minChunkBytes: 5_000_000 } });
    const { headers } = await chunky.send('POST', '/v2/r/blobs/uploads/');
    assert.equal(headers.get('oci-chunk-min-length'), '5000000');
  });

  it('is unknown in another repository, and under a name that was never given', async () => {
    const id = locationOf(start).split('/').at(-1);
    for (const path of [
      `/v2/other/blobs/uploads/${id}`,
      '/v2/r/blobs/uploads/nothing',
      '/v2/r/blobs/uploads/%2e%2e%2fx',
    ]) {
      for (const method of ['GET', 'PATCH', 'DELETE']) {
        const answer = await api.send(method, path);
        assert.equal(answer.status, 404, `${method} ${path}`);
        assert.deepEqual(errorCodes(answer), ['BLOB_UPLOAD_UNKNOWN']);
      }
      assert.equal((await api.send('PUT', `${path}?digest=${digest}`)).status, 404);
    }
  });

  it('is given up on request', async () => {
    await api.send('PATCH', locationOf(start), { body: bytes });
    const cancelled = await api.send('DELETE', locationOf(start));
    assert.deepEqual([cancelled.status, cancelled.bytes.length], [204, 0]);
    for (const method of ['GET', 'DELETE', 'PATCH']) {
      assert.equal((await api.send(method, locationOf(start))).status, 404, method);
    }
    assert.equal((await api.send('PUT', locationOf(start, { digest }))).status, 404);
    await assertNothingKept();
  });
});

describe('a blob is pushed', () => {
  it('whole, with the PUT', async () => {
    await assertPushed(await api.send('PUT', locationOf(start, { digest }), { body: bytes }));
  });

  it('whole, with the POST', async () => {
    await assertPushed(await api.send('POST', `/v2/r/blobs/uploads/?digest=${digest}`, { body: bytes }));
  });

  it('as one stream of unknown length', async () => {
    const body = streamOfChunks(bytes.subarray(0, 7), bytes.subarray(7, 2000), bytes.subarray(2000));
    const patched = await api.send('PATCH', locationOf(start), { body });
    assert.equal(patched.status, 202, patched.text);
    assert.equal(patched.headers.get('range'), '0-2999');
    await assertPushed(await api.send('PUT', locationOf(patched, { digest })));
  });

  it('as several streams, one after the other', async () => {
    await api.send('PATCH', locationOf(start), { body: streamOfChunks(bytes.subarray(0, 5)) });
    const second = await api.send('PATCH', locationOf(start), { body: streamOfChunks(bytes.subarray(5)) });
    assert.equal(second.headers.get('range'), '0-2999');
    await assertPushed(await api.send('PUT', locationOf(second, { digest })));
  });

  for (const form of ['0-999', 'bytes 0-999/3000', 'bytes 0-999/*']) {
    it(`in chunks, whose range is written ${form}`, async () => {
      const chunk = (from: number): string => form.replace('0-999', `${from}-${from + 999}`);
      const first = await api.send('PATCH', locationOf(start), {
        headers: { 'content-range': chunk(0) },
        body: bytes.subarray(0, 1000),
      });
      assert.deepEqual([first.status, first.headers.get('range')], [202, '0-999']);
      const second = await api.send('PATCH', locationOf(first), {
        headers: { 'content-range': chunk(1000) },
        body: bytes.subarray(1000, 2000),
      });
      assert.deepEqual([second.status, second.headers.get('range')], [202, '0-1999']);
      const last = { headers: { 'content-range': chunk(2000) }, body: bytes.subarray(2000) };
      await assertPushed(await api.send('PUT', locationOf(second, { digest }), last));
    });
  }

  it('again, when it is there already', async () => {
    await assertPushed(await api.send('PUT', locationOf(start, { digest }), { body: bytes }));
    await assertPushed(await api.send('POST', `/v2/r/blobs/uploads/?digest=${digest}`, { body: bytes }));
  });

  it('once: the session is over then', async () => {
    await api.send('PUT', locationOf(start, { digest }), { body: bytes });
    assert.equal((await api.send('GET', locationOf(start))).status, 404);
  });
});

describe('a chunk out of order', () => {
  const cases: readonly (readonly [string, string, number, number])[] = [
    ['that leaves a gap', '1500-1999', 1500, 2000],
    ['that starts again', '0-999', 0, 1000],
    ['that overlaps', '999-1499', 999, 1500],
  ];
  for (const [name, range, from, to] of cases) {
    it(`${name} is refused with 416, and where to go on`, async () => {
      await api.send('PATCH', locationOf(start), { body: bytes.subarray(0, 1000) });
      const chunk = { headers: { 'content-range': range }, body: bytes.subarray(from, to) };
      for (const [method, path] of [
        ['PATCH', locationOf(start)],
        ['PUT', locationOf(start, { digest })],
      ] as const) {
        const answer = await api.send(method, path, chunk);
        assert.equal(answer.status, 416, method);
        assert.equal(answer.headers.get('range'), '0-999');
        assert.equal(locationOf(answer), locationOf(start));
        assert.deepEqual(errorCodes(answer), ['BLOB_UPLOAD_INVALID']);
      }
      const rest = { headers: { 'content-range': '1000-2999' }, body: bytes.subarray(1000) };
      await assertPushed(await api.send('PUT', locationOf(start, { digest }), rest));
    });
  }

  for (const range of ['5-', 'x', '9-5', 'bytes */3000', '0-99999999999999999999', '-5']) {
    it(`is refused when its range is ${range}`, async () => {
      const answer = await api.send('PATCH', locationOf(start), { headers: { 'content-range': range }, body: 'x' });
      assert.equal(answer.status, 400);
      assert.equal((await api.send('GET', locationOf(start))).headers.get('range'), '0-0');
    });
  }

  it('is refused when its length is another', async () => {
    const answer = await api.send('PATCH', locationOf(start), { headers: { 'content-range': '0-9' }, body: 'short' });
    assert.deepEqual([answer.status, errorCodes(answer)], [400, ['SIZE_INVALID']]);
  });

  it('keeps what is within its range of a stream that is shorter or longer', async () => {
    for (const [size, kept] of [
      [5, '0-4'],
      [20, '0-9'],
    ] as const) {
      const session = await api.send('POST', '/v2/r/blobs/uploads/');
      const body = streamOfChunks(bytes.subarray(0, size));
      const answer = await api.send('PATCH', locationOf(session), { headers: { 'content-range': '0-9' }, body });
      assert.deepEqual([answer.status, errorCodes(answer)], [400, ['SIZE_INVALID']]);
      assert.equal((await api.send('GET', locationOf(session))).headers.get('range'), kept);
    }
  });
});

describe('bytes that are not those of the digest', () => {
  const ways: readonly (readonly [string, () => Promise<Answer>])[] = [
    ['in the POST', () => api.send('POST', `/v2/r/blobs/uploads/?digest=${other}`, { body: bytes })],
    ['in the PUT', () => api.send('PUT', locationOf(start, { digest: other }), { body: bytes })],
    [
      'in a stream',
      async () => {
        await api.send('PATCH', locationOf(start), { body: streamOfChunks(bytes) });
        return await api.send('PUT', locationOf(start, { digest: other }));
      },
    ],
    ['missing at the end', () => api.send('PUT', locationOf(start, { digest }), { body: bytes.subarray(1) })],
    ['too many', () => api.send('PUT', locationOf(start, { digest }), { body: new Uint8Array([...bytes, 0]) })],
  ];
  for (const [name, push] of ways) {
    it(`${name} are refused, and nothing is kept`, async () => {
      const answer = await push();
      assert.deepEqual([answer.status, errorCodes(answer)], [400, ['DIGEST_INVALID']]);
      await assertNothingKept();
    });
  }

  it('end the session', async () => {
    await api.send('PUT', locationOf(start, { digest: other }), { body: bytes });
    assert.equal((await api.send('GET', locationOf(start))).status, 404);
  });
});

describe('a digest that is none', () => {
  for (const bad of ['', 'sha256:abc', `sha1:${'a'.repeat(40)}`, `sha256:${'A'.repeat(64)}`, 'sha256:../../x']) {
    it(`(${bad || 'none at all'}) is refused, and the session goes on`, async () => {
      const put = await api.send('PUT', locationOf(start, bad === '' ? {} : { digest: bad }), { body: bytes });
      assert.deepEqual([put.status, errorCodes(put)], [400, ['DIGEST_INVALID']]);
      await assertPushed(await api.send('PUT', locationOf(start, { digest }), { body: bytes }));
      const query = new URLSearchParams({ digest: bad }).toString();
      const post = await api.send('POST', `/v2/r/blobs/uploads/?${query}`, { body: bytes });
      assert.deepEqual([post.status, errorCodes(post)], [400, ['DIGEST_INVALID']]);
    });
  }

  it('is as good as an algorithm that is not known', async () => {
    const answer = await api.send('POST', '/v2/r/blobs/uploads/?digest-algorithm=md5');
    assert.deepEqual([answer.status, errorCodes(answer)], [400, ['DIGEST_INVALID']]);
    assert.equal((await api.send('POST', '/v2/r/blobs/uploads/?digest-algorithm=sha512')).status, 202);
  });
});
