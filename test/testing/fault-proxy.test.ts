/** The fault proxy with nothing planned: it changes nothing; and plans happen when, and as often as, they say. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test, type TestContext } from 'node:test';
import { systemClock } from '../../src/http/clock.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import { all } from '../../src/testing/samples.ts';
import { seededContent } from '../../src/testing/fixtures-bytes.ts';
import {
  type FaultProxy,
  type FaultProxyOptions,
  faults,
  faultyResolve,
  startFaultProxy,
} from '../../src/testing/proxy/index.ts';
import { startOrigin } from '../support/http-origin.ts';
import { rawClient, requestText } from '../support/raw-client.ts';
import { servedRegistry } from '../support/served-registry.ts';

async function proxyBefore(t: TestContext, upstream: string, options: FaultProxyOptions = {}): Promise<FaultProxy> {
  const proxy = await startFaultProxy(upstream, options);
  t.after(() => proxy.close());
  return proxy;
}

describe('a fault proxy without plans', () => {
  test('takes an image through in both directions, over kept connections, and writes down what it saw', async (t) => {
    const { host, registry, close } = await servedRegistry();
    t.after(close);
    const proxy = await proxyBefore(t, host);
    const client = createClient({ transport: nodeTransport({ proxy: false }), chunkSize: 100_000 });
    t.after(() => client.close());
    const repository = client.repository(`${proxy.host}/team/app`);
    const content = seededContent(300_000, 'through');
    await repository.putBlob(content);
    const bytes = Buffer.concat(await all(repository.blob(content.descriptor).open()));
    assert.equal(`sha256:${createHash('sha256').update(bytes).digest('hex')}`, content.descriptor.digest);
    assert.ok(await registry.repository('team/app').stat(content.descriptor.digest));
    assert.equal(proxy.connections, 1);
    const patches = proxy.requests.filter(({ method }) => method === 'PATCH');
    assert.deepEqual(
      patches.map(({ bytesToServer, status }) => [bytesToServer, status]),
      [100_000, 100_000, 100_000].map((size) => [size, 202]),
    );
    const read = proxy.requests.at(-1);
    assert.deepEqual([read?.method, read?.bytesToClient, read?.fault], ['GET', 300_000, undefined]);
  });

  test('keeps chunks, interim answers and ends of connections as they are', async (t) => {
    await using origin = await startOrigin((request, response) => {
      if (request.url === '/close') response.shouldKeepAlive = false;
      request.on('data', (chunk: Buffer) => response.write(chunk)).once('end', () => response.end());
    });
    const proxy = await proxyBefore(t, origin.url);
    const raw = rawClient(proxy.host);
    t.after(() => raw.close());
    raw.send('PUT /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n');
    assert.match(await raw.seen(/\r\n\r\n/), /^HTTP\/1\.1 100 Continue\r\n/);
    raw.send('3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n');
    assert.match(await raw.seen(/0\r\n\r\n$/), /abc[^]*de[^]*0\r\n\r\n$/);
    raw.send(requestText('/close', {}, 'bye'));
    assert.equal(await raw.over(), 'end');
    assert.equal(proxy.requests[0]?.bytesToServer, 5);
    assert.equal(proxy.connections, 1);
  });
});

describe('plans', () => {
  const answer = startOrigin;

  test('happen to the requests that they name, so many times, the first that fits', async (t) => {
    await using origin = await answer((_, response) => void response.end('fine'));
    const proxy = await proxyBefore(t, origin.url);
    proxy.plan(
      { fault: faults['503-retry-after'], when: ({ nth, path }) => path === '/a' && nth > 1, times: 1 },
      { fault: faults['404-session'] },
      { fault: faults['500'], when: ({ headers }) => headers['x-break'] === '1' },
    );
    const ask = async (path: string, headers = {}): Promise<number> =>
      (await fetch(proxy.origin + path, { headers })).status;
    assert.deepEqual([await ask('/a'), await ask('/a'), await ask('/a')], [200, 503, 200]);
    assert.deepEqual([await ask('/b', { 'x-break': '1' }), await ask('/b', { 'x-break': '1' })], [500, 500]);
    proxy.heal();
    assert.equal(await ask('/b', { 'x-break': '1' }), 200);
    assert.deepEqual(
      proxy.requests.map(({ fault }) => fault),
      [undefined, '503-retry-after', undefined, '500', '500', undefined],
    );
  });

  test('with the same seed spoil the same byte', async (t) => {
    await using origin = await answer((_, response) => void response.end('a'.repeat(1000)));
    const spoilt = async (seed: number): Promise<string> => {
      const proxy = await proxyBefore(t, origin.url, { seed, plans: [{ fault: faults['bit-flip'] }] });
      return (await fetch(proxy.origin)).text();
    };
    assert.equal(await spoilt(7), await spoilt(7));
    assert.notEqual(await spoilt(7), await spoilt(8));
  });
});

test('DNS fails as often as it is told to, with the codes of the system', async () => {
  const resolve = faultyResolve('servfail', { times: 1, hostname: 'reg.test', otherwise: { address: '127.0.0.2' } });
  assert.deepEqual(resolve('other.test', 80), { address: '127.0.0.2' });
  assert.throws(() => resolve('reg.test', 80), { code: 'EAI_AGAIN' });
  assert.deepEqual(resolve('reg.test', 80), { address: '127.0.0.2' });
  const transport = nodeTransport({ proxy: false, resolve: faultyResolve('nxdomain') });
  const client = createClient({ transport, clock: systemClock, hosts: { 'reg.test': { plainHttp: true } } });
  await assert.rejects(client.ping('reg.test'), { code: 'UNREACHABLE', message: /no such host/ });
});
