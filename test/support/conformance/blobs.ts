/** The blob workflows of the OCI conformance suite: every way to push, each for both digest algorithms, and what must fail. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../../src/bytes/hash.ts';
import type { DigestAlgorithm } from '../../../src/model/digest.ts';
import { seededBytes } from '../../../src/testing/fixtures.ts';
import { type Answer, type Api, locationOf } from '../api.ts';
import { streamOfChunks } from '../streams.ts';

const CHUNK = 512;

/** One blob on its way: the bytes that are sent, and the digest that they are said to have. */
interface Push {
  readonly api: Api;
  readonly repository: string;
  readonly bytes: Uint8Array;
  readonly digest: string;
}

type Way = (push: Push) => Promise<Answer>;

async function start({ api, repository }: Push, query: string = ''): Promise<Answer> {
  const answer = await api.send('POST', `/v2/${repository}/blobs/uploads/${query}`, {});
  assert.equal(answer.status, 202, answer.text);
  return answer;
}

async function inChunks(push: Push, options: { putLast?: boolean; outOfOrder?: boolean } = {}): Promise<Answer> {
  const { api, bytes, digest } = push;
  let session = await start(push);
  for (let at = 0; at < bytes.length; at += CHUNK) {
    if (options.outOfOrder === true && bytes.length > CHUNK) session = await outOfOrder(push, session, at);
    const end = Math.min(at + CHUNK, bytes.length);
    const chunk = { headers: { 'content-range': `${at}-${end - 1}` }, body: bytes.subarray(at, end) };
    const isLast = end === bytes.length;
    if (isLast && options.putLast === true) return await api.send('PUT', locationOf(session, { digest }), chunk);
    session = await api.send('PATCH', locationOf(session), chunk);
    assert.equal(session.status, 202, session.text);
    assert.equal(session.headers.get('range'), `0-${end - 1}`);
  }
  return await api.send('PUT', locationOf(session, { digest }), { headers: { 'content-length': '0' } });
}

/** A chunk from another place is refused, and a GET tells where to go on. */
async function outOfOrder({ api, bytes }: Push, session: Answer, at: number): Promise<Answer> {
  const wrong = at + CHUNK < bytes.length ? at + CHUNK : 0;
  const end = Math.min(wrong + CHUNK, bytes.length);
  const chunk = { headers: { 'content-range': `${wrong}-${end - 1}` }, body: bytes.subarray(wrong, end) };
  assert.equal((await api.send('PATCH', locationOf(session), chunk)).status, 416);
  const status = await api.send('GET', locationOf(session));
  assert.equal(status.status, 204);
  assert.equal(status.headers.get('range'), `0-${Math.max(0, at - 1)}`);
  return status;
}

const ways: Readonly<Record<string, Way>> = {
  'post only': ({ api, repository, bytes, digest }) =>
    api.send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: bytes }),
  'post and put': async (push) =>
    await push.api.send('PUT', locationOf(await start(push), { digest: push.digest }), { body: push.bytes }),
  'post with the algorithm, and put': async (push) => {
    const session = await start(push, `?digest-algorithm=${push.digest.split(':')[0]}`);
    return await push.api.send('PUT', locationOf(session, { digest: push.digest }), { body: push.bytes });
  },
  chunked: (push) => inChunks(push),
  'chunked, the last with the put': (push) => inChunks(push, { putLast: true }),
  'chunked, out of order in between': (push) => inChunks(push, { outOfOrder: true }),
  'chunked, out of order, the last with the put': (push) => inChunks(push, { outOfOrder: true, putLast: true }),
  streamed: async (push) => {
    const { api, bytes, digest } = push;
    const body = streamOfChunks(bytes.subarray(0, 100), bytes.subarray(100));
    const patched = await api.send('PATCH', locationOf(await start(push)), { body });
    assert.equal(patched.status, 202, patched.text);
    return await api.send('PUT', locationOf(patched, { digest }));
  },
};

/** Registers the tests. */
export function testBlobs(name: string, createApi: () => Promise<Api>, algorithm: DigestAlgorithm): void {
  describe(`${name}: blobs by ${algorithm}`, () => {
    for (const [way, push] of Object.entries(ways)) {
      for (const [what, size] of [
        ['three chunks', CHUNK * 3 - 5],
        ['one chunk', 300],
        ['{}', 2],
      ] as const) {
        it(`pushes ${what}, ${way}; then they are pulled, and deleted`, async () => {
          const bytes = what === '{}' ? new TextEncoder().encode(what) : seededBytes(size, `${way} ${size}`);
          const api = await createApi();
          await lifeOf(push, { api, repository: 'conformance/one', bytes, digest: digestOf(bytes, algorithm) });
        });
      }
      it(`refuses a wrong digest, ${way}`, async () => {
        const api = await createApi();
        const bytes = seededBytes(CHUNK * 3, way);
        const digest = digestOf(bytes.subarray(1), algorithm);
        assert.equal((await push({ api, repository: 'conformance/one', bytes, digest })).status, 400);
        assert.equal((await api.send('GET', `/v2/conformance/one/blobs/${digest}`)).status, 404);
      });
    }

    it('pushes an empty blob', async () => {
      const bytes = new Uint8Array();
      const push = { api: await createApi(), repository: 'conformance/one', bytes, digest: digestOf(bytes, algorithm) };
      for (const way of ['post only', 'post and put']) await lifeOf(ways[way] ?? assert.fail(), push);
    });

    it('mounts what another repository has, and starts an upload of what it has not', async () => {
      const api = await createApi();
      const bytes = seededBytes(CHUNK, 'mount');
      const digest = digestOf(bytes, algorithm);
      const post = `/v2/conformance/one/blobs/uploads/?mount=${digest}`;
      assert.equal((await api.send('POST', `${post}&from=conformance/two`)).status, 202);
      await inChunks({ api, repository: 'conformance/two', bytes, digest });
      assert.equal((await api.send('POST', post)).status, 202);
      const mounted = await api.send('POST', `${post}&from=conformance/two`);
      assert.equal(mounted.status, 201, mounted.text);
      await api.send('DELETE', `/v2/conformance/two/blobs/${digest}`);
      assert.deepEqual((await api.send('GET', locationOf(mounted))).bytes, bytes);
    });

    it('cancels an upload', async () => {
      const api = await createApi();
      const session = await start({ api, repository: 'conformance/one', bytes: new Uint8Array(), digest: '' });
      assert.equal((await api.send('DELETE', locationOf(session))).status, 204);
      assert.equal((await api.send('GET', locationOf(session))).status, 404);
    });
  });
}

async function lifeOf(way: Way, push: Push): Promise<void> {
  const { api, repository, bytes, digest } = push;
  const path = `/v2/${repository}/blobs/${digest}`;
  assert.equal((await api.send('GET', path)).status, 404);
  const pushed = await way(push);
  assert.equal(pushed.status, 201, pushed.text);
  assert.equal(pushed.headers.get('docker-content-digest'), digest);
  assert.deepEqual((await api.send('GET', locationOf(pushed))).bytes, bytes);
  const head = await api.send('HEAD', path);
  assert.deepEqual([head.status, head.bytes.length], [200, 0]);
  assert.equal(head.headers.get('content-length'), String(bytes.length));
  assert.equal(head.headers.get('docker-content-digest'), digest);
  assert.equal((await api.send('DELETE', path)).status, 202);
  assert.equal((await api.send('HEAD', path)).status, 404);
}
