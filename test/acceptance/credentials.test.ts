/** Token servers: who may have the password, and what becomes of one that stands elsewhere or sends on. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { encodeBasic } from '../../src/http/basic.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import type { Credential } from '../../src/http/types.ts';
import { createServer } from '../../src/server/app.ts';
import type { Handler } from '../../src/server/handler.ts';
import { tokenAccess } from '../../src/server/token-access.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import { collect } from '../../src/graph/collect.ts';
import { assertNoCanary, canary } from '../support/planted-secrets.ts';
import { assertStranger, assertTold, hostileNetwork, type Place } from '../support/hostile-network.ts';
import { refused } from '../support/refused.ts';
import { withoutTls } from '../support/tls.ts';

const skip = withoutTls;
const kinds: Readonly<Record<string, Credential>> = {
  'a password': { username: 'me', password: canary.password },
  'a refresh token': { identityToken: canary.identity },
};

const image = await buildImage({ layers: [{ files: { a: 'b' } }] });
const registry = createMemoryRegistry();
await putBuilt(registry.repository('team/app'), image, { tags: ['1'] });
await putBuilt(registry.repository('library/app'), image, { tags: ['1'] });

/** Takes the tokens that its token server issues to who is known there. */
function registryAt(realm: string): Handler {
  const verify = (token: string) =>
    token === canary.issued
      ? { grants: ['team/app', 'library/app'].map((name) => ({ type: 'repository', name, actions: ['pull'] })) }
      : undefined;
  return createServer({ registry, access: tokenAccess({ realm, service: 's', verify }) });
}

/** Issues the good token to who is known, and another one to anybody; what it was posted stands in its log. */
function tokenServer(bodies: string[] = []): Handler {
  return async (request) => {
    const body = await request.text();
    bodies.push(body);
    const knows =
      request.headers.get('authorization') === encodeBasic({ username: 'me', password: canary.password }) ||
      new URLSearchParams(body).get('refresh_token') === canary.identity;
    const token = knows ? canary.issued : 'of-nobody';
    return Response.json({ token, access_token: token });
  };
}

/** Neither the request nor its body has anything of the user in it. */
function assertAnonymous(place: Place, bodies: readonly string[]): void {
  for (const request of place.requests) {
    assertStranger(request);
    assertNoCanary(request.path, 'its query');
    assert.equal(request.method, 'GET');
  }
  assertNoCanary(bodies.join('\n'), 'a body');
}

/** A home whose configuration has the credential. */
async function homeWith(folder: string, host: string, credential: Credential): Promise<Record<string, string>> {
  const entry =
    'password' in credential
      ? { auth: btoa(`${credential.username}:${credential.password}`) }
      : { identitytoken: 'identityToken' in credential ? credential.identityToken : '' };
  await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [host]: entry } }));
  return { DOCKER_CONFIG: folder };
}

