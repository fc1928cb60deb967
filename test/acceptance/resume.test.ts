/** G25 and G28: downloads that break off, over real sockets: what has come is never asked for again, and no end is taken for the end. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createHasher } from '../../src/bytes/hash.ts';
import type { Send } from '../../src/http/types.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import { closeDelimited, cutBody } from '../../src/testing/faults.ts';
import { seededBytes, seededContent } from '../../src/testing/fixtures.ts';
import { only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { servedRegistry } from '../support/served-registry.ts';
import { testClock } from '../support/test-clock.ts';
import { plantedCredentials } from '../support/planted-secrets.ts';

const SIZE = 64 * 1024 * 1024;
const WINDOW = 256 * 1024;
const PIECE = 64 * 1024;
const ETAG = '"v1"';

/** Ten places to break off at, far enough from each other to be progress, the same every time. */
function offsets(): number[] {
  const random = new DataView(seededBytes(40, 'offsets').buffer.slice(0));
  return Array.from({ length: 10 }, (_, at) =>
    Math.floor(((at + 0.1 + (random.getUint32(at * 4) / 2 ** 32) * 0.8) * SIZE) / 10),
  );
}

interface Breaking {
  readonly host: string;
  /** Where each answer began, what the client had received by then, and what was written in all. */
  readonly starts: number[];
  readonly received: number[];
  served: number;
  /** What the client has received in all; the client says so. */
  read: number;
}

/** A registry with one blob, whose answers are reset at these offsets. */
async function breaking(t: TestContext, bytes: Uint8Array, cuts: number[]): Promise<Breaking> {
  const server = createServer((request, response) => void serve(request, response));
  const made: Breaking = { host: '', starts: [], received: [], served: 0, read: 0 };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    assert.equal(request.headers['if-range'], start === 0 ? undefined : ETAG);
    made.starts.push(start);
    made.received.push(made.read);
    const end = cuts.shift() ?? SIZE;
    const range = start === 0 ? {} : { 'content-range': `bytes ${start}-${SIZE - 1}/${SIZE}` };
    response.writeHead(start === 0 ? 200 : 206, { 'content-length': SIZE - start, etag: ETAG, ...range });
    for (let at = start; at < end; at += PIECE) {
      const piece = bytes.subarray(at, Math.min(end, at + PIECE));
      made.served += piece.length;
      await new Promise((resolve) => response.write(piece, resolve));
      // Never more on its way than the window: what a reset costs at most.
      for (const written = at + PIECE; written - made.read > WINDOW - PIECE && !response.destroyed; )
        await setImmediate();
    }
    if (end === SIZE) response.end();
    else request.socket.resetAndDestroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(made, { host: `127.0.0.1:${(server.address() as AddressInfo).port}` });
}

/** A transport that says what it receives. */
function counting(t: TestContext, made: Breaking): Send {
  const wire = nodeTransport({ proxy: false });
  t.after(() => wire.close());
  return async (request) => {
    const response = await wire(request);
    async function* body(): AsyncGenerator<Uint8Array> {
      for await (const chunk of response.body) {
        made.read += chunk.length;
        yield chunk;
      }
    }
    return { ...response, body: body() };
  };
}

test('G25: 64 MiB, reset at ten offsets: no more is served than was on its way, and the digest is right', async (t) => {
  const { descriptor } = seededContent(SIZE, 'G25');
  const made = await breaking(t, seededBytes(SIZE, 'G25'), offsets());
  const clock = testClock();
  const client = createClient({ transport: counting(t, made), credentials: plantedCredentials, clock });
  const hasher = createHasher('sha256');
  for await (const chunk of client.repository(`${made.host}/team/app`).blob(descriptor).open()) hasher.update(chunk);
  assert.equal(hasher.digest(), descriptor.digest);
  assert.equal(made.starts.length, 11);
  assert.deepEqual(made.starts, made.received, 'it goes on from what it has received');
  assert.equal(made.read, SIZE, 'nothing is received twice');
  assert.ok(made.served <= SIZE + 10 * WINDOW, String(made.served));
  assert.deepEqual(clock.waits, []);
});

test('G28: no Content-Length, and the connection closed early: detected, and resumed', async (t) => {
  const content = seededContent(1_000_000, 'G28');
  const gets = requestTo('blob', 'GET');
  const ranges: (string | null)[] = [];
  const lengths: (string | undefined)[] = [];
  const wire = nodeTransport({ proxy: false });
  t.after(() => wire.close());
  const transport: Send = async (request) => {
    const response = await wire(request);
    if (request.url.includes('/blobs/')) lengths.push(response.headers['content-length']);
    return response;
  };
  const wraps: readonly Wrap[] = [
    (handler) => (request, info) => {
      if (gets(request)) ranges.push(request.headers.get('range'));
      return handler(request, info);
    },
    only(closeDelimited(), { matches: gets }),
    only(cutBody(400_000, 'end'), { matches: gets, times: 2 }),
  ];
  const made = await servedRegistry(wraps, { transport });
  t.after(made.close);
  await made.registry.repository('team/app').putBlob(content);
  const hasher = createHasher('sha256');
  for await (const chunk of made.repository.blob(content.descriptor).open()) hasher.update(chunk);
  assert.equal(hasher.digest(), content.descriptor.digest);
  assert.deepEqual(ranges, [null, 'bytes=400000-', 'bytes=800000-']);
  assert.deepEqual(lengths, [undefined, undefined, undefined], 'nothing but the descriptor tells the size');
});
