/** However the bytes of an answer are cut on their way, the blob is what was sent. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { directoryStore } from '../../../src/node/directory/directory.ts';
import { startRaw } from '../../support/http-origin.ts';
import { type LargeBlob, largeBlob, MIB, pullFrom } from '../../support/large-blobs.ts';

const KIB = 1024;
const HEAD = 'HTTP/1.1 200 OK\r\nServer: pieces\r\nContent-Length: ';
const headOf = (size: number): string => `${HEAD}${size}\r\nETag: "v1"\r\n\r\n`;
const HEAD_LENGTH = headOf(4 * MIB).length;
const patience = { timeout: 60_000 };

interface Pieces {
  readonly host: string;
  readonly connections: () => number;
}

/** A server that cuts what it sends at these places, from the beginning of the head on. */
async function cutting(t: TestContext, { bytes }: LargeBlob, cuts: readonly number[]): Promise<Pieces> {
  let connections = 0;
  const origin = await startRaw((socket, count) => {
    connections = count;
    socket.setNoDelay(true);
    let asked = '';
    socket.on('data', (chunk) => {
      asked += chunk.toString('latin1');
      if (!asked.endsWith('\r\n\r\n')) return;
      asked = '';
      void sendIn(socket, Buffer.concat([Buffer.from(headOf(bytes.length)), bytes]), cuts);
    });
  });
  t.after(() => origin[Symbol.asyncDispose]());
  return { host: `127.0.0.1:${origin.port}`, connections: () => connections };
}

async function sendIn(socket: Socket, wire: Buffer, cuts: readonly number[]): Promise<void> {
  let from = 0;
  for (const to of [...cuts, wire.length]) {
    await new Promise((resolve) => socket.write(wire.subarray(from, to), resolve));
    for (let turns = 0; turns < 5; turns++) await setImmediate();
    from = to;
  }
}

/** Twice, into two layouts. @returns how many connections that took */
async function assertComes(t: TestContext, blob: LargeBlob, pieces: Pieces): Promise<number> {
  const world = await pullFrom(t, pieces.host);
  assert.equal(await world.pull(blob), 'written');
  assert.ok((await world.kept(blob))?.equals(blob.bytes));
  const again = directoryStore(join(world.directory, 'again'));
  assert.equal(await again.putBlob(world.repository.blob(blob.descriptor)), 'written');
  const chunks: Uint8Array[] = [];
  for await (const chunk of again.blob(blob.descriptor).open()) chunks.push(chunk);
  assert.ok(Buffer.concat(chunks).equals(blob.bytes));
  assert.deepEqual(world.here, []);
  return pieces.connections();
}

describe('a blob comes as it is', () => {
  const border = 4 * MIB;
  for (const [what, size] of [
    ['of the smallest size that a thread takes', border],
    ['of a byte more', border + 1],
    ['that ends a byte before a whole number of blocks', border + 256 * KIB - 1],
    ['that ends with its last block', border + 256 * KIB],
    ['that ends, with its head, with a block', border + 256 * KIB - HEAD_LENGTH],
    ['that ends, with its head, a byte behind a block', border + 256 * KIB - HEAD_LENGTH + 1],
    ['that ends, with its head, with a quarter of a block', border + 64 * KIB - HEAD_LENGTH],
    ['that ends with a quarter of a block', border + 64 * KIB],
  ] as const) {
    test(what, patience, async (t) => {
      const blob = largeBlob(`pieces ${size}`, size);
      assert.equal(await assertComes(t, blob, await cutting(t, blob, [])), 1);
    });
  }

  const blob = largeBlob('cut', border + 100 * KIB + 7);
  for (const [what, cuts] of [
    ['byte by byte at first', Array.from({ length: HEAD_LENGTH + 30 }, (_, at) => at + 1)],
    ['with a head that is cut in its end', [HEAD_LENGTH - 3, HEAD_LENGTH - 2, HEAD_LENGTH - 1]],
    ['with a head for itself', [HEAD_LENGTH]],
    ['with the head and one byte', [HEAD_LENGTH + 1]],
    ['with a head that is cut in its middle, and bytes behind it', [20, HEAD_LENGTH + 1000]],
    ['in a first piece as large as what is first read', [64 * KIB]],
    ['in a first piece of a byte less', [64 * KIB - 1, 64 * KIB]],
    ['in a first piece of a byte more', [64 * KIB + 1]],
    ['in blocks', Array.from({ length: 16 }, (_, at) => (at + 1) * 256 * KIB)],
    ['in blocks behind the head', Array.from({ length: 16 }, (_, at) => HEAD_LENGTH + (at + 1) * 256 * KIB)],
    ['with a last byte for itself', [HEAD_LENGTH + blob.bytes.length - 1]],
    ['in pieces of a length that fits nothing', Array.from({ length: 400 }, (_, at) => (at + 1) * 10_007)],
  ] as const) {
    test(what, patience, async (t) => {
      assert.equal(await assertComes(t, blob, await cutting(t, blob, cuts)), 1);
    });
  }

  test('behind heads that only say that there is more to come', patience, async (t) => {
    const early = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n';
    const pieces = await sending(t, (bytes) => [Buffer.from(early + headOf(bytes.length)), bytes], blob);
    assert.equal(await assertComes(t, blob, pieces), 1);
  });

  test('without what stands behind it, and its connection is not used again', patience, async (t) => {
    const more = Buffer.from('HTTP/1.1 500 x');
    const pieces = await sending(t, (bytes) => [Buffer.from(headOf(bytes.length)), bytes, more], blob);
    assert.equal(await assertComes(t, blob, pieces), 2);
  });
});

/** A server that sends these bytes at once. */
async function sending(
  t: TestContext,
  wire: (bytes: Buffer) => readonly Buffer[],
  { bytes }: LargeBlob,
): Promise<Pieces> {
  let connections = 0;
  const origin = await startRaw((socket, count) => {
    connections = count;
    socket.on('data', () => socket.write(Buffer.concat(wire(bytes))));
  });
  t.after(() => origin[Symbol.asyncDispose]());
  return { host: `127.0.0.1:${origin.port}`, connections: () => connections };
}
