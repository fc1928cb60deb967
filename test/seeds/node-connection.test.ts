/** Scheme, certificates, versions and scopes: how node-docker-registry-client's client got to a registry, and asked what it is. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isOciError } from '../../src/errors.ts';
import { collect } from '../../src/graph/collect.ts';
import { nodeTransport, type NodeTransportOptions } from '../../src/node/http/transport.ts';
import { serve, type Served } from '../../src/node/serve/serve.ts';
import { type Client, type ClientOptions, createClient } from '../../src/registry/client.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { createServer } from '../../src/server/app.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { rejection } from '../support/failure.ts';
import { testClock } from '../support/test-clock.ts';
import { makeCertificates, withoutTls } from '../support/tls.ts';

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world.close());

/** Closes nothing but its own connections. */
async function withClient<T>(
  transport: NodeTransportOptions,
  options: ClientOptions,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = createClient({
    transport: nodeTransport({ proxy: false, ...transport }),
    clock: testClock(),
    ...options,
  });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

const portOf = (host: string): string => host.split(':')[1] ?? '';

test('NODE-18: insecure takes any certificate of the host that is named, and of no other', {
  skip: withoutTls,
}, async (t) => {
  const { other: tls } = makeCertificates();
  const start = (): Promise<Served> => serve(createServer({ registry: world.registry }), { tls });
  const [named, strange] = [await start(), await start()];
  t.after(() => Promise.all([named.close(), strange.close()]));
  const hosts = { [named.host]: { plainHttp: false }, [strange.host]: { plainHttp: false } };
  await withClient({ tls: { [named.host]: { insecure: true } } }, { hosts }, async (client) => {
    assert.deepEqual(await collect(client.repository(`${named.host}/team/single`).tags()), ['1']);
    await rejection('TLS', collect(client.repository(`${strange.host}/team/single`).tags()));
  });
  const tags = (insecure: readonly string[], { host }: Served) => {
    const name = `registry.test:${portOf(host)}`;
    return cli(['tags', `${name}/team/single`, ...insecure, '--resolve', `${name}:127.0.0.1`]);
  };
  const flag = ['--insecure', `registry.test:${portOf(named.host)}`];
  const taken = await tags(flag, named);
  assert.deepEqual([taken.code, taken.stdout], [0, '1\n'], taken.stderr);
  for (const refused of [await tags([], named), await tags(flag, strange)]) {
    assert.equal(refused.code, 6);
    assert.match(refused.stderr, /\(TLS\).*--insecure registry\.test/);
  }
});

test('NODE-19: http is spoken to this machine, and to others where it is said', async () => {
  const single = `${world.host}/team/single`;
  assert.deepEqual(await withClient({}, {}, (client) => collect(client.repository(single).tags())), ['1']);
  const name = `registry.test:${portOf(world.host)}`;
  const resolve = () => ({ address: '127.0.0.1' });
  const read = (hosts: ClientOptions['hosts']) =>
    withClient({ resolve }, { hosts }, (client) => collect(client.repository(`${name}/team/single`).tags()));
  assert.deepEqual(await read({ [name]: { plainHttp: true } }), ['1']);
  await rejection('TLS', read({}));
  const tags = (...flags: readonly string[]) =>
    cli(['tags', `${name}/team/single`, '--resolve', `${name}:127.0.0.1`, ...flags]);
  assert.equal((await tags('--plain-http', name)).stdout, '1\n');
  assert.equal((await tags()).code, 6);
});

/** What `supportsV2` said, in its words. */
async function supportsV2(client: Client, host: string): Promise<boolean> {
  try {
    await client.ping(host);
    return true;
  } catch (error) {
    if (isOciError(error, 'UNAUTHORIZED', 'DENIED')) return true;
    if (isOciError(error, 'NOT_A_REGISTRY', 'VERSION_UNSUPPORTED')) return false;
    throw error;
  }
}

test('NODE-22 NODE-23: ping and its error tell v2 with and without a login, v1, and what is no registry', async (t) => {
  const access = basicAccess({ check: () => false, realm: 'The hold' });
  const guarded = await serve(createServer({ registry: createMemoryRegistry(), access }));
  const old = await serve(
    async () => new Response(null, { status: 404, headers: { 'x-docker-registry-version': '0.9' } }),
  );
  const web = await serve(async () => new Response('no', { status: 404 }));
  t.after(() => Promise.all([guarded, old, web].map(({ close }) => close())));
  for (const [host, isV2, code] of [
    [world.host, true, 0],
    [guarded.host, true, 4],
    [old.host, false, 7],
    [web.host, false, 7],
  ] as const) {
    assert.equal(await withClient({}, {}, (client) => supportsV2(client, host)), isV2);
    assert.equal((await cli(['ping', host])).code, code);
  }
  // The answers as they are, as its `ping` gave them.
  const answers = await withClient({}, {}, async (client) => {
    const told = [];
    for (const { host } of [world, guarded, web]) {
      const response = await client.registry(host).request({ path: '' });
      await response.cancel();
      told.push([response.status, response.headers['www-authenticate']]);
    }
    return told;
  });
  assert.deepEqual(answers, [
    [200, undefined],
    [401, 'Basic realm="The hold", charset="UTF-8"'],
    [404, undefined],
  ]);
});

test('NODE-24: a login is proved by a ping with it, and what is wrong is told', async (t) => {
  const access = basicAccess({ check: (user, password) => user === 'me' && password === 'right' });
  const guarded = await serve(createServer({ registry: createMemoryRegistry(), access }));
  t.after(guarded.close);
  const login = (password: string) =>
    withClient({}, { hosts: { [guarded.host]: { credential: { username: 'me', password } } } }, (client) =>
      client.ping(guarded.host),
    );
  const { response, authRequired } = await login('right');
  assert.deepEqual([response.status, authRequired], [200, true]);
  const wrong = await rejection('UNAUTHORIZED', login('guess'));
  assert.match(wrong.message, new RegExp(`${guarded.host} answered 401`));
  assert.match(wrong.hint ?? '', /user name|password|log in/);
});
