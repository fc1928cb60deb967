import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { isPassing, isStaleConnection } from '../../src/http/network-error.ts';
import { retry } from '../../src/http/retry.ts';
import { rejection } from '../support/failure.ts';
import { startOrigin, startRaw } from '../support/http-origin.ts';
import { aMoment, nodeWire, textOf } from '../support/node-wire.ts';
import { testClock } from '../support/test-clock.ts';

const say = (text: string, then?: (socket: Socket) => void) => (socket: Socket) =>
  void socket.once('data', () => socket.write(text, () => then?.(socket)));
const end = (socket: Socket): void => void socket.end();
const reset = (socket: Socket): void => void setTimeout(() => socket.resetAndDestroy(), 10);

const quick = { headMs: 80, idleMs: 80, connectMs: 500 };

describe('no head of an answer', () => {
  for (const [what, serve, code] of [
    ['closed at once', end, 'UNREACHABLE'],
    ['reset at once', (socket: Socket) => void socket.resetAndDestroy(), 'UNREACHABLE'],
    ['closed after the request', (socket: Socket) => void socket.once('data', () => socket.end()), 'UNREACHABLE'],
    [
      'reset after the request',
      (socket: Socket) => void socket.once('data', () => socket.resetAndDestroy()),
      'UNREACHABLE',
    ],
    ['cut in the head', say('HTTP/1.1 200 OK\r\nContent-', end), 'UNREACHABLE'],
    ['nothing', () => undefined, 'TIMEOUT'],
    ['a head that never ends', say('HTTP/1.1 200 OK\r\nA: b\r\n'), 'TIMEOUT'],
    ['bare line feeds', say('HTTP/1.1 429 Too Many\nA: b\n\nx'), 'PROTOCOL'],
    [
      'length and chunks',
      say('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n'),
      'PROTOCOL',
    ],
    ['two lengths', say('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'), 'PROTOCOL'],
    ['not HTTP', say('SSH-2.0-OpenSSH_9.2p1\r\n'), 'PROTOCOL'],
  ] as const satisfies readonly (readonly [string, (socket: Socket) => void, ErrorCode])[]) {
    test(`ERR-3 GEN-1: ${what}: ${code}, and it may pass`, async () => {
      await using origin = await startRaw(serve);
      using wire = nodeWire({ timeouts: quick });
      const error = await rejection(code, wire.get(`${origin.url}/v2/?token=CANARY`));
      assert.ok(isPassing(error), 'it is worth another try');
      assert.match(error.message, /127\.0\.0\.1:\d+/);
      assert.deepEqual(error.request, { method: 'GET', url: `${origin.url}/v2/?token=REDACTED` });
    });
  }
});

describe('a body that does not end well', () => {
  const head = 'HTTP/1.1 200 OK\r\n';
  for (const [what, serve, code] of [
    ['is closed before its length', say(`${head}Content-Length: 10\r\n\r\nabc`, end), 'UNREACHABLE'],
    ['is reset', say(`${head}Content-Length: 10\r\n\r\nabc`, reset), 'UNREACHABLE'],
    ['is closed in its chunks', say(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`, end), 'UNREACHABLE'],
    ['has chunks that are none', say(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabcxx`), 'UNREACHABLE'],
    ['stalls', say(`${head}Content-Length: 10\r\n\r\nabc`), 'TIMEOUT'],
  ] as const satisfies readonly (readonly [string, (socket: Socket) => void, ErrorCode])[]) {
    test(`B3 CONN-5: and ${what} gives what came, and then ${code}`, async () => {
      await using origin = await startRaw(serve);
      using wire = nodeWire({ timeouts: quick });
      const response = await wire.get(origin.url);
      let read = '';
      const reading = (async () => {
        for await (const chunk of response.body) read += new TextDecoder().decode(chunk);
      })();
      const error = await rejection(code, reading);
      assert.ok(what.includes('none') || read === 'abc', read);
      if (code === 'UNREACHABLE') assert.match(error.message, /closed the connection early, after [03]( of 10)? bytes/);
    });
  }

  test('CONN-5: and trickles is given up', async () => {
    await using origin = await startRaw(
      say(`${head}Content-Length: 100000\r\n\r\n`, (socket) => {
        const timer = setInterval(() => socket.write('x'), 5);
        socket.once('close', () => clearInterval(timer));
      }),
    );
    using wire = nodeWire({ timeouts: { slowMs: 100, minBytes: 1000 } });
    const error = await rejection('TIMEOUT', textOf(await wire.get(origin.url)));
    assert.match(error.message, /hardly moves/);
  });

  test('B3 CONN-5: but is slow, and goes on coming, is left alone', async () => {
    await using origin = await startOrigin((_, response) => {
      let left = 25;
      const timer = setInterval(() => {
        if (left-- > 0) response.write(Buffer.alloc(2000));
        else response.end(() => clearInterval(timer));
      }, 60);
    });
    using wire = nodeWire({ timeouts: { headMs: 1000, idleMs: 1000, slowMs: 1000, minBytes: 1000 } });
    const began = performance.now();
    assert.equal((await textOf(await wire.get(origin.url))).length, 50_000);
    assert.ok(performance.now() - began > 1200, 'it takes longer than any of the limits');
  });

  test('CONN-5: but is not read for a while is not at fault', async () => {
    const bytes = Buffer.alloc(5_000_000);
    await using origin = await startOrigin((_, response) => void response.end(bytes));
    using wire = nodeWire({ timeouts: { idleMs: 30, slowMs: 30, minBytes: 10_000 } });
    let read = 0;
    for await (const chunk of (await wire.get(origin.url)).body) {
      if (read === 0) await new Promise((resolve) => setTimeout(resolve, 80));
      read += chunk.length;
    }
    assert.equal(read, bytes.length);
  });
});

