/** Transfers that end before their end: by the caller's signal, by a limit, or because there is nobody there. */
import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { rejection } from '../../support/failure.ts';
import { startOrigin, startRaw } from '../../support/http-origin.ts';
import {
  type LargeBlob,
  largeBlob,
  MIB,
  pullFrom,
  pullWorld,
  type PullWorld,
  sendBlob,
  sendPart,
  watchedPour,
} from '../../support/large-blobs.ts';
import { filesBelow } from '../../support/layouts.ts';
import { pullProgram } from '../../support/pull-program.ts';
import { until } from '../../support/until.ts';

const blob = largeBlob('stopped', 8 * MIB);
const small = largeBlob('small', 5 * MIB);
const half = 4 * MIB + 77;
const patience = { timeout: 60_000 };

/** Stops in the middle of the first answer; the next one has all that was asked for. */
function stallsOnce(t: TestContext, timeouts = {}): Promise<PullWorld> {
  let count = 0;
  return pullWorld(
    t,
    (request, response) => {
      if (++count === 1) sendPart(request, response, blob.bytes, half, 'stalls');
      else sendBlob(request, response, blob.bytes);
    },
    { timeouts },
  );
}

async function sizeOfPart({ directory }: PullWorld): Promise<number> {
  const work = join(directory, '.lading');
  const [part = ''] = (await readdir(work)).filter((name) => name.endsWith('.partial'));
  return (await stat(join(work, part))).size;
}

test('a signal ends it in its middle; what has come is kept, and gone on with', patience, async (t) => {
  const world = await stallsOnce(t);
  const stop = new AbortController();
  const pulled = world.pull(blob, (content) => watchedPour(content, () => stop.abort()), stop.signal);
  await rejection('ABORTED', pulled);
  await until(() => world.origin.connections.open === 0, 'the connection is closed');
  const kept = await sizeOfPart(world);
  assert.ok(kept > 0 && kept <= half, String(kept));
  assert.equal(await world.pull(blob), 'written');
  assert.ok((await world.kept(blob))?.equals(blob.bytes));
  assert.deepEqual(
    world.gets().map(({ headers }) => headers.range),
    [undefined, `bytes=${kept}-`],
  );
});

test('a signal that was given before is not even asked for', patience, async (t) => {
  const world = await stallsOnce(t);
  await rejection('ABORTED', world.pull(blob, undefined, AbortSignal.abort()));
  assert.deepEqual([world.gets().length, world.origin.connections.made], [0, 0]);
});

test('a signal ends the waiting for an answer', patience, async (t) => {
  const stop = new AbortController();
  const world = await pullWorld(t, () => stop.abort());
  await rejection('ABORTED', world.pull(blob, undefined, stop.signal));
  await until(() => world.origin.connections.open === 0, 'the connection is closed');
  assert.deepEqual(await filesBelow(world.directory), ['index.json', 'oci-layout']);
});

test('a server that sends no more is left, and the rest asked for', patience, async (t) => {
  const world = await stallsOnce(t, { idleMs: 200 });
  assert.equal(await world.pull(blob), 'written');
  assert.ok((await world.kept(blob))?.equals(blob.bytes));
  assert.deepEqual(world.here, []);
  assert.deepEqual(
    world.gets().map(({ headers }) => headers.range),
    [undefined, `bytes=${half}-`],
  );
});

test('bytes that come slowly, but come, are waited for', patience, async (t) => {
  const world = await pullWorld(
    t,
    (request, response) => {
      response.writeHead(200, { 'content-length': small.bytes.length });
      void trickle((bytes) => response.write(bytes), small, request.socket).then(() => response.end());
    },
    { timeouts: { idleMs: 500 } },
  );
  assert.equal(await world.pull(small), 'written');
  assert.ok((await world.kept(small))?.equals(small.bytes));
  assert.equal(world.gets().length, 1, 'a body that comes is no idle one');
});

/** Twice the idle limit for what a thread reads at once, and then all. */
async function trickle(write: (bytes: Buffer) => unknown, { bytes }: LargeBlob, socket: Socket): Promise<void> {
  const [piece, pieces] = [8 * 1024, 20];
  for (let at = 0; at < pieces && !socket.destroyed; at++) {
    write(bytes.subarray(at * piece, (at + 1) * piece));
    await delay(50);
  }
  write(bytes.subarray(piece * pieces));
}

test('an answer that never begins is TIMEOUT, and its connections are closed', patience, async (t) => {
  const world = await pullWorld(t, () => undefined, { timeouts: { headMs: 100 } });
  const error = await rejection('TIMEOUT', world.pull(blob));
  assert.match(error.message, /no answer within 100 ms/);
  assert.equal(world.gets().length, 5);
  assert.deepEqual(world.here, []);
  await until(() => world.origin.connections.open === 0, 'the connections are closed');
});

test('a head that never ends is TIMEOUT, too', patience, async (t) => {
  await using origin = await startRaw((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nx: '));
  });
  const world = await pullFrom(t, `127.0.0.1:${origin.port}`, { timeouts: { headMs: 100 } });
  await rejection('TIMEOUT', world.pull(blob));
});

test('a head of megabytes is refused', patience, async (t) => {
  await using origin = await startRaw((socket) => {
    socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${`x: ${'y'.repeat(1000)}\r\n`.repeat(2000)}\r\n`));
  });
  const world = await pullFrom(t, `127.0.0.1:${origin.port}`, { client: { retry: { attempts: 1 } } });
  const error = await rejection('PROTOCOL', world.pull(blob));
  assert.match(error.message, /headers of its answer are too large/);
});

test('nobody there: the error of any other request', patience, async (t) => {
  const gone = await startOrigin(() => undefined);
  await gone[Symbol.asyncDispose]();
  const world = await pullFrom(t, `127.0.0.1:${gone.port}`);
  const error = await rejection('UNREACHABLE', world.pull(blob));
  assert.match(error.message, /cannot reach 127\.0\.0\.1:\d+: connection refused/);
  assert.deepEqual(world.here, []);
});

test('a server that ends every connection at once: the same', patience, async (t) => {
  let connections = 0;
  await using origin = await startRaw((socket) => {
    connections++;
    socket.once('data', () => socket.resetAndDestroy());
  });
  const world = await pullFrom(t, `127.0.0.1:${origin.port}`);
  const error = await rejection('UNREACHABLE', world.pull(blob));
  assert.match(error.message, /connection was reset/);
  assert.equal(connections, 5);
});

test('closing a transport ends the connections that threads kept for it, and no others', patience, async (t) => {
  const world = await pullWorld(t, (request, response) => sendBlob(request, response, blob.bytes));
  const others = await pullWorld(t, (request, response) => sendBlob(request, response, blob.bytes));
  await others.pull(blob);
  await world.pull(blob);
  await world.client.close();
  await until(() => world.origin.connections.open === 0, 'its connection is closed');
  assert.equal(others.origin.connections.open, 1, 'that of another client is still kept');
});

test('a program that has pulled a large blob ends by itself', patience, async (t) => {
  const world = await pullWorld(t, (request, response) => sendBlob(request, response, blob.bytes));
  const directory = join(world.directory, 'other');
  const program = await pullProgram(t, 'esm', { thread: true });
  const { said, code } = await program.run(new URL(world.origin.url).host, directory, blob.descriptor);
  assert.deepEqual([said, code], ['written 0', 0]);
  assert.ok((await readFile(join(directory, 'blobs', blob.descriptor.digest.replace(':', '/')))).equals(blob.bytes));
  assert.deepEqual([world.gets().length, world.origin.connections.made], [1, 1]);
});
