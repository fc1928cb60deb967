/** Where an upload goes on is the registry's choice: in every shape, and never with more of the user than belongs there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fixedCredentials } from '../../src/http/credentials.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import { createServer } from '../../src/server/app.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import type { Handler } from '../../src/server/handler.ts';
import { contentFrom } from '../../src/store/content.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { IngestRegistry } from '../../src/store/types.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { changed, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { canary } from '../support/planted-secrets.ts';
import { assertStranger, assertTold, hostileNetwork, type Network, type Place } from '../support/hostile-network.ts';
import { startOrigin } from '../support/http-origin.ts';
import { refused } from '../support/refused.ts';
import { testRegistry } from '../support/test-registry.ts';
import { withoutTls } from '../support/tls.ts';

const skip = withoutTls;
const access = basicAccess({ check: (user, password) => user === 'me' && password === canary.password });
const credential = { username: 'me', password: canary.password };
const headers = { 'x-api-key': canary.header, cookie: canary.cookie };
const bytes = seededBytes(3000, 'upload');
const content = contentFrom(bytes);
const { digest } = content.descriptor;
const isWrite = ({ method }: { readonly method: string }): boolean => method === 'PATCH' || method === 'PUT';

/** The registry tells another place for its uploads, with a signed query; unless told, when they begin. */
function leadingTo(location: (path: string) => string, isMeant = requestTo('uploads', 'POST')): Wrap {
  return (handler) => async (request, info) => {
    const response = await handler(request, info);
    const told = response.headers.get('location');
    if (told === null || !isMeant(request)) return response;
    return changed(response, { headers: { location: location(new URL(told, request.url).pathname) } });
  };
}

/** A storage that takes uploads, and goes on telling its own signed URLs. */
function storage(registry: IngestRegistry, query: string): Handler {
  const open = createServer({ registry });
  return async (request, info) => {
    const response = await open(request, info);
    const told = response.headers.get('location');
    return told === null || request.method !== 'PATCH'
      ? response
      : changed(response, { headers: { location: `${new URL(told, request.url).pathname}?${query}` } });
  };
}

function clientOf(network: Network, reg: Place, chunkSize?: number): ReturnType<Network['client']> {
  const credentials = fixedCredentials({ [reg.host]: credential });
  return network.client({ credentials, hosts: { [reg.host]: { headers, chunkSize } }, certified: reg.host });
}

/** Pushes a blob by the command. */
async function pushed(network: Network, reg: Place, ...flags: readonly string[]): ReturnType<Network['cli']> {
  const file = join(network.folder, 'blob');
  await writeFile(file, bytes);
  const own = ['--host', `${reg.host},header=X-Api-Key:${canary.header},header=Cookie:${canary.cookie}`];
  const login = ['--creds', `me:${canary.password}`];
  return network.cli(['blob', 'push', `${reg.host}/team/app`, file, ...login, ...own, ...flags], { certified: true });
}

/** There is something to leak: the registry itself was shown all of it. */
function assertKnown({ requests }: Place): void {
  const posts = requests.filter(({ method, headers: { authorization } }) => method === 'POST' && authorization);
  assert.equal(posts.length, 1);
  for (const { headers: sent, certificate } of posts) {
    assert.match(sent.authorization ?? '', /^Basic /);
    assert.deepEqual([sent['x-api-key'], sent.cookie, certificate], [canary.header, canary.cookie, true]);
  }
}

for (const [way, chunkSize] of [
  ['whole', undefined],
  ['in chunks', 1000],
] as const) {
  test(`G06: an upload ${way} at another host gets the bytes and the signed query, and nothing of the user`, {
    skip,
  }, async (t) => {
    const network = await hostileNetwork(t);
    const registry = createMemoryRegistry();
    const query = `X-Amz-Signature=${canary.signature}%2Fa%2fb%20c+d==&sig=(x)!*~|{}&&empty=&_state=${canary.state}%3D`;
    const cdn = await network.open('cdn.test', quirks.refuseAuthorization()(storage(registry, query)));
    const reg = await network.open(
      'reg.test',
      leadingTo((path) => `${cdn.url}${path}?${query}`)(createServer({ registry, access })),
    );
    const isKept = async (): Promise<boolean> => (await registry.repository('team/app').stat(digest)) !== undefined;
    const shown = (): void => {
      const writes = cdn.requests.filter(isWrite);
      assert.equal(writes.length, chunkSize === undefined ? 1 : 4);
      for (const request of cdn.requests) assertStranger(request);
      for (const { path, method } of writes) {
        const end = method === 'PUT' ? `&digest=${encodeURIComponent(digest)}` : '';
        assert.equal(path.slice(path.indexOf('?') + 1), query + end);
      }
      assert.equal(reg.requests.filter(isWrite).length, 0);
      assertKnown(reg);
      reg.lines();
      cdn.lines();
    };

    const client = clientOf(network, reg, chunkSize);
    assert.equal(await client.repository(`${reg.host}/team/app`).putBlob(content), 'written');
    assert.ok(await isKept());
    shown();
    await registry.repository('team/app').delete({ blob: digest });
    const flags = chunkSize === undefined ? [] : ['--host', `${reg.host},chunk-size=${chunkSize}`];
    const { code, stderr } = await pushed(network, reg, ...flags);
    assert.equal(code, 0, stderr);
    assert.ok(await isKept());
    shown();
  });
}

