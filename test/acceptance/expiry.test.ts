/** G32: tokens that expire while they are used: one more is fetched, for all who need it. The registry keeps the time. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mapLimited } from '../../src/graph/collect.ts';
import type { HttpRequest, HttpResponse, Send } from '../../src/http/types.ts';
import { createClient, type ClientOptions } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { createServer } from '../../src/server/app.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { Content } from '../../src/store/types.ts';
import { seededContent } from '../../src/testing/fixtures.ts';
import { wireTo, type WireRequest } from '../support/handler-wire.ts';
import { testClock, type TestClock } from '../support/test-clock.ts';
import { plantedCredentials } from '../support/planted-secrets.ts';

interface Expiring {
  /** What the registry thinks: a token is good for so long, in ms. */
  readonly lastsMs: number;
  /** What the token server says, in seconds. */
  readonly saysS: number;
  /** How long a request takes, in ms. */
  readonly takesMs: (request: HttpRequest) => number;
  readonly client?: ClientOptions;
}

interface World {
  readonly repository: Repository;
  readonly kept: ReturnType<ReturnType<typeof createMemoryRegistry>['repository']>;
  readonly requests: WireRequest[];
  readonly clock: TestClock;
  /** When each token was given. */
  readonly given: number[];
  /** Requests that were refused, by the token that they came with. */
  readonly refused: string[];
}

function expiring({ lastsMs, saysS, takesMs, client = {} }: Expiring): World {
  const registry = createMemoryRegistry();
  const clock = testClock();
  const given: number[] = [];
  const refused: string[] = [];
  const { transport, requests } = wireTo(createServer({ registry }));
  const send: Send = async (request) => {
    const { pathname } = new URL(request.url);
    await new Promise((resolve) => setImmediate(resolve));
    if (pathname === '/token') {
      given.push(clock.now());
      return answer(request, 200, {}, JSON.stringify({ token: `t${given.length}`, expires_in: saysS }));
    }
    const token = request.headers.authorization?.slice('Bearer t'.length) ?? '';
    const since = given[Number(token) - 1];
    if (since === undefined || clock.now() - since > lastsMs) {
      refused.push(`${request.method} ${token}`);
      const scope = request.scopes?.[0] ?? '';
      const challenge = `Bearer realm="https://registry.test/token",service="r",scope="${scope}"`;
      return answer(request, 401, { 'www-authenticate': challenge });
    }
    const response = await transport(request);
    await clock.wait(takesMs(request));
    return response;
  };
  const made = createClient({ transport: send, clock, credentials: plantedCredentials, ...client });
  const repository = made.repository('registry.test/team/app');
  return { repository, kept: registry.repository('team/app'), requests, clock, given, refused };
}

function answer(
  { url }: HttpRequest,
  status: number,
  headers: Readonly<Record<string, string>>,
  text = '',
): HttpResponse {
  async function* body(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(text);
  }
  return { status, headers, url, body: body(), cancel: async () => undefined };
}

describe('mid-upload', () => {
  const content = seededContent(500_000, 'G32');
  // The last chunk alone is small: the PUT that follows the slow one is what meets the old token.
  const slowPatch = ({ method }: HttpRequest): number => (method === 'PATCH' ? 30_000 : 0);
  const inOneChunk = { hosts: { 'registry.test': { chunkSize: 499_999 } } };

  test('G32: a token of 10 s, PATCHes of 30 s, each next request is answered 401: one more token each, and success', async () => {
    const made = expiring({ lastsMs: 10_000, saysS: 300, takesMs: slowPatch, client: inOneChunk });
    assert.equal(await made.repository.putBlob(content), 'written');
    // Nobody knows of the first; then the second PATCH and the PUT are refused, once each.
    assert.deepEqual(made.refused, ['HEAD ', 'PATCH 1', 'PUT 2']);
    assert.equal(made.given.length, 3);
    await assertThere(made, content);
  });

  test('G32: a token of 10 s, a last PATCH of 30 s, the PUT is answered 401: exactly one more token, and success', async () => {
    const slowLast = ({ headers }: HttpRequest): number =>
      headers['content-range']?.endsWith('-499999') === true ? 30_000 : 0;
    const made = expiring({ lastsMs: 10_000, saysS: 300, takesMs: slowLast, client: inOneChunk });
    assert.equal(await made.repository.putBlob(content), 'written');
    assert.deepEqual(made.refused, ['HEAD ', 'PUT 1']);
    assert.equal(made.given.length, 2);
    await assertThere(made, content);
  });

  test('G32: where the token server tells the 10 s, the token is fetched ahead, and nothing is refused', async () => {
    const made = expiring({ lastsMs: 10_000, saysS: 10, takesMs: slowPatch, client: inOneChunk });
    assert.equal(await made.repository.putBlob(content), 'written');
    assert.deepEqual(made.refused, ['HEAD ']);
    assert.equal(made.given.length, 3);
    await assertThere(made, content);
  });

  test('G32: a PUT with the whole body is answered 401: one more token, and success', async () => {
    const slowPost = ({ method }: HttpRequest): number => (method === 'POST' ? 30_000 : 0);
    const made = expiring({ lastsMs: 10_000, saysS: 300, takesMs: slowPost });
    assert.equal(await made.repository.putBlob(content), 'written');
    assert.deepEqual(made.refused, ['HEAD ', 'PUT 1']);
    assert.equal(made.given.length, 2);
    await assertThere(made, content);
  });
});

async function assertThere({ kept, requests }: World, content: Content): Promise<void> {
  for await (const _ of kept.blob(content.descriptor).open());
  const commits = requests.filter(({ method, status }) => method === 'PUT' && status === 201);
  assert.equal(commits.length, 1);
}

describe('mid-pull', () => {
  const blobs = Array.from({ length: 200 }, (_, at) => seededContent(100, `blob ${at}`));
  const quick = (): number => 100;

  async function pull(world: World): Promise<void> {
    for (const blob of blobs) await world.kept.putBlob(blob);
    const read = async (blob: Content): Promise<number> => {
      let size = 0;
      for await (const chunk of world.repository.blob(blob.descriptor).open()) size += chunk.length;
      return size;
    };
    let count = 0;
    for await (const size of mapLimited(fromBlobs(), 16, read)) {
      assert.equal(size, 100);
      count++;
    }
    assert.equal(count, 200);
  }

  async function* fromBlobs(): AsyncGenerator<Content> {
    yield* blobs;
  }

  test('G32: 200 blobs, 16 at once, tokens of 5 s that say so: one more for each that has expired', async () => {
    const world = expiring({ lastsMs: 5000, saysS: 5, takesMs: quick });
    await pull(world);
    assert.ok(world.given.length >= 4);
    // Each is good for nine tenths of its time; no second one is fetched within that.
    for (const [at, time] of world.given.entries()) {
      if (at > 0) assert.ok(time - (world.given[at - 1] ?? 0) >= 4500, world.given.join());
    }
  });

  test('G32: 200 blobs, 16 at once, tokens of 5 s that nobody tells: one more for each that was refused', async () => {
    const world = expiring({ lastsMs: 5000, saysS: 300, takesMs: quick });
    await pull(world);
    assert.ok(world.given.length >= 4);
    for (const [at, time] of world.given.entries()) {
      if (at > 0) assert.ok(time - (world.given[at - 1] ?? 0) >= 5000, world.given.join());
    }
    assert.equal(new Set(world.refused).size, world.given.length, 'each token was refused once it had expired');
  });
});
