/** A request of one's own goes to the registry with everything that other requests have, and nowhere else. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readAll } from '../../src/bytes/read.ts';
import { createClient } from '../../src/registry/client.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { tokenAccess } from '../../src/server/token-access.ts';
import { contentFrom } from '../../src/store/content.ts';
import { putImage } from '../../src/testing/fixtures.ts';
import { redirectBlobs } from '../../src/testing/quirks.ts';
import { answering } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { json, script } from '../support/scripted-transport.ts';
import { testRegistry } from '../support/test-registry.ts';

describe('a request of one’s own', () => {
  test('RUBY-68 GO-33 GO-34: is authenticated and answered as it is, whatever the status', async () => {
    const check = (username: string, password: string): boolean => username === 'me' && password === 'secret';
    const { client, lines } = testRegistry({
      server: { access: basicAccess({ check }) },
      client: { credentials: async () => ({ username: 'me', password: 'secret' }) },
    });
    const registry = client.registry('registry.test');
    const found = await registry.request({ path: '' });
    await found.cancel();
    const missing = await registry.request({ method: 'HEAD', path: 'team/app/manifests/1' });
    await missing.cancel();
    assert.deepEqual([found.status, missing.status], [200, 404]);
    const asked = ['GET /v2/ 401', 'GET /v2/ 200', 'HEAD /v2/team/app/manifests/1 404'];
    assert.deepEqual(lines(), asked);
  });

  test('GO-35 GO-36: brings bytes, JSON and headers', async () => {
    const { client, registry: served } = testRegistry();
    await putImage(served.repository('team/app'), { layers: [new Uint8Array([1])], tags: ['1', '2'] });
    const { headers, body } = await client.registry('registry.test').request({ path: 'team/app/tags/list?n=1' });
    const bytes = await readAll(body, 1000, 'the tags');
    assert.deepEqual(JSON.parse(new TextDecoder().decode(bytes)), { name: 'team/app', tags: ['1'] });
    assert.match(headers.link ?? '', /last=1/);
  });

  test('can bring a body', async () => {
    const { client, registry: served } = testRegistry();
    const content = contentFrom(new TextEncoder().encode('hello'));
    const { size, digest } = content.descriptor;
    const registry = client.registry('registry.test');
    const begun = await registry.request({ method: 'POST', path: 'team/app/blobs/uploads/' });
    await begun.cancel();
    const where = new URL(begun.headers.location ?? '', 'http://registry.test').pathname.slice('/v2/'.length);
    const path = `${where}?digest=${encodeURIComponent(digest)}`;
    const done = await registry.request({ method: 'PUT', path, body: { size, open: () => content.open() } });
    await done.cancel();
    assert.equal(done.status, 201);
    assert.equal((await served.repository('team/app').stat(digest))?.size, 5);
  });

  test('NODE-32: can have the redirect itself, and else follows it', async () => {
    const bytes = new TextEncoder().encode('hello');
    const storage = answering(
      ({ url }) => new URL(url).host === 'storage.test',
      () => new Response(bytes),
    );
    const wraps = [storage, redirectBlobs('https://storage.test')];
    const { client, registry: served } = testRegistry({ wraps });
    const content = contentFrom(bytes);
    await served.repository('team/app').putBlob(content);
    const path = `team/app/blobs/${content.descriptor.digest}`;
    const registry = client.registry('registry.test');
    const shown = await registry.request({ path, redirect: 'manual' });
    await shown.cancel();
    assert.equal(shown.status, 307);
    assert.match(shown.headers.location ?? '', /^https:\/\/storage\.test\//);
    const followed = await registry.request({ path });
    assert.deepEqual(await readAll(followed.body, 10, 'the blob'), bytes);
    assert.deepEqual([followed.status, new URL(followed.url).host], [200, 'storage.test']);
  });

  test('NODE-25: asks for a token of the scopes that are named, else for what the registry names', async () => {
    const realm = 'https://registry.test/token';
    const asked: string[] = [];
    const token = answering(
      ({ url }) => url.startsWith(realm),
      ({ url }) => {
        asked.push(...new URL(url).searchParams.getAll('scope'));
        return Response.json({ token: `${asked.length}` });
      },
    );
    const access = tokenAccess({ realm, service: 'test', verify: () => ({ grants: [] }) });
    const { client } = testRegistry({ server: { access }, wraps: [token] });
    const ask = async (scopes?: readonly string[]): Promise<void> =>
      (await client.registry('registry.test').request({ path: 'team/app/tags/list', scopes })).cancel();
    await ask(['repository:team/app:pull,push']);
    await ask();
    assert.deepEqual(asked, ['repository:team/app:pull,push', 'repository:team/app:pull']);
  });

  test('is for the registry alone, and so are its headers: no mirror has them', async () => {
    const wire = script(() => json({}));
    const client = createClient({ transport: wire.send, hosts: { 'reg.test': { mirrors: ['mirror.test'] } } });
    const path = `a/blobs/sha256:${'0'.repeat(64)}`;
    const headers = { 'x-api-key': 'CANARY', authorization: 'Bearer CANARY' };
    await (await client.registry('reg.test').request({ path, headers })).cancel();
    assert.deepEqual(wire.lines(), [`GET https://reg.test/v2/${path}`]);
  });

  const climbing = ['../secret', 'a/%2e%2e/../../x', 'a%2f..%2f..%2fx', 'a%5C%2E.%5cx', 'a%2f.\t.%2fx'];
  for (const path of ['/evil.test/x', '//evil.test/x', ...climbing, 'a/b#c', 'a/b#'])
    test(`with the path ${path} is refused, and nothing is sent`, async () => {
      const { client, lines } = testRegistry();
      await rejection('USAGE', client.registry('registry.test').request({ path }));
      assert.deepEqual(lines(), []);
    });
});
