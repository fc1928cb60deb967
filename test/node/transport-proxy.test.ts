import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { OciError } from '../../src/errors.ts';
import { createProxies } from '../../src/node/http/proxy.ts';
import { failure, rejection } from '../support/failure.ts';
import { startOrigin } from '../support/http-origin.ts';
import { startProxy } from '../support/http-proxy.ts';
import { nodeWire, textOf, until } from '../support/node-wire.ts';
import { makeCertificates, withoutTls } from '../support/tls.ts';

const ok: RequestListener = (request, response) => {
  request.resume().once('end', () => response.end(`${request.method} ${request.url}`));
};

describe('a proxy', () => {
  test('B4 CONN-4: is asked for http, with its password, which the origin never sees', async () => {
    await using origin = await startOrigin(ok);
    await using proxy = await startProxy();
    using wire = nodeWire({ proxy: `http://user:p%40ss@127.0.0.1:${proxy.port}` });
    for (const path of ['/v2/a?b=c', '/v2/d'])
      assert.equal(await textOf(await wire.get(origin.url + path)), `GET ${path}`);
    assert.deepEqual(proxy.asked, [`GET ${origin.url}/v2/a?b=c`, `GET ${origin.url}/v2/d`]);
    assert.deepEqual(proxy.authorizations, Array(2).fill(`Basic ${btoa('user:p@ss')}`));
    assert.deepEqual(
      origin.requests.map(({ headers }) => headers['proxy-authorization']),
      [undefined, undefined],
    );
  });

  test('takes bodies', async () => {
    await using origin = await startOrigin(ok);
    await using proxy = await startProxy();
    using wire = nodeWire({ proxy: proxy.url });
    const body = {
      size: 500_000,
      open: async function* () {
        for (let n = 0; n < 5; n++) yield new Uint8Array(100_000);
      },
    };
    assert.equal(await textOf(await wire.get(`${origin.url}/u`, { method: 'PUT', body })), 'PUT /u');
  });

  test('that wants a password, or fails, is told from the registry', async () => {
    await using proxy = await startProxy(407);
    using wire = nodeWire({ proxy: proxy.url });
    const response = await wire.get('https://reg.test/v2/');
    assert.equal(response.status, 407);
    await response.cancel();
    assert.deepEqual(proxy.asked, ['CONNECT reg.test:443']);
  });

  test('that is not there is unreachable', async () => {
    const proxy = await startProxy();
    await proxy[Symbol.asyncDispose]();
    using wire = nodeWire({ proxy: proxy.url });
    for (const url of ['http://reg.test/', 'https://reg.test/']) await rejection('UNREACHABLE', wire.get(url));
  });

  test('is let go when the caller ends the call', async () => {
    await using proxy = await startProxy('silent');
    using wire = nodeWire({ proxy: proxy.url });
    const controller = new AbortController();
    const sending = wire.get('https://reg.test/', { signal: controller.signal });
    await until(() => proxy.asked.length === 1);
    controller.abort();
    await rejection('ABORTED', sending);
    await until(() => proxy.open() === 0);
  });

  test('B4 CONN-4: is passed through to https, and sees nothing of it', { skip: withoutTls }, async () => {
    const made = makeCertificates();
    await using origin = await startOrigin(ok, made.server);
    await using proxy = await startProxy();
    using wire = nodeWire({ proxy: `http://user:pass@127.0.0.1:${proxy.port}`, ca: [made.ca] });
    for (const path of ['/a', '/b']) {
      assert.equal(
        await textOf(await wire.get(origin.url + path, { headers: { authorization: 'CANARY' } })),
        `GET ${path}`,
      );
    }
    assert.deepEqual(proxy.asked, [`CONNECT 127.0.0.1:${origin.port}`], 'the tunnel is kept');
    assert.doesNotMatch(proxy.seen(), /CANARY/);
    assert.equal(origin.requests[0]?.headers['proxy-authorization'], undefined);
    using distrusting = nodeWire({ proxy: proxy.url });
    await rejection('TLS', distrusting.get(origin.url));
  });
});

describe('the environment', () => {
  const names = ['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'].flatMap((name) => [name, name.toUpperCase()]);
  const saved = names.map((name) => [name, process.env[name]] as const);
  before(() => {
    for (const name of names) delete process.env[name];
  });
  after(() => {
    for (const [name, value] of saved) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  const found = (url: string): string | undefined => createProxies(undefined)(new URL(url))?.host;

  test('B4 CONN-4: names proxies by scheme, and what goes without', () => {
    assert.equal(found('https://reg.test/'), undefined);
    process.env.HTTPS_PROXY = 'http://secure:1';
    process.env.http_proxy = 'plain:2';
    assert.deepEqual([found('https://reg.test/'), found('http://reg.test/')], ['secure:1', 'plain:2']);
    process.env.NO_PROXY = 'reg.test, .corp.test,other.test:8443 10.0.0.0/8,192.168.1.1,fd00::/8,127.0.0.1/999,/8';
    for (const host of [
      'reg.test',
      'a.corp.test',
      'other.test:8443',
      '10.1.2.3',
      '10.1.2.3:5000',
      '192.168.1.1',
      '[fd00::1]',
      'localhost:5000',
      '127.0.0.1',
      '[::1]:5000',
    ]) {
      assert.equal(found(`https://${host}/`), undefined, host);
    }
    for (const host of ['sub.reg.test', 'other.test', '11.0.0.1', '192.168.1.2', '[fe80::1]', '10.example.com']) {
      assert.equal(found(`https://${host}/`), 'secure:1', host);
    }
    process.env.NO_PROXY = '*';
    assert.equal(found('https://x.test/'), undefined);
  });

  test('B4 CONN-4: is not asked where the caller says', () => {
    delete process.env.NO_PROXY;
    process.env.HTTPS_PROXY = 'http://secure:1';
    assert.equal(createProxies(false)(new URL('https://reg.test/')), undefined);
    assert.equal(createProxies('http://own:3')(new URL('https://reg.test/'))?.host, 'own:3');
  });

  test('with a mistake in it is told without the password', () => {
    for (const value of ['socks5://u:CANARY@x:1', 'http://u:CANARY@x y:1', 'http://']) {
      process.env.HTTPS_PROXY = value;
      const error: OciError = failure('CONFIG_INVALID', () => found('https://reg.test/'));
      assert.doesNotMatch(`${error.message} ${error.hint} ${String(error.cause)}`, /CANARY/);
    }
  });
});
