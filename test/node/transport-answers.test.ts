/** What a server may answer beside what is asked, and what becomes of its connection. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { rejection } from '../support/failure.ts';
import { type RawOrigin, startRaw } from '../support/http-origin.ts';
import { aMoment, nodeWire, textOf } from '../support/node-wire.ts';

interface Scripted extends RawOrigin {
  /** The request lines, each behind the number of its connection. */
  readonly asked: string[];
  /** Who asked, `node:http` or a connection of our own, which names the host first. */
  readonly by: string[];
}

/** Answers each request whose head has come, whatever its connection, with the next of these texts, and the last for ever. */
async function answering(texts: readonly string[], then?: (socket: Socket, turn: number) => void): Promise<Scripted> {
  const asked: string[] = [];
  const by: string[] = [];
  const origin = await startRaw((socket, count) => {
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      if (!text.includes(' HTTP/1.1\r\n')) return;
      asked.push(`${count} ${text.slice(0, text.indexOf(' HTTP/1.1'))}`);
      by.push(/HTTP\/1\.1\r\nhost: /.test(text) ? 'own' : 'node:http');
      const turn = asked.length - 1;
      socket.write(texts[Math.min(turn, texts.length - 1)] ?? '', 'latin1', () => then?.(socket, turn));
    });
  });
  return { ...origin, asked, by };
}

const OK = 'HTTP/1.1 200 OK\r\n';
const small = `${OK}Content-Length: 5\r\n\r\nsmall`;

describe('an answer', () => {
  test('may be announced', async () => {
    const hints = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    await using origin = await answering([`${hints}${small}`, small]);
    using wire = nodeWire();
    const response = await wire.get(origin.url);
    assert.deepEqual([response.status, response.headers.link, await textOf(response)], [200, undefined, 'small']);
    assert.equal(await textOf(await wire.get(origin.url)), 'small');
    assert.deepEqual(origin.asked, ['1 GET /', '1 GET /']);
  });

  test('may come in chunks, cut anywhere, with a trailer, and leaves its connection', async () => {
    const chunks = '5\r\nsmall\r\n1;a=b\r\n \r\n3\r\none\r\n0\r\nX-Sum: 1\r\n\r\n';
    await using origin = await startRaw((socket) => {
      socket.setNoDelay(true).on('data', () => {
        void (async () => {
          socket.write(`${OK}Transfer-Encoding: chunked\r\n\r\n`);
          for (const character of chunks) {
            await new Promise((resolve) => socket.write(character, resolve));
            await new Promise(setImmediate);
          }
        })();
      });
    });
    using wire = nodeWire();
    for (let turn = 0; turn < 2; turn++) {
      const response = await wire.get(origin.url);
      assert.deepEqual([await textOf(response), response.headers['x-sum']], ['small one', undefined]);
    }
  });

  test('without a length ends with its connection, and only there', async () => {
    const rest = 'HTTP/1.0 200 OK\r\nContent-Type: a/b\r\n\r\nall of it';
    await using origin = await answering([rest], (socket, turn) =>
      turn === 0 ? socket.end() : setTimeout(() => socket.resetAndDestroy(), 10),
    );
    using wire = nodeWire();
    assert.equal(await textOf(await wire.get(origin.url)), 'all of it');
    const error = await rejection(
      'UNREACHABLE',
      wire.get(origin.url).then((response) => textOf(response)),
    );
    assert.match(error.message, /closed the connection early|reset/);
  });

  test('that is odd is read by node:http, and so is all that comes from there', async () => {
    const odd = `${OK}Content-Encoding: gzip\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nodd`;
    await using origin = await answering([odd]);
    using wire = nodeWire();
    for (let turn = 0; turn < 2; turn++) {
      const response = await wire.get(origin.url);
      assert.deepEqual([response.headers['content-encoding'], await textOf(response)], ['gzip, br', 'odd']);
    }
    assert.deepEqual(origin.by, ['own', 'node:http', 'node:http']);
  });

  test('that is odd to a request that changes something is refused: it is not sent twice', async () => {
    const odd = `${OK}Content-Encoding: gzip\r\nContent-Encoding: br\r\nContent-Length: 0\r\n\r\n`;
    await using origin = await answering([odd]);
    using wire = nodeWire();
    await rejection('PROTOCOL', wire.get(`${origin.url}/x`, { method: 'POST' }));
    assert.deepEqual(origin.asked, ['1 POST /x']);
  });
});

