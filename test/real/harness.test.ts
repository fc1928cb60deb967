/** The real registries of the tests refuse what they must refuse: otherwise what passes against them proves nothing. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type BasicTlsRegistry, startBasicTlsRegistry } from '../support/real/basic-tls.ts';
import { needs } from '../support/real/find-tool.ts';
import { realImages, imageTools } from '../support/real/images.ts';
import { type PrefixRegistry, startPrefixRegistry } from '../support/real/nginx-prefix.ts';
import { attach, fallbackTag, inRepository, rawManifest } from '../support/real/raw-registry.ts';
import { basic, rawRequest } from '../support/real/raw-request.ts';
import { setUps, setUpTools, type SetUp, type SetUpName } from '../support/real/set-ups.ts';
import { skopeoCopy, skopeoInspectRaw } from '../support/real/skopeo.ts';
import { startTokenRegistry, type TokenRegistry } from '../support/real/token-registry.ts';
import { refreshToken } from '../support/real/token-server.ts';

test('a program that is missing skips its tests with one line, or fails them where all must be there', (t) => {
  const { PATH, LADING_REQUIRE_TOOLS } = process.env;
  t.after(() => Object.assign(process.env, { PATH, LADING_REQUIRE_TOOLS: LADING_REQUIRE_TOOLS ?? '' }));
  Object.assign(process.env, { PATH: '/nonexistent', LADING_REQUIRE_TOOLS: '' });
  assert.deepEqual(needs('skopeo'), { skip: 'skipped: skopeo is not installed (apt-get install skopeo)' });
  process.env.LADING_REQUIRE_TOOLS = '1';
  assert.throws(() => needs('skopeo'), /^Error: skopeo is not installed/);
});

describe('docker-registry with a password over TLS', needs('docker-registry', 'openssl', 'skopeo'), () => {
  let registry: BasicTlsRegistry;
  before(async () => {
    registry = await startBasicTlsRegistry();
  });
  after(() => registry.stop());

  test('refuses nobody, a wrong password, and lets the right one in', async () => {
    const { username, password } = registry.account;
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await rawRequest({ url: `${registry.url}/v2/`, headers, ca: registry.ca })).status;
    assert.equal(await status({}), 401);
    assert.equal(await status({ authorization: basic(username, 'guess') }), 401);
    assert.equal(await status({ authorization: basic(username, password) }), 200);
  });

  test('has a certificate that nobody trusts who was not told', async () => {
    await assert.rejects(fetch(`${registry.url}/v2/`), { message: 'fetch failed' });
    await assert.rejects(
      skopeoInspectRaw({ host: registry.host, certificates: '/nonexistent' }, 'a:b'),
      /certificate|x509/,
    );
  });

  test('logs what it was asked', async () => {
    await rawRequest({ url: `${registry.url}/v2/one/tags/list?n=3`, ca: registry.ca });
    const entry = (await registry.requests()).find(({ path }) => path === '/v2/one/tags/list?n=3');
    assert.equal(entry?.status, 401);
    assert.equal(entry?.method, 'GET');
  });
});

describe('docker-registry with tokens', needs('docker-registry', 'openssl'), () => {
  let registry: TokenRegistry;
  const team = {
    password: 'knots',
    grants: { 'repository:team/*': ['pull'], 'repository:team/own': ['pull', 'push'] },
  };
  before(async () => {
    registry = await startTokenRegistry({ users: { mate: team }, anonymous: { 'repository:public': ['pull'] } });
  });
  after(() => registry.stop());

  const tags = async (repository: string, token?: string): Promise<number> => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return (await rawRequest({ url: `${registry.url}/v2/${repository}/tags/list`, headers })).status;
  };
  const ask = async (scope: string, headers: Record<string, string> = {}): Promise<{ token: string }> => {
    const query = new URLSearchParams({ service: registry.service, scope }).toString();
    const answer = await fetch(`${registry.tokens.realm}?${query}`, { headers });
    return answer.json() as Promise<{ token: string }>;
  };
  const pull = (name: string): { type: string; name: string; actions: string[] } => ({
    type: 'repository',
    name,
    actions: ['pull'],
  });

  test('refuses requests without a token, with one for another repository, and with an expired one', async () => {
    assert.equal(await tags('team/own'), 401);
    assert.equal(await tags('team/own', await registry.mint([pull('team/other')])), 401);
    assert.equal(await tags('team/own', await registry.mint([pull('team/own')], -1)), 401);
    assert.equal(await tags('team/own', await registry.mint([pull('team/own')])), 404);
  });

  test('names its token server, its service and the scope that is missing', async () => {
    const { headers } = await rawRequest({ url: `${registry.url}/v2/team/own/tags/list` });
    const { realm } = registry.tokens;
    const expected = `Bearer realm="${realm}",service="${registry.service}",scope="repository:team/own:pull"`;
    assert.equal(headers['www-authenticate'], expected);
  });

  test('its token server grants what the table grants, and no more', async () => {
    const authorization = basic('mate', 'knots');
    await ask('repository:team/read:pull,push', { authorization });
    assert.deepEqual(registry.tokens.requests.at(-1)?.granted, [pull('team/read')]);
    await ask('repository:team/own:push', { authorization });
    assert.deepEqual(registry.tokens.requests.at(-1)?.granted[0]?.actions, ['push']);
    await ask('repository:others:pull', { authorization });
    assert.deepEqual(registry.tokens.requests.at(-1)?.granted, []);
    const { token } = await ask('repository:public:pull');
    assert.equal(await tags('public', token), 404);
  });

  test('its token server refuses a wrong password and a wrong refresh token', async () => {
    const post = async (fields: Record<string, string>): Promise<number> =>
      (await fetch(registry.tokens.realm, { method: 'POST', body: new URLSearchParams(fields) })).status;
    await ask('repository:public:pull', { authorization: basic('mate', 'guess') });
    assert.equal(registry.tokens.requests.at(-1)?.status, 401);
    assert.equal(await post({ grant_type: 'password', username: 'mate', password: 'guess' }), 401);
    assert.equal(await post({ grant_type: 'refresh_token', refresh_token: 'guess' }), 401);
    assert.equal(await post({ grant_type: 'refresh_token', refresh_token: refreshToken('mate') }), 200);
  });
});

describe('docker-registry behind nginx', needs('docker-registry', 'nginx'), () => {
  let registry: PrefixRegistry;
  let url: string;
  let authorization: string;
  const blob = `team/app/blobs/sha256:${'0'.repeat(64)}`;
  before(async () => {
    registry = await startPrefixRegistry();
    url = `http://${registry.host}${registry.pathPrefix}/v2/`;
    authorization = basic(registry.account.username, registry.account.password);
  });
  after(() => registry.stop());

  test('wants its prefix and its password, for blobs as well', async () => {
    assert.equal((await rawRequest({ url })).status, 401);
    assert.equal((await rawRequest({ url: url + blob })).status, 401);
    assert.equal((await rawRequest({ url, headers: { authorization } })).status, 200);
    const bare = `http://${registry.host}/v2/`;
    assert.equal((await rawRequest({ url: bare, headers: { authorization } })).status, 404);
  });

  test('sends readers of blobs to an origin that refuses an Authorization header', async () => {
    const { status, headers } = await rawRequest({ url: url + blob, headers: { authorization } });
    const location = headers.location ?? '';
    assert.equal(status, 307);
    assert.equal(new URL(location).origin, registry.blobOrigin);
    assert.equal((await rawRequest({ url: location, headers: { authorization } })).status, 400);
    assert.equal((await rawRequest({ url: location })).status, 404);
    assert.equal((await rawRequest({ url: location.replace(/\?.*/, '') })).status, 403);
    assert.deepEqual(
      (await registry.blobRequests()).map((entry) => entry.status),
      [400, 404, 403],
    );
  });

  test('keeps the prefix in the URLs that it gives', async () => {
    const { headers } = await rawRequest({
      url: `${url}team/app/blobs/uploads/`,
      method: 'POST',
      headers: { authorization },
    });
    assert.ok(headers.location?.startsWith(`${url}team/app/blobs/uploads/`), headers.location);
  });
});

