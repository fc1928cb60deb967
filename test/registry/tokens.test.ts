/** Tokens over sockets: which are asked for, and who is shown which. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fixedCredentials } from '../../src/http/credentials.ts';
import { collect } from '../../src/graph/collect.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import type { Middleware } from '../../src/http/types.ts';
import { type Client, type ClientOptions, createClient } from '../../src/registry/client.ts';
import { contentFrom } from '../../src/store/content.ts';
import { putImage } from '../../src/testing/fixtures.ts';
import { startTokenRegistry, type TokenRegistry } from '../support/logged-registry.ts';

let server: TokenRegistry;
let client: Client;
/** What the registry was asked, as it went out. */
const sent: { readonly path: string; readonly authorization: string | undefined; readonly status: number }[] = [];
/** What its token server was shown. */
const logins: (string | undefined)[] = [];

const watch: Middleware = (next) => async (request) => {
  const response = await next(request);
  const { host, pathname } = new URL(request.url);
  const { authorization } = request.headers;
  if (host === server.host) sent.push({ path: pathname, authorization, status: response.status });
  else logins.push(authorization);
  return response;
};
const clientOf = (options: ClientOptions = {}): Client =>
  createClient({ transport: nodeTransport({ proxy: false }), middleware: [watch], ...options });

before(async () => {
  server = await startTokenRegistry();
  for (const name of ['team/one', 'team/two'])
    await putImage(server.registry.repository(name), { layers: [{ files: { name } }], tags: ['v1', 'v2'] });
});
after(() => server.close());
beforeEach(() => {
  server.tokenRequests.length = 0;
  sent.length = 0;
  logins.length = 0;
  client = clientOf();
});

const scopes = (): (string | null)[] =>
  server.tokenRequests.map((query) => new URLSearchParams(query).getAll('scope').join(' '));

/** What the token of each request that was not refused is good for, and the path that it was shown to. */
const shown = (): readonly (readonly [scope: string, path: string])[] =>
  sent
    .filter(({ status }) => status !== 401)
    .map(({ authorization = '', path }) => {
      const token = authorization.slice('Bearer '.length);
      const [scope = ''] = JSON.parse(Buffer.from(token, 'base64url').toString()) as string[];
      return [scope, path];
    });

describe('tokens of two repositories', () => {
  test('C4 AUTH-3: are not mixed, and many operations in one repository take one', async () => {
    const repositories = ['team/one', 'team/two'].map((name) => client.repository(`${server.host}/${name}`));
    for (let round = 0; round < 3; round++) {
      for (const repository of repositories) {
        const manifest = await repository.manifest('v1');
        for (const { descriptor } of manifest.links) await repository.stat(descriptor.digest);
        assert.deepEqual(await collect(repository.tags()), ['v1', 'v2']);
      }
    }
    assert.deepEqual(scopes(), ['repository:team/one:pull', 'repository:team/two:pull']);
    assert.equal(sent.filter(({ status }) => status === 401).length, 1);
    for (const [scope, path] of shown()) assert.ok(path.startsWith(`/v2/${scope.split(':')[1]}/`), `${scope} ${path}`);
    assert.equal(shown().length, 24);
    await client.close();
  });

  test('C4 AUTH-10: that are mounted from one to the other are one for both', async () => {
    const { links } = await server.registry.repository('team/one').manifest('v1');
    const layer = links[1]?.descriptor ?? assert.fail();
    const [one, two] = ['team/one', 'team/two'].map((name) => client.repository(`${server.host}/${name}`));
    assert.ok(one && two);
    assert.equal(await two.putBlob(one.blob(layer)), 'mounted');
    assert.deepEqual(scopes().at(-1), 'repository:team/two:pull,push repository:team/one:pull');
    await client.close();
  });
});

test('AUTH-3: many at once wait for one token', async () => {
  const repository = client.repository(`${server.host}/team/one`);
  await repository.resolve('v1');
  const content = contentFrom(new TextEncoder().encode('pushed by many'));
  await Promise.all(Array.from({ length: 8 }, () => repository.putBlob(content)));
  assert.deepEqual(scopes(), ['repository:team/one:pull', 'repository:team/one:pull,push']);
  await client.close();
});

test('AUTH-1 AUTH-5: a password is shown to the token server alone, and nobody is asked for one in vain', async () => {
  await client.close();
  const asked: string[] = [];
  const known = fixedCredentials({ [server.host]: { username: 'me', password: 'mine' } });
  client = clientOf({
    credentials: (host, options) => {
      asked.push(host);
      return known(host, options);
    },
  });
  await client.repository(`${server.host}/team/one`).manifest('v1');
  assert.deepEqual(asked, [server.host]);
  assert.ok(sent.every(({ authorization }) => authorization?.startsWith('Basic') !== true));
  assert.deepEqual(logins, [`Basic ${btoa('me:mine')}`]);
  await client.close();
});
