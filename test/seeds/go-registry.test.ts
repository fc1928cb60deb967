/** What imagespy/registry-client promised of a registry, its repositories and its authenticators, over sockets. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readAll } from '../../src/bytes/read.ts';
import { collect } from '../../src/graph/collect.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import { fetchTransport } from '../../src/http/fetch-transport.ts';
import { checkDomain, parseReference } from '../../src/model/reference.ts';
import { createClient } from '../../src/node/client.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { defaultTimeouts } from '../../src/node/http/timeouts.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient as createIsomorphicClient } from '../../src/registry/client.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { createServer } from '../../src/server/app.ts';
import { tokenAccess } from '../../src/server/token-access.ts';
import { answering } from '../../src/testing/wrap.ts';
import { cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { failure, rejection } from '../support/failure.ts';
import { startOrigin, startRaw } from '../support/http-origin.ts';

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world.close());

const anonymous = { credentials: async () => undefined };
const hostOf = ({ url }: { readonly url: string }): string => new URL(url).host;

test('GO-1: the client of one line has time-outs that are reasonable, one for each step', async () => {
  for (const [step, ms] of Object.entries(defaultTimeouts)) {
    assert.ok(ms >= 1000 && ms <= 900_000, step);
  }
  const client = createClient(anonymous);
  assert.deepEqual(await collect(client.repository(`${world.host}/team/single`).tags()), ['1']);
  await client.close();
  await client.close();
  await using silent = await startRaw(() => undefined);
  const hasty = createClient({
    ...anonymous,
    transport: nodeTransport({ timeouts: { headMs: 50 } }),
    retry: { attempts: 1 },
  });
  await rejection('TIMEOUT', hasty.repository(`${hostOf(silent)}/a`).resolve('1'));
  await hasty.close();
  assert.equal((await cli(['digest', `${hostOf(silent)}/a:1`, '--timeout', '50ms'])).code, 6);
});

describe('an authenticator', () => {
  test('GO-3: a token that the registry calls invalid is asked for anew, once', async () => {
    let tokens = 0;
    let good = 't1';
    const tokenServer = await serve(async () => Response.json({ token: `t${++tokens}` }));
    const grants = [{ type: 'repository', name: 'team/single', actions: ['pull'] }];
    const verify = (token: string): { grants: typeof grants } | undefined => (token === good ? { grants } : undefined);
    const guarded = await openWorld({ access: tokenAccess({ realm: `${tokenServer.url}/t`, service: 's', verify }) });
    const client = createClient(anonymous);
    try {
      const repository = client.repository(`${guarded.host}/team/single`);
      const statuses = async (): Promise<number[]> => {
        guarded.requests.length = 0;
        await repository
          .resolve('1')
          .catch((error: unknown) => assert.equal((error as { code: string }).code, 'TOKEN_INVALID'));
        return guarded.requests.map(({ status }) => status);
      };
      assert.deepEqual([await statuses(), tokens], [[401, 200], 1]);
      good = 't2'; // revoked
      assert.deepEqual([await statuses(), tokens], [[401, 200], 2]);
      good = 'none';
      assert.deepEqual([await statuses(), tokens], [[401, 401], 3]);
      await rejection('TOKEN_INVALID', repository.manifest('1'));
    } finally {
      await client.close();
      await guarded.close();
      await tokenServer.close();
    }
  });

  test('GO-4: a challenge that nobody can meet is UNAUTHORIZED', async () => {
    for (const challenge of ['Negotiate', 'Digest realm="r", nonce="n"', undefined]) {
      const refuse = answering(
        () => true,
        () =>
          new Response(null, {
            status: 401,
            headers: challenge === undefined ? {} : { 'www-authenticate': challenge },
          }),
      );
      const served = await serve(refuse(createServer({ registry: world.registry })));
      const client = createClient({
        credentials: fixedCredentials({ [served.host]: { username: 'me', password: 'x' } }),
      });
      await rejection('UNAUTHORIZED', client.repository(`${served.host}/a`).manifest('1'));
      await client.close();
      await served.close();
    }
  });

  test('GO-10 GO-11 GO-12: for Basic, for nobody, and for tokens', async () => {
    const basic = await openWorld({ access: basicAccess({ check: (user, password) => user + password === 'mepw' }) });
    const credentials = fixedCredentials({ [basic.host]: { username: 'me', password: 'pw' } });
    const [known, nobody] = [createClient({ credentials }), createClient(anonymous)];
    try {
      assert.deepEqual(await collect(known.repository(`${basic.host}/team/single`).tags()), ['1']);
      await rejection('UNAUTHORIZED', collect(nobody.repository(`${basic.host}/team/single`).tags()));
      world.requests.length = 0;
      assert.deepEqual(await collect(nobody.repository(`${world.host}/team/single`).tags()), ['1']);
      assert.deepEqual(
        world.requests.map(({ headers }) => headers.authorization),
        [undefined],
      );
    } finally {
      await Promise.all([known.close(), nobody.close(), basic.close()]);
    }
  });
});

describe('a registry', () => {
  test('GO-20 CONN-10: is made of an authenticator, what speaks HTTP, and a name', async () => {
    const asked: string[] = [];
    const fetched = fetchTransport(async (input, init) => {
      asked.push(input instanceof Request ? input.url : input.toString());
      return fetch(input, init);
    });
    const client = createIsomorphicClient({ transport: fetched, ...anonymous });
    assert.deepEqual(await collect(client.registry(world.host).repository('team/single').tags()), ['1']);
    assert.deepEqual(asked, [`http://${world.host}/v2/team/single/tags/list?n=1000`]);
    const own = createIsomorphicClient({
      transport: async ({ url }) => {
        const body = (async function* () {
          yield new TextEncoder().encode('{"name":"a","tags":["x"]}');
        })();
        return { status: 200, headers: {}, url, body, cancel: async () => undefined };
      },
    });
    assert.deepEqual(await collect(own.repository('reg.test/a').tags()), ['x']);
  });

  test('GO-21: is spoken to over https unless http was said', async () => {
    const name = `registry.test:${world.host.split(':')[1]}`;
    const resolve = (): { address: string } => ({ address: '127.0.0.1' });
    const transport = nodeTransport({ proxy: false, resolve });
    for (const [hosts, origin] of [
      [{}, `https://${name}`],
      [{ [name]: { plainHttp: true } }, `http://${name}`],
    ] as const) {
      const registry = createIsomorphicClient({ transport, hosts, retry: { attempts: 1 } }).registry(name);
      if (origin.startsWith('http:')) assert.equal((await registry.ping()).origin, origin);
      else await rejection('TLS', registry.ping());
    }
    transport.close();
  });

  test('GO-22: may be asked at another host', async () => {
    await using other = await startOrigin((_, response) => void response.end('{"name":"a","tags":["there"]}'));
    const client = createClient({ ...anonymous, hosts: { 'registry.test': { origin: other.url } } });
    const repository = client.repository('registry.test/a');
    assert.deepEqual([await collect(repository.tags()), repository.registry], [['there'], 'registry.test']);
    assert.equal(other.requests[0]?.headers.host, hostOf(other));
    await client.close();
    const line = ['tags', 'registry.test/a', '--host', `registry.test,origin=${other.url}`];
    assert.equal((await cli(line)).stdout, 'there\n');
  });

  test('GO-25 GO-26 GO-31: tells its repositories, and gives one without looking whether it is there', async () => {
    const client = createClient(anonymous);
    const registry = client.registry(world.host);
    const names = ['team/app', 'team/single'];
    assert.deepEqual(await collect(registry.repositories()), names);
    assert.equal((await cli(['repos', world.host])).stdout, `${names.join('\n')}\n`);
    world.requests.length = 0;
    const repository = registry.repository('no/such');
    assert.deepEqual([repository.name, world.requests], ['no/such', []]);
    const single = registry.repository('team/single');
    const images = await single.resolve('1');
    const { descriptor } = await single.manifest('1');
    assert.deepEqual([images?.digest, await collect(single.tags())], [descriptor.digest, ['1']]);
    await client.close();
  });

  test('GO-2 GO-27 GO-29 GO-30: has the repository of a name as in docker pull, and is found from it', async () => {
    const client = createClient(anonymous);
    for (const [name, registry, path] of [
      ['golang', 'docker.io', 'library/golang'],
      ['golang:1.12.0', 'docker.io', 'library/golang'],
      ['index.docker.io/team/app', 'docker.io', 'team/app'],
      [`${world.host}/team/single:1@sha256:${'0'.repeat(64)}`, world.host, 'team/single'],
    ] as const) {
      const repository = client.repository(name);
      assert.deepEqual([repository.registry, repository.name], [registry, path]);
      const back = client.registry(repository.registry);
      assert.equal(back.name, registry);
      assert.deepEqual(back.repository(path).origin, repository.origin);
    }
    const { registry } = client.repository(`${world.host}/team/single`);
    assert.deepEqual(await collect(client.registry(registry).repositories()), ['team/app', 'team/single']);
    assert.equal((await cli(['tags', `${world.host}/team/single:1`])).stdout, '1\n');
    const digest = `sha256:${'0'.repeat(64)}`;
    const { stdout } = await cli(['parse', '--json', `golang:1.12.0@${digest}`]);
    const { domain, path: remote, tag, digest: parsed } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([domain, remote, tag, parsed], ['docker.io', 'library/golang', '1.12.0', digest]);
    await client.close();
  });

  test('GO-28: refuses a name of another registry, and names both', () => {
    const reference = parseReference('quay.io/team/app:1');
    assert.equal(checkDomain(reference, 'quay.io'), reference);
    assert.ok(checkDomain(parseReference('index.docker.io/team/app'), 'docker.io'));
    const error = failure('REFERENCE_INVALID', () => checkDomain(reference, 'docker.io'));
    assert.match(error.message, /"quay\.io\/team\/app:1" is in "quay\.io", not in "docker\.io"/);
  });

  test('GO-32: tells all tags of a repository, of every page', async () => {
    const client = createClient({ ...anonymous, pageSize: 1 });
    world.requests.length = 0;
    const tags = await collect(client.repository(`${world.host}/team/app`).tags());
    assert.deepEqual(tags, ['1.0', '1.1', 'latest']);
    assert.equal(world.requests.length, 3);
    assert.equal((await cli(['tags', `${world.host}/team/app`])).stdout, '1.0\n1.1\nlatest\n');
    await client.close();
  });

  test('GO-33 GO-34 GO-35 GO-36: answers any request, authenticated, as bytes or JSON, with its headers', async () => {
    const basic = await openWorld({ access: basicAccess({ check: (_, password) => password === 'pw' }) });
    const credentials = fixedCredentials({ [basic.host]: { username: 'me', password: 'pw' } });
    const client = createClient({ credentials });
    try {
      const registry = client.registry(basic.host);
      const { status, headers, body } = await registry.request({ path: 'team/single/manifests/1' });
      const bytes = await readAll(body, 1_000_000, 'the manifest');
      assert.deepEqual(new Uint8Array(bytes), basic.single.manifest.bytes);
      assert.deepEqual([status, headers['docker-content-digest']], [200, basic.single.manifest.descriptor.digest]);
      const tags = await registry.request({ path: 'team/app/tags/list?n=2' });
      const json: unknown = JSON.parse(new TextDecoder().decode(await readAll(tags.body, 1000, 'the tags')));
      assert.deepEqual(json, { name: 'team/app', tags: ['1.0', '1.1'] });
      assert.match(tags.headers.link ?? '', /rel="next"/);
      const missing = await registry.request({ method: 'HEAD', path: 'no/such/manifests/1' });
      await missing.cancel();
      assert.equal(missing.status, 404);
    } finally {
      await client.close();
      await basic.close();
    }
  });
});
