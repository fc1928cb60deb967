/** A kept connection of the fault proxy: a request ends where it says, whatever happened to it, and so does the connection. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { type FaultProxy, type FaultProxyOptions, faults, startFaultProxy } from '../../src/testing/proxy/index.ts';
import { type RawOrigin, startOrigin, startRaw } from '../support/http-origin.ts';
import { type RawClient, rawClient, requestText } from '../support/raw-client.ts';
import { until } from '../support/until.ts';

interface Between {
  readonly proxy: FaultProxy;
  readonly raw: RawClient;
}

async function between(t: TestContext, upstream: string, options: FaultProxyOptions = {}): Promise<Between> {
  const proxy = await startFaultProxy(upstream, options);
  const raw = rawClient(proxy.host);
  t.after(() => (raw.close(), proxy.close()));
  return { proxy, raw };
}

/** Answers each piece that comes, read or not. */
function answering(text: string): Promise<RawOrigin> {
  return startRaw((socket: Socket) => void socket.on('data', () => socket.write(text)));
}

const asked = ({ requests }: FaultProxy): string[] => requests.map(({ method, url }) => `${method} ${url}`);
const waiting = requestText('/a', { Expect: '100-continue', 'Content-Length': '5' }).replace('GET', 'PUT');

test('the body of a request for a token is no other request', async (t) => {
  await using origin = await startOrigin((_, response) => void response.end('fine'));
  const { proxy, raw } = await between(t, origin.url);
  raw.send(requestText('/fault-proxy/token', {}, 'grant_type=password&') + requestText('/next'));
  await raw.seen(/fine$/);
  assert.match(raw.text, /"token":"of-the-fault-proxy"/);
  assert.deepEqual(asked(proxy), ['PUT /fault-proxy/token', 'GET /next']);
});

test('what is still to come of a request that was refused before it was read is no other request', async (t) => {
  await using origin = await answering('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno');
  const { proxy, raw } = await between(t, origin.url);
  const inner = requestText('/inner');
  raw.send(requestText('/a', { 'Content-Length': String(inner.length) }).replace('GET', 'PUT'));
  await raw.seen(/no$/);
  raw.send(inner + requestText('/b'));
  await raw.seen(/no[^]+no$/);
  assert.deepEqual(asked(proxy), ['PUT /a', 'GET /b']);
});

test('a client that waits to be told to write gets an answer without having written', async (t) => {
  await using origin = await answering('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno');
  const refused = await between(t, origin.url);
  refused.raw.send(waiting);
  assert.equal(await refused.raw.over(), 'end');
  assert.match(refused.raw.text, /^HTTP\/1\.1 401 /);
  const planned = await between(t, origin.url, { plans: [{ fault: faults['429-none'] }] });
  planned.raw.send(waiting);
  assert.equal(await planned.raw.over(), 'end');
  assert.match(planned.raw.text, /^HTTP\/1\.1 429 [^]*\r\nConnection: close\r\n/);
});

test('a client that waits to be told to write is not kept waiting when the registry has gone', async (t) => {
  await using origin = await startRaw((socket) => void socket.once('data', () => socket.end()));
  const { raw } = await between(t, origin.url);
  raw.send(waiting);
  assert.notEqual(await raw.over(), 'open');
  assert.equal(raw.text, '');
});

test('an answer that ends with its connection ends, also when its head comes slowly', async (t) => {
  await using origin = await startRaw((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nfine'));
  });
  const { raw } = await between(t, origin.url, { pauseMs: 0, plans: [{ fault: faults['slow-head'] }] });
  raw.send(requestText('/'));
  assert.equal(await raw.over(), 'end');
  assert.match(raw.text, /\r\n\r\nfine$/);
});

test('a client that goes is noticed, also when it had written what nobody reads any more', async (t) => {
  await using origin = await answering('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno');
  const { proxy, raw } = await between(t, origin.url);
  raw.send(requestText('/', { 'Content-Length': '9000000' }).replace('GET', 'PUT') + 'x'.repeat(8_000_000));
  await raw.seen(/no$/);
  raw.close();
  await until(() => proxy.open === 0, 'the proxy has let go of it');
});

test('headers may have the names of what every object has', async (t) => {
  await using origin = await startOrigin((request, response) => void response.end(request.headers['constructor']));
  const { proxy, raw } = await between(t, origin.url);
  raw.send(requestText('/', { Constructor: 'mine', ['__proto__']: 'too' }));
  await raw.seen(/mine$/);
  assert.deepEqual(Object.entries(proxy.requests[0]?.headers ?? {}), [
    ['host', 'proxy.test'],
    ['constructor', 'mine'],
    ['__proto__', 'too'],
  ]);
});

test('a fault that does not fit an answer leaves it to the next one that does', async (t) => {
  await using origin = await startOrigin((_, response) => void response.end('fine'));
  const plans = [{ fault: faults['wrong-206'] }, { fault: faults['500'] }, { fault: faults['header-20k'] }];
  const { proxy, raw } = await between(t, origin.url, { plans });
  raw.send(requestText('/'));
  assert.match(await raw.seen(/fine/), /X-Padding: x{20480}\r\n/);
  assert.deepEqual(
    proxy.requests.map(({ fault }) => fault),
    ['header-20k'],
  );
});

test('a fault of an answer happens as often as it was planned, also to requests that are under way at once', async (t) => {
  const held: (() => void)[] = [];
  await using origin = await startOrigin((_, response) => {
    held.push(() => response.end('fine'));
    if (held.length === 2) for (const answer of held) answer();
  });
  const { proxy } = await between(t, origin.url, { plans: [{ fault: faults['bit-flip'], times: 1 }] });
  await Promise.all([fetch(proxy.origin), fetch(proxy.origin)].map(async (asking) => (await asking).text()));
  assert.deepEqual(proxy.requests.map(({ fault }) => fault ?? 'none').sort(), ['bit-flip', 'none']);
});