test('G06: an upload is not begun where the clouds keep their secrets, nor over http', { skip }, async (t) => {
  const network = await hostileNetwork(t);
  const meta = await network.open('meta.test', storage(createMemoryRegistry(), ''));
  const plain = await network.open('cdn.test', storage(createMemoryRegistry(), ''), { plain: true });
  let origin = '';
  const reg = await network.open(
    'reg.test',
    leadingTo((path) => `${origin}${path}?sig=${canary.signature}`)(
      createServer({ registry: createMemoryRegistry(), access }),
    ),
  );
  const client = clientOf(network, reg);
  for (origin of [meta.url, 'https://169.254.169.254', plain.url, `http://${reg.host}`]) {
    network.attempts();
    await refused(client.repository(`${reg.host}/team/app`).putBlob(content), 'REDIRECT_REFUSED', /reg\.test/);
    const hint = origin.startsWith('http:') ? /--plain-http \S+:\d+/ : /--host /;
    assertTold(await pushed(network, reg), 1, /reg\.test.*\(REDIRECT_REFUSED\)/, hint);
    const elsewhere = network.attempts().filter((address) => address !== `127.0.0.1:${reg.port}`);
    assert.deepEqual(elsewhere, [], origin);
  }
  assert.deepEqual([meta.requests, plain.requests, reg.requests.filter(isWrite)], [[], [], []]);
});

test('G06: an upload under way does not go on where the clouds keep their secrets, nor over http', {
  skip,
}, async (t) => {
  const network = await hostileNetwork(t);
  const meta = await network.open('meta.test', storage(createMemoryRegistry(), ''));
  const plain = await network.open('cdn.test', storage(createMemoryRegistry(), ''), { plain: true });
  let origin = '';
  const moving = leadingTo((path) => `${origin}${path}?sig=${canary.signature}`, requestTo('upload', 'PATCH'));
  const reg = await network.open('reg.test', moving(createServer({ registry: createMemoryRegistry(), access })));
  const client = clientOf(network, reg, 1000);
  for (origin of [meta.url, 'https://169.254.169.254', plain.url, `http://${reg.host}`]) {
    network.attempts();
    await refused(client.repository(`${reg.host}/team/app`).putBlob(content), 'REDIRECT_REFUSED', /reg\.test/);
    const told = await pushed(network, reg, '--host', `${reg.host},chunk-size=1000`);
    assertTold(told, 1, /reg\.test.*\(REDIRECT_REFUSED\)/, /hint: /);
    const elsewhere = network.attempts().filter((address) => address !== `127.0.0.1:${reg.port}`);
    assert.deepEqual(elsewhere, [], origin);
    const written = reg.requests.filter((request) => isWrite(request) && request.headers.authorization);
    assert.deepEqual(new Set(written.map(({ method }) => method)), new Set(['PATCH']));
    reg.lines();
  }
  assert.deepEqual([meta.requests, plain.requests], [[], []]);
});

test('G06: the signed query of an upload stands on the wire as it was written', async () => {
  const query = "sig=a'b%27c%2fd+e&'&_state=(x)!*";
  await using origin = await startOrigin((request, response) => {
    const { method, url = '' } = request;
    const status = { HEAD: 404, POST: 202, PATCH: 202, PUT: 201 }[method ?? ''] ?? 500;
    const location = `/upload/1?at=${url.length}&${query}`;
    request.resume().on('end', () => response.writeHead(status, { location }).end());
  });
  const transport = nodeTransport({ proxy: false });
  const host = `127.0.0.1:${origin.port}`;
  try {
    const client = createClient({ transport, hosts: { [host]: { chunkSize: 1000 } } });
    await client.repository(`${host}/team/app`).putBlob(content);
    const writes = origin.requests.filter(isWrite);
    assert.equal(writes.length, 4);
    for (const { path, method } of writes) {
      const end = method === 'PUT' ? `&digest=${encodeURIComponent(digest)}` : '';
      assert.match(path, /^\/upload\/1\?at=\d+&/);
      assert.equal(path.slice(path.indexOf('&') + 1), query + end);
    }
  } finally {
    transport.close();
  }
});

