import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { describe, test } from 'node:test';
import { OciError } from '../../src/errors.ts';
import { rejection } from '../support/failure.ts';
import { startOrigin, startRaw } from '../support/http-origin.ts';
import { aMoment, bodyOf, nodeWire, textOf, until } from '../support/node-wire.ts';

const chunk = (size: number, fill = 1): Uint8Array => new Uint8Array(size).fill(fill);

async function received(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const part of request) chunks.push(part as Buffer);
  return Buffer.concat(chunks);
}

const echoSize: RequestListener = (request, response) => {
  void received(request).then((bytes) =>
    response.end(`${bytes.length} ${bytes.reduce((sum, byte) => (sum + byte) % 997, 0)}`),
  );
};

describe('a body', () => {
  test('is sent with its length, byte for byte', async () => {
    await using origin = await startOrigin(echoSize);
    using wire = nodeWire();
    const chunks = [chunk(1), new Uint8Array(), chunk(3_000_000, 2), chunk(70_000, 3)];
    const sum = chunks.flatMap((part) => [...part]).reduce((all, byte) => (all + byte) % 997, 0);
    const response = await wire.get(origin.url, {
      method: 'PUT',
      body: bodyOf(chunks),
      headers: { 'content-type': 'a/b' },
    });
    assert.equal(await textOf(response), `3070001 ${sum}`);
    const { headers } = origin.requests[0] ?? assert.fail();
    assert.deepEqual(
      [headers['content-length'], headers['transfer-encoding'], headers['content-type']],
      ['3070001', undefined, 'a/b'],
    );
  });

  test('that is empty, or not there, has the length 0', async () => {
    await using origin = await startOrigin(echoSize);
    using wire = nodeWire();
    await textOf(await wire.get(origin.url, { method: 'PUT', body: bodyOf([]) }));
    await textOf(await wire.get(origin.url, { method: 'POST' }));
    await textOf(await wire.get(origin.url, { method: 'GET' }));
    assert.deepEqual(
      origin.requests.map(({ headers }) => headers['content-length']),
      ['0', '0', undefined],
    );
  });

  test('is not read faster than the server takes it', async () => {
    await using origin = await startOrigin(() => undefined); // reads nothing
    using wire = nodeWire();
    let read = 0;
    const body = {
      size: 200_000_000,
      open: async function* (): AsyncGenerator<Uint8Array> {
        for (; read < 200_000_000; read += 100_000) yield chunk(100_000);
      },
    };
    const controller = new AbortController();
    const sending = wire.get(origin.url, { method: 'PUT', body, signal: controller.signal });
    for (let before = -1; before !== read; await aMoment()) before = read;
    assert.ok(read > 0 && read < 50_000_000, `${read} bytes were read`);
    controller.abort();
    await rejection('ABORTED', sending);
  });

  for (const [what, chunks, size] of [
    ['short', [chunk(5)], 6],
    ['long', [chunk(5), chunk(5)], 9],
    ['empty', [], 1],
  ] as const) {
    test(`that is too ${what} for its length never arrives as a whole`, async () => {
      let complete = false;
      await using origin = await startOrigin((request, response) => {
        request
          .on('error', () => undefined)
          .on('end', () => {
            complete = true;
            response.end();
          });
        request.resume();
      });
      using wire = nodeWire();
      const error = await rejection(
        'SIZE_MISMATCH',
        wire.get(origin.url, { method: 'PUT', body: bodyOf(chunks, size) }),
      );
      assert.match(error.message, /the PUT to 127\.0\.0\.1/);
      await until(() => origin.connections.made === 1 && origin.connections.open === 0);
      assert.equal(complete, false);
    });
  }

  test('that fails ends the request with its own error', async () => {
    await using origin = await startOrigin((request) => void request.on('error', () => undefined).resume());
    using wire = nodeWire();
    for (const error of [new OciError('DIGEST_MISMATCH', 'wrong bytes'), new RangeError('a bug')]) {
      const open = async function* (): AsyncGenerator<Uint8Array> {
        yield chunk(100);
        throw error;
      };
      await assert.rejects(wire.get(origin.url, { method: 'PUT', body: { size: 1000, open } }), (own) => own === error);
    }
    await until(() => origin.connections.made === 2 && origin.connections.open === 0);
  });
});

describe('an answer before the body is sent', () => {
  test('is given, the source and the connection are closed', async () => {
    await using origin = await startOrigin((_, response) => void response.writeHead(401).end('who?'));
    using wire = nodeWire();
    let closed = false;
    const body = {
      size: 100_000_000,
      open: async function* (): AsyncGenerator<Uint8Array> {
        try {
          for (let sent = 0; sent < 100_000_000; sent += 100_000) {
            yield chunk(100_000);
            await aMoment();
          }
        } finally {
          closed = true;
        }
      },
    };
    const response = await wire.get(origin.url, { method: 'PUT', body });
    assert.equal(response.status, 401);
    assert.equal(await textOf(response), 'who?');
    await until(() => closed && origin.connections.open === 0);
    await textOf(await wire.get(origin.url));
    assert.deepEqual(
      origin.requests.map(({ connection }) => connection),
      [1, 2],
    );
  });
});

test('a server that hangs up in the middle of a body is unreachable', async () => {
  await using origin = await startRaw((socket) => socket.once('data', () => socket.resetAndDestroy()));
  using wire = nodeWire();
  const body = bodyOf(Array<Uint8Array>(500).fill(chunk(100_000)));
  await rejection('UNREACHABLE', wire.get(origin.url, { method: 'PUT', body }));
});

test('a server that takes no more bytes is too slow', async () => {
  await using origin = await startRaw((socket) => void socket.pause());
  using wire = nodeWire({ timeouts: { idleMs: 50 } });
  const body = bodyOf(Array<Uint8Array>(2000).fill(chunk(100_000)));
  await rejection('TIMEOUT', wire.get(origin.url, { method: 'PUT', body }));
});