describe('a body that is read slowly', () => {
  for (const size of [1, 100, 4096, 70_000]) {
    test(`comes whole in chunks of ${size} bytes`, async () => {
      const [chunk, count] = ['x'.repeat(size), Math.ceil(400_000 / Math.max(size, 40))];
      const chunks = `${size.toString(16)}\r\n${chunk}\r\n`.repeat(count);
      await using origin = await answering([`${OK}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`]);
      using wire = nodeWire({ timeouts: { idleMs: 1000 } });
      let read = 0;
      for await (const piece of (await wire.get(origin.url)).body) {
        if (read === 0) await aMoment();
        read += piece.length;
      }
      assert.equal(read, size * count);
    });
  }

  test('ends with the call, where all of it has come', async () => {
    const size = 191_072;
    await using origin = await startRaw((socket) => {
      socket.once('data', () => {
        socket.write(`${OK}Content-Length: ${size}\r\n\r\n`);
        setTimeout(() => socket.write('x'.repeat(60_000)), 20);
        setTimeout(() => socket.write('x'.repeat(size - 60_000)), 40);
      });
    });
    using wire = nodeWire({ timeouts: { idleMs: 700 } });
    const ending = new AbortController();
    const { body } = await wire.get(origin.url, { signal: ending.signal });
    await rejection(
      'ABORTED',
      (async () => {
        for await (const _ of body) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          ending.abort();
          await aMoment();
        }
      })(),
    );
  });

  test('and let go leaves no dead connection to the next request', async () => {
    const half = `9c40\r\n${'x'.repeat(40_000)}\r\n`;
    await using origin = await answering(
      [`HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n${half}`, `${OK}Content-Length: 0\r\n\r\n`],
      (socket, turn) => void (turn === 0 && setTimeout(() => socket.write(`${half}0\r\n\r\n`), 30)),
    );
    using wire = nodeWire();
    await (await wire.get(origin.url)).cancel();
    assert.equal((await wire.get(origin.url, { method: 'POST' })).status, 200);
  });
});

describe('a connection is not used again', () => {
  for (const [what, text] of [
    ['after bytes that nobody asked for', `${small}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`],
    ['when the server says so', `${OK}Connection: close\r\nContent-Length: 5\r\n\r\nsmall`],
    ['when it is kept for a second only', `${OK}Keep-Alive: timeout=1\r\nContent-Length: 5\r\n\r\nsmall`],
    ['over HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nsmall'],
    ['when its HEAD has a body', small],
  ] as const) {
    test(what, async () => {
      await using origin = await answering([text]);
      using wire = nodeWire();
      const method = what.includes('HEAD') ? 'HEAD' : 'GET';
      for (let turn = 0; turn < 3; turn++) {
        const response = await wire.get(origin.url, { method });
        assert.equal(await textOf(response), method === 'HEAD' ? '' : 'small');
        await aMoment();
      }
      assert.deepEqual(origin.asked, [`1 ${method} /`, `2 ${method} /`, `3 ${method} /`]);
    });
  }

  test('after bytes that come while nobody waits for any', async () => {
    await using origin = await answering([small], (socket, turn) => {
      if (turn === 0) setTimeout(() => socket.write(`${OK}Content-Length: 4\r\n\r\nevil`), 5);
    });
    using wire = nodeWire();
    assert.equal(await textOf(await wire.get(origin.url)), 'small');
    await aMoment();
    await aMoment();
    assert.equal(await textOf(await wire.get(origin.url)), 'small');
    assert.deepEqual(origin.asked, ['1 GET /', '2 GET /']);
  });

  test('on behalf of another registry, where its address was judged', async () => {
    await using origin = await answering([small]);
    using wire = nodeWire();
    const [own, other] = [`http://127.0.0.1:${origin.port + 1}`, `http://127.0.0.2:${origin.port + 1}`];
    const url = `http://localhost:${origin.port}/`;
    for (const registry of [own, own, other]) {
      assert.equal(await textOf(await wire.get(url, { registry, chosenBy: 'server' })), 'small');
    }
    assert.deepEqual(origin.asked, ['1 GET /', '1 GET /', '2 GET /']);
  });
});