describe('a kept connection', () => {
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

  test('that the server has ended meanwhile costs one repetition', async () => {
    await using origin = await startRaw((socket, count) => {
      let asked = 0;
      socket.on('data', () => (count === 1 && ++asked === 2 ? socket.resetAndDestroy() : socket.write(ok)));
    });
    using wire = nodeWire();
    const clock = testClock();
    const send = retry(clock)(wire.send);
    const request = { method: 'GET', url: origin.url, headers: {}, registry: origin.url } as const;
    assert.equal(await textOf(await send(request)), 'ok');
    assert.equal(await textOf(await send(request)), 'ok');
    assert.deepEqual(clock.waits, []);
  });

  test('is told apart from a new one, and from one that has answered in part', async () => {
    await using origin = await startRaw((socket) => {
      let asked = 0;
      socket.on('data', () => {
        asked++;
        if (asked === 1) socket.write(ok);
        else socket.write('HTTP/1.1 2', () => setTimeout(() => socket.resetAndDestroy(), 10));
      });
    });
    using wire = nodeWire();
    await textOf(await wire.get(origin.url));
    assert.equal(isStaleConnection(await rejection('UNREACHABLE', wire.get(origin.url))), false);
    await using closing = await startRaw((socket) => void socket.resetAndDestroy());
    assert.equal(isStaleConnection(await rejection('UNREACHABLE', wire.get(closing.url))), false);
  });
});

describe('a host that is not there', () => {
  test('ERR-3: refuses, or has no name', async () => {
    const origin = await startRaw(() => undefined);
    await origin[Symbol.asyncDispose]();
    using wire = nodeWire();
    const refused = await rejection('UNREACHABLE', wire.get(origin.url));
    assert.match(refused.message, /cannot reach 127\.0\.0\.1:\d+: connection refused/);
    assert.equal(isPassing(refused), true);
    const unknown = await rejection('UNREACHABLE', wire.get('http://no-such-host.invalid/'));
    assert.match(unknown.message, /no-such-host\.invalid: (there is no such host|its name could not be resolved)/);
  });

  test('ERR-3 B3 CONN-5: is given up when it lets nobody in', async () => {
    await using silent = await startRaw(() => undefined);
    using behind = nodeWire({ timeouts: { resolveMs: 50 }, proxy: silent.url });
    await rejection('TIMEOUT', behind.get('https://reg.test/'));
    using shaking = nodeWire({ timeouts: { connectMs: 50 } });
    const error = await rejection('TIMEOUT', shaking.get(silent.url.replace('http:', 'https:')));
    assert.match(error.message, /no connection within 50 ms/);
  });
});

test('a request that HTTP does not allow is never sent', async () => {
  await using origin = await startOrigin((_, response) => void response.end());
  using wire = nodeWire();
  await rejection('USAGE', wire.get(origin.url, { headers: { 'x-a': 'a\r\nb: c' } }));
  await rejection('USAGE', wire.get(origin.url, { headers: { 'x a': 'b' } }));
  await aMoment();
  assert.equal(origin.requests.length, 0);
});