/** What makes each shape, and how it looks on the wire. */
const shapes: Readonly<Record<string, readonly [Wrap, RegExp]>> = {
  absolute: [quirks.absoluteLocation(), /^https:\/\/reg\.test:\d+\/v2\//],
  'a path': [(handler) => handler, /^\/v2\/team\/app\/blobs\/uploads\/[^/]+$/],
  relative: [quirks.relativeLocation(), /^\.\.\/uploads\/[^/]+$/],
  'without a scheme': [quirks.schemeRelativeLocation(), /^\/\/reg\.test:\d+\/v2\//],
  'with a state': [quirks.statefulLocation('a=b%2Fc&state=x%3D%3D'), /\?a=b%2Fc&state=x%3D%3D$/],
  'with a fragment': [quirks.statefulLocation('a=b', '#fragment'), /\?a=b#fragment$/],
  singular: [quirks.singularLocation(), /^\/v2\/team\/app\/blobs\/upload\/[^/]+$/],
};

for (const [shape, [wrap, looks]] of Object.entries(shapes)) {
  test(`G07: an upload goes on at a location that is ${shape}`, { skip }, async (t) => {
    const network = await hostileNetwork(t);
    const registry = createMemoryRegistry();
    const told: string[] = [];
    const handler = wrap(createServer({ registry, access }));
    const reg = await network.open('reg.test', async (request, info) => {
      assert.equal(new URL(request.url).hash, '', 'a fragment is nobody’s');
      const response = await handler(request, info);
      const isTold = requestTo('uploads', 'POST')(request) && response.status === 202;
      if (isTold) told.push(response.headers.get('location') ?? '');
      return response;
    });
    for (const chunkSize of [undefined, 1000]) {
      await clientOf(network, reg, chunkSize).repository(`${reg.host}/team/app`).putBlob(content);
      assert.ok(await registry.repository('team/app').stat(digest));
      await registry.repository('team/app').delete({ blob: digest });
    }
    assert.equal((await pushed(network, reg)).code, 0);
    assert.ok(await registry.repository('team/app').stat(digest));
    assert.equal(told.length, 3);
    for (const location of told) assert.match(location, looks);
    const writes = reg.requests.filter(isWrite);
    assert.equal(writes.length, 6);
    for (const { path, headers: sent, method } of writes) {
      assert.equal(sent['x-api-key'], canary.header);
      assert.match(sent.authorization ?? '', /^Basic /);
      assert.equal(path.split('digest=').length - 1, method === 'PUT' ? 1 : 0);
    }
  });
}

test('G07: an upload goes on at a location that leaves out the port of https', async () => {
  const short: Wrap = quirks.absoluteLocation('https://registry.test');
  const made = testRegistry({
    wraps: [short],
    server: { access },
    client: { credentials: fixedCredentials({ 'registry.test:443': credential }) },
  });
  await made.client.repository('registry.test:443/team/app').putBlob(content);
  assert.ok(await made.registry.repository('team/app').stat(digest));
  const put = made.requests.at(-1);
  assert.deepEqual([put?.method, put?.headers.authorization?.slice(0, 6)], ['PUT', 'Basic ']);
});

test('G07: at another port of the same host it goes on without credentials', { skip }, async (t) => {
  const network = await hostileNetwork(t);
  const registry = createMemoryRegistry();
  const other = await network.open('reg.test', quirks.refuseAuthorization()(createServer({ registry })));
  const reg = await network.open('reg.test', quirks.absoluteLocation(other.url)(createServer({ registry, access })));
  await clientOf(network, reg).repository(`${reg.host}/team/app`).putBlob(content);
  assert.ok(await registry.repository('team/app').stat(digest));
  await registry.repository('team/app').delete({ blob: digest });
  assertKnown(reg);
  assert.equal((await pushed(network, reg)).code, 0);
  assert.ok(await registry.repository('team/app').stat(digest));
  assert.equal(other.requests.filter(isWrite).length, 2);
  for (const request of other.requests) assertStranger(request);
});