for (const [kind, credential] of Object.entries(kinds)) {
  describe(`with ${kind}`, () => {
    test('G04: a token server of somebody else learns nothing of the user, who learns how to allow it', {
      skip,
    }, async (t) => {
      const network = await hostileNetwork(t);
      const bodies: string[] = [];
      const evil = await network.open('evil.test', tokenServer(bodies));
      const reg = await network.open('reg.test', registryAt(`${evil.url}/token`));
      const credentials = fixedCredentials({ [reg.host]: credential });
      const allow = `--host ${reg.host},realm=${evil.host}`;

      const client = network.client({ credentials });
      const error = await refused(
        collect(client.repository(`${reg.host}/team/app`).tags()),
        'UNAUTHORIZED',
        /reg\.test/,
      );
      assert.ok(error.hint?.includes(allow), error.hint);
      const env = await homeWith(network.folder, reg.host, credential);
      const told = await network.cli(['tags', `${reg.host}/team/app`], { env });
      assertTold(told, 4, /reg\.test.*\(UNAUTHORIZED\)/, new RegExp(allow));
      assertNoCanary(JSON.stringify(told), 'the command');
      assertAnonymous(evil, bodies);
      assert.equal(evil.requests.length, 2, 'as anybody, once each');

      const trusting = network.client({ credentials, hosts: { [reg.host]: { realms: [evil.host] } } });
      assert.deepEqual(await collect(trusting.repository(`${reg.host}/team/app`).tags()), ['1']);
      const allowed = await network.cli(['tags', `${reg.host}/team/app`, ...allow.split(' ')], { env });
      assert.equal(allowed.stdout, '1\n', allowed.stderr);
    });

    test('G04: a token server under the same domain has what it needs', { skip }, async (t) => {
      const network = await hostileNetwork(t);
      const auth = await network.open('auth.reg.test', tokenServer());
      const reg = await network.open('reg.test', registryAt(`${auth.url}/token`));
      const client = network.client({ credentials: fixedCredentials({ [reg.host]: credential }) });
      assert.deepEqual(await collect(client.repository(`${reg.host}/team/app`).tags()), ['1']);
      const env = await homeWith(network.folder, reg.host, credential);
      const { stdout, stderr } = await network.cli(['tags', `${reg.host}/team/app`], { env });
      assert.equal(stdout, '1\n', stderr);
      assertNoCanary(
        JSON.stringify(reg.requests.map(({ headers }) => ({ ...headers, authorization: '' }))),
        'a header',
      );
    });

    test('G04: docker.io has its token server at auth.docker.io', { skip }, async (t) => {
      const network = await hostileNetwork(t);
      const auth = await network.open('auth.docker.io', tokenServer());
      const hub = await network.open('registry-1.docker.io', registryAt(`${auth.url}/token`));
      const client = network.client({
        credentials: fixedCredentials({ 'docker.io': credential }),
        hosts: { 'docker.io': { origin: hub.url } },
      });
      assert.deepEqual(await collect(client.repository('app').tags()), ['1']);
      const env = await homeWith(network.folder, 'https://index.docker.io/v1/', credential);
      const { stdout, stderr } = await network.cli(['tags', 'app', '--host', `docker.io,origin=${hub.url}`], { env });
      assert.equal(stdout, '1\n', stderr);
      assert.equal(auth.requests.length, 2);
    });

    test('G05: a token server that sends on to somebody else sends no credentials there', { skip }, async (t) => {
      const network = await hostileNetwork(t);
      const bodies: string[] = [];
      const evil = await network.open('evil.test', tokenServer(bodies));
      let status = 302;
      const moved = (): Response => new Response(null, { status, headers: { location: `${evil.url}/token` } });
      const shown: string[] = [];
      const auth = await network.open('auth.reg.test', async (request) => {
        shown.push(`${request.headers.get('authorization')} ${await request.text()}`);
        return moved();
      });
      const reg = await network.open('reg.test', registryAt(`${auth.url}/token`));
      const env = await homeWith(network.folder, reg.host, credential);
      const told = await network.cli(['manifest', `${reg.host}/team/app:1`], { env });
      assertTold(told, 1, /auth\.reg\.test.*\(REDIRECT_REFUSED\)/, /hint: no setting allows it/);
      const client = network.client({ credentials: fixedCredentials({ [reg.host]: credential }) });
      for (status of [301, 302, 303, 307, 308]) {
        const reading = client.repository(`${reg.host}/team/app`).manifest('1');
        await refused(reading, 'REDIRECT_REFUSED', /auth\.reg\.test:\d+ redirects to https:\/\/evil\.test/);
      }
      assert.equal(shown.length, 6);
      const secret = 'password' in credential ? encodeBasic(credential) : canary.identity;
      for (const one of shown) assert.ok(one.includes(secret), 'there was something to send on');
      assert.deepEqual([evil.requests, bodies], [[], []]);
    });
  });
}