describe('every set-up', needs('docker-registry', 'openssl', 'nginx', 'skopeo', ...imageTools), () => {
  for (const name of Object.keys(setUps) as SetUpName[]) {
    test(`${name}: takes an index from skopeo, and what is attached to it`, needs(...setUpTools[name]), async (t) => {
      const { layout } = await realImages();
      const registry: SetUp = await setUps[name]();
      t.after(() => registry.stop());
      await skopeoCopy(`oci:${layout}:platforms`, { registry: registry.skopeo, reference: 'team/app:1' });
      const found = await rawManifest(registry, 'team/app', '1');
      assert.ok(found);
      assert.deepEqual(Buffer.from(await skopeoInspectRaw(registry.skopeo, 'team/app:1')), Buffer.from(found.bytes));
      const attached = await attach(registry, 'team/app', found.descriptor, 'application/x-log');
      const list = await rawManifest(registry, 'team/app', fallbackTag(found.descriptor));
      assert.match(Buffer.from(list?.bytes ?? []).toString(), new RegExp(attached.digest));
    });
  }

  test('converts to the docker family by skopeo alone, as a source for tests', async (t) => {
    const { layout } = await realImages();
    const registry = await setUps.open();
    t.after(() => registry.stop());
    const to = { registry: registry.skopeo, reference: 'team/app:docker' };
    await skopeoCopy(`oci:${layout}:platforms`, to, { format: 'v2s2' });
    const found = await rawManifest(registry, 'team/app', 'docker');
    assert.equal(found?.descriptor.mediaType, 'application/vnd.docker.distribution.manifest.list.v2+json');
    assert.equal((await inRepository(registry, 'team/app', 'tags/list')).status, 200);
  });
});
