import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, test } from 'node:test';
import { drain } from '../../src/bytes/read.ts';
import type { HttpRequest, HttpResponse, Send } from '../../src/http/types.ts';
import { nodeTransport, type NodeTransportOptions } from '../../src/node/http/transport.ts';
import { rejection } from '../support/failure.ts';
import { type Origin, startOrigin } from '../support/http-origin.ts';
import { aMoment, textOf as text, until } from '../support/node-wire.ts';

interface SetUp {
  readonly origin: Origin;
  readonly send: Send;
  readonly get: (path?: string, change?: Partial<HttpRequest>) => Promise<HttpResponse>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function setUp(answer: RequestListener, options: NodeTransportOptions = {}): Promise<SetUp> {
  const origin = await startOrigin(answer);
  const send = nodeTransport({ proxy: false, ...options });
  const get = (path = '/', change: Partial<HttpRequest> = {}): Promise<HttpResponse> =>
    send({ method: 'GET', url: `${origin.url}${path}`, headers: {}, registry: origin.url, ...change });
  return {
    origin,
    send,
    get,
    async [Symbol.asyncDispose]() {
      send.close();
      await origin[Symbol.asyncDispose]();
    },
  };
}

describe('an answer', () => {
  test('comes with its status, its headers and its bytes as they are', async () => {
    await using it = await setUp((_, response) => {
      response.writeHead(203, { 'Content-Encoding': 'gzip', Link: ['<a>', '<b>'], 'Set-Cookie': 'CANARY', 'X-A': 'b' });
      response.end('no gzip');
    });
    const response = await it.get('/x?y=%2F');
    assert.deepEqual([response.status, response.url], [203, `${it.origin.url}/x?y=%2F`]);
    assert.deepEqual(
      [response.headers['content-encoding'], response.headers.link, response.headers['x-a']],
      ['gzip', '<a>, <b>', 'b'],
    );
    assert.equal(response.headers['set-cookie'], undefined);
    assert.equal(await text(response), 'no gzip');
    const [sent] = it.origin.requests;
    assert.deepEqual([sent?.path, sent?.headers['accept-encoding']], ['/x?y=%2F', 'identity']);
  });

  test('that redirects is not followed', async () => {
    await using it = await setUp((_, response) => void response.writeHead(307, { location: '/y' }).end());
    const response = await it.get();
    assert.deepEqual([response.status, response.headers.location], [307, '/y']);
    await response.cancel();
  });

  test('may have 60 KiB of headers, and not more', async () => {
    await using it = await setUp(
      ({ url }, response) => void response.writeHead(200, { location: 'x'.repeat(Number(url?.slice(1))) }).end(),
    );
    const response = await it.get('/60000');
    assert.equal(response.headers.location?.length, 60_000);
    await response.cancel();
    await rejection('PROTOCOL', it.get('/70000'));
  });

  test('without a body has none', async () => {
    await using it = await setUp(
      (request, response) => void response.writeHead(Number(request.url?.slice(1)), { 'content-length': '10' }).end(),
    );
    for (const [path, method] of [
      ['/200', 'HEAD'],
      ['/304', 'GET'],
      ['/204', 'DELETE'],
    ] as const) {
      const response = await it.get(path, { method });
      assert.equal(await text(response), '');
    }
    assert.equal(it.origin.connections.made, 1);
  });
});

describe('a connection', () => {
  const big = Buffer.alloc(3_000_000);
  const answer: RequestListener = ({ url }, response) => void response.end(url === '/big' ? big : 'small');

  test('CONN-8: is used again after a body was read, or a short one was let go', async () => {
    await using it = await setUp(answer);
    await text(await it.get());
    await (await it.get()).cancel();
    for await (const _ of (await it.get()).body) break;
    await drain((await it.get('/big')).body);
    await text(await it.get());
    assert.deepEqual(
      it.origin.requests.map(({ connection }) => connection),
      [1, 1, 1, 1, 1],
    );
  });

  test('is closed when a long body is let go, read in part or not at all', async () => {
    await using it = await setUp(answer);
    for await (const _ of (await it.get('/big')).body) break;
    await (await it.get('/big')).cancel();
    await until(() => it.origin.connections.made === 2 && it.origin.connections.open === 0);
  });

  test('CONN-8: is closed with the transport, which may be closed twice', async () => {
    await using it = await setUp(answer);
    await text(await it.get());
    const send = it.send as ReturnType<typeof nodeTransport>;
    send.close();
    send.close();
    await until(() => it.origin.connections.made === 1 && it.origin.connections.open === 0);
  });

  test('READ-20: is not read from while nobody takes the bytes', async () => {
    let written = 0;
    await using it = await setUp((_, response) => {
      const more = (): void => {
        while (written < 100_000_000 && response.write(Buffer.alloc(65_536))) written += 65_536;
      };
      response.on('drain', more);
      more();
    });
    const bytes = (await it.get()).body[Symbol.asyncIterator]();
    await bytes.next();
    await aMoment();
    await aMoment();
    assert.ok(written < 30_000_000, `${written} bytes were taken from the server`);
    await bytes.return?.(undefined);
  });

  test('CONN-5: is closed when the caller ends the call, before the head or in the body', async () => {
    await using it = await setUp(({ url }, response) => void (url === '/body' && response.write('part')));
    const before = new AbortController();
    const head = it.get('/', { signal: before.signal });
    await until(() => it.origin.requests.length === 1);
    before.abort();
    await rejection('ABORTED', head);
    const during = new AbortController();
    const response = await it.get('/body', { signal: during.signal });
    const reading = text(response);
    await aMoment();
    during.abort();
    await rejection('ABORTED', reading);
    const unread = new AbortController();
    await it.get('/body', { signal: unread.signal });
    unread.abort();
    await until(() => it.origin.connections.made === 3 && it.origin.connections.open === 0);
    await rejection('ABORTED', it.get('/', { signal: unread.signal }));
    assert.equal(it.origin.requests.length, 3);
  });
});
