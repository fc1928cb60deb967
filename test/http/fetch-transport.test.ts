import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { OciError } from '../../src/errors.ts';
import { fetchTransport } from '../../src/http/fetch-transport.ts';
import type { HttpRequest, HttpResponse } from '../../src/http/types.ts';
import { rejection } from '../support/failure.ts';
import { startOrigin, startRaw } from '../support/http-origin.ts';
import { aMoment, bodyOf, textOf, until } from '../support/node-wire.ts';

const send = (url: string, change: Partial<HttpRequest> = {}, transport = fetchTransport()): Promise<HttpResponse> =>
  transport({ method: 'GET', url, headers: {}, registry: new URL(url).origin, ...change });

describe('over fetch', () => {
  test('CONN-10: an answer comes with its status, headers and bytes, and no redirect is followed', async () => {
    await using origin = await startOrigin((_, response) => {
      response.writeHead(307, { location: '/y', link: ['<a>', '<b>'], 'set-cookie': 'CANARY' }).end('moved');
    });
    const response = await send(`${origin.url}/x?a=%2F`, { headers: { accept: 'a/b' } });
    assert.deepEqual(
      [response.status, response.url, response.headers.location, response.headers.link],
      [307, `${origin.url}/x?a=%2F`, '/y', '<a>, <b>'],
    );
    assert.equal(response.headers['set-cookie'], undefined);
    assert.equal(await textOf(response), 'moved');
    assert.deepEqual([origin.requests[0]?.path, origin.requests[0]?.headers.accept], ['/x?a=%2F', 'a/b']);
  });

  test('what the runtime has decoded is no longer said to be encoded', async () => {
    await using origin = await startOrigin(
      (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('plain')),
    );
    const response = await send(origin.url);
    assert.deepEqual(
      [response.headers['content-encoding'], response.headers['content-length']],
      [undefined, undefined],
    );
    assert.equal(await textOf(response), 'plain');
    const head = await send(origin.url, { method: 'HEAD' });
    assert.equal(await textOf(head), '');
  });

  test('bodies are sent with their length, from memory or as they are read', async () => {
    await using origin = await startOrigin((request, response) => {
      let size = 0;
      request.on('data', (chunk: Buffer) => (size += chunk.length)).on('end', () => response.end(String(size)));
    });
    for (const chunks of [[], [new Uint8Array(10)], Array.from({ length: 40 }, () => new Uint8Array(100_000))]) {
      const body = bodyOf(chunks);
      assert.equal(await textOf(await send(origin.url, { method: 'PUT', body })), String(body.size));
      assert.equal(origin.requests.at(-1)?.headers['content-length'], String(body.size));
      assert.equal(origin.requests.at(-1)?.headers['transfer-encoding'], undefined);
    }
  });

  test('a body of the wrong size, or one that fails, ends the request with that error', async () => {
    await using origin = await startOrigin((request) => void request.on('error', () => undefined).resume());
    const big = new Uint8Array(2_000_000);
    for (const body of [bodyOf([new Uint8Array(5)], 6), bodyOf([big], big.length + 1)]) {
      await rejection('SIZE_MISMATCH', send(origin.url, { method: 'PUT', body }));
    }
    const own = new OciError('DIGEST_MISMATCH', 'wrong bytes');
    const open = async function* (): AsyncGenerator<Uint8Array> {
      yield big;
      throw own;
    };
    for (const size of [10, big.length + 1]) {
      const error = await send(origin.url, { method: 'PUT', body: { size, open } }).catch((thrown: unknown) => thrown);
      assert.ok(size === 10 || error === own);
    }
  });

  test('what cannot be reached, breaks off or takes too long says so', async () => {
    await using closing = await startRaw(
      (socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')),
    );
    const response = await send(closing.url);
    await rejection('UNREACHABLE', textOf(response));
    await using silent = await startRaw(() => undefined);
    await rejection('TIMEOUT', send(silent.url, {}, fetchTransport(undefined, { headMs: 50 })));
    await using stalling = await startRaw(
      (socket) => void socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')),
    );
    await rejection('TIMEOUT', textOf(await send(stalling.url, {}, fetchTransport(undefined, { idleMs: 50 }))));
    await closing[Symbol.asyncDispose]();
    await rejection('UNREACHABLE', send(closing.url));
  });

  test('the caller can end the call at any time', async () => {
    let closed = 0;
    await using origin = await startOrigin(({ url }, response) => {
      response.once('close', () => closed++);
      if (url === '/body') response.write('part');
    });
    const head = new AbortController();
    const sending = send(origin.url, { signal: head.signal });
    await until(() => origin.requests.length === 1);
    head.abort();
    await rejection('ABORTED', sending);
    const body = new AbortController();
    const reading = textOf(await send(`${origin.url}/body`, { signal: body.signal }));
    await until(() => origin.requests.length === 2);
    await aMoment();
    body.abort();
    await rejection('ABORTED', reading);
    await rejection('ABORTED', send(origin.url, { signal: body.signal }));
    await (await send(`${origin.url}/body`)).cancel();
    await until(() => closed === 3);
  });
});

describe('in a browser, which shows no redirect', () => {
  const opaque = { type: 'opaqueredirect', status: 0, headers: new Headers(), body: null } as unknown as Response;
  const browser = () => {
    const modes: string[] = [];
    const fetch = async (_: unknown, init?: RequestInit): Promise<Response> => {
      modes.push(String(init?.redirect));
      return init?.redirect === 'follow' ? new Response('there') : opaque;
    };
    return { modes, transport: fetchTransport(fetch) };
  };

  test('it is followed with what a browser takes care of', async () => {
    const { modes, transport } = browser();
    const headers = { authorization: 'Bearer t', accept: 'a/b', range: 'bytes=1-', 'user-agent': 'u' };
    assert.equal(await textOf(await send('https://reg.test/v2/a', { headers }, transport)), 'there');
    assert.deepEqual(modes, ['manual', 'follow']);
  });

  test('it is refused where custom headers or a body would go along', async () => {
    const { modes, transport } = browser();
    await rejection(
      'REDIRECT_REFUSED',
      send('https://reg.test/v2/a', { headers: { 'x-api-key': 'CANARY' } }, transport),
    );
    await rejection('REDIRECT_REFUSED', send('https://reg.test/v2/a', { method: 'PUT', body: bodyOf([]) }, transport));
    assert.deepEqual(modes, ['manual', 'manual']);
  });
});
