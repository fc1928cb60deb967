import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HostSettings } from '../../src/http/host.ts';
import { createHosts } from '../../src/http/hosts.ts';
import { createSend } from '../../src/http/pipeline.ts';
import type { Resolve } from '../../src/node/http/lookup.ts';
import { rejection } from '../support/failure.ts';
import { type Origin, startOrigin } from '../support/http-origin.ts';
import { nodeWire, textOf } from '../support/node-wire.ts';
import { testClock } from '../support/test-clock.ts';

/** Everything is on this machine, and declared to be elsewhere. */
const declared: Readonly<Record<string, string | undefined>> = {
  'reg.test': '203.0.113.1',
  'cdn.test': '203.0.113.2',
  'meta.test': '169.254.169.254',
  'inside.test': '10.0.0.5',
  'mapped.test': '::ffff:169.254.169.254',
  'own.test': '127.0.0.1',
  'corp.test': '10.0.0.1',
};

const resolve: Resolve = (hostname) => ({ address: '127.0.0.1', declared: declared[hostname] });

async function follow(
  registry: string,
  location: string,
  settings: Readonly<Record<string, HostSettings>> = {},
): Promise<string> {
  await using origin: Origin = await startOrigin((request, response) => {
    if (request.url === '/v2/')
      response.writeHead(307, { location: location.replace('PORT', String(origin.port)) }).end();
    else response.end(`bytes of ${request.headers.host?.split(':')[0]}`);
  });
  using wire = nodeWire({ resolve });
  const all = { [`${registry}:${origin.port}`]: { plainHttp: true } };
  const named = Object.entries(settings).map(
    ([host, value]) => [host.replace('PORT', String(origin.port)), value] as const,
  );
  const hosts = createHosts({ ...all, ...Object.fromEntries(named) });
  const send = createSend({ transport: wire.send, hosts, clock: testClock() });
  const url = `http://${registry}:${origin.port}`;
  try {
    return await textOf(await send({ method: 'GET', url: `${url}/v2/`, headers: {}, registry: url }));
  } catch (error) {
    assert.equal(origin.requests.length, 1, 'nothing was asked of where it led');
    throw error;
  }
}

describe('a name that a public registry leads to', () => {
  test('may be of another public host, or of its own', async () => {
    assert.equal(await follow('reg.test', 'http://cdn.test:PORT/'), 'bytes of cdn.test');
    assert.equal(await follow('reg.test', '/own'), 'bytes of reg.test');
  });

  for (const name of ['meta.test', 'inside.test', 'mapped.test', 'own.test']) {
    test(`may not stand for ${declared[name]}`, async () => {
      const error = await rejection('REDIRECT_REFUSED', follow('reg.test', `http://${name}:PORT/`));
      assert.match(error.message, new RegExp(`leads to ${name}:\\d+, which is at 127\\.0\\.0\\.1: not in public`));
      assert.match(error.hint ?? '', new RegExp(`--host ${name}:\\d+`));
    });
  }

  test('may stand for anything when the user has named it', async () => {
    assert.equal(
      await follow('reg.test', 'http://inside.test:PORT/', { 'inside.test:PORT': { plainHttp: true } }),
      'bytes of inside.test',
    );
  });
});

describe('a name that leads inside', () => {
  test('may be of a registry that is inside itself', async () => {
    assert.equal(await follow('corp.test', 'http://inside.test:PORT/'), 'bytes of inside.test');
    assert.equal(await follow('own.test', 'http://inside.test:PORT/'), 'bytes of inside.test');
    await rejection('REDIRECT_REFUSED', follow('corp.test', 'http://own.test:PORT/'));
    await rejection('REDIRECT_REFUSED', follow('own.test', 'http://meta.test:PORT/'));
  });

  test('may be the registry itself, wherever it is', async () => {
    assert.equal(await follow('meta.test', 'http://meta.test:PORT/x'), 'bytes of meta.test');
  });
});

test('names that nobody answers for are asked of DNS', async () => {
  await using origin = await startOrigin((_, response) => void response.end('here'));
  using wire = nodeWire({ resolve: () => undefined });
  const url = `http://localhost:${origin.port}/`;
  assert.equal(await textOf(await wire.get(url)), 'here');
  const led = { registry: 'http://reg.test', chosenBy: 'server' } as const;
  using strict = nodeWire({ resolve: (name) => (name === 'reg.test' ? { address: '203.0.113.1' } : undefined) });
  await rejection('REDIRECT_REFUSED', strict.get(url, led));
});

test('a host that the user has asked for is judged all the same when a registry leads there', async () => {
  await using origin = await startOrigin((_, response) => void response.end('ok'));
  using wire = nodeWire({ resolve });
  const url = `http://own.test:${origin.port}/`;
  const registry = `http://reg.test:${origin.port}`;
  assert.equal(await textOf(await wire.get(url, { registry })), 'ok');
  await rejection('REDIRECT_REFUSED', wire.get(url, { registry, chosenBy: 'server' }));
  assert.equal(origin.requests.length, 1);
});
