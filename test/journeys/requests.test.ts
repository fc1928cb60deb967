/** The fewest requests that the protocol allows, counted in the server's log. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { createClient } from '../../src/node/client.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { putImage, putIndex } from '../../src/testing/fixtures.ts';
import { type LoggedRegistry, startLoggedRegistry, startTokenRegistry } from '../support/logged-registry.ts';

const closers: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closers) await close();
});

function session() {
  const client = createClient({ credentials: async () => undefined });
  closers.unshift(() => client.close());
  return client;
}

async function registryWith(...tags: string[]): Promise<LoggedRegistry> {
  const server = await startLoggedRegistry();
  closers.push(() => server.close());
  for (const tag of tags) {
    const layers = [{ files: { 'etc/name': tag } }, { files: { 'etc/shared': 'the same everywhere' } }];
    await putImage(server.registry.repository('team/app'), { layers, tags: [tag] });
  }
  return server;
}

test('a digest by tag on an open registry is one HEAD', async () => {
  const server = await registryWith('v1');
  const descriptor = await session().repository(`${server.host}/team/app`).resolve('v1');
  assert.equal(descriptor?.digest, (await server.registry.repository('team/app').resolve('v1'))?.digest);
  assert.deepEqual(server.requests(), ['HEAD /v2/team/app/manifests/v1']);
});

test('with tokens it is three requests the first time, and one afterwards in the same session', async () => {
  const server = await startTokenRegistry();
  closers.push(() => server.close());
  await putImage(server.registry.repository('team/app'), { layers: [{ files: { a: '1' } }], tags: ['v1', 'v2'] });
  const repository = session().repository(`${server.host}/team/app`);
  assert.ok(await repository.resolve('v1'));
  assert.deepEqual(server.requests(), ['HEAD /v2/team/app/manifests/v1', 'HEAD /v2/team/app/manifests/v1']);
  assert.equal(server.tokenRequests.length, 1);
  assert.ok(await repository.resolve('v2'));
  assert.deepEqual(server.requests(), ['HEAD /v2/team/app/manifests/v2']);
  assert.equal(server.tokenRequests.length, 1);
});

test('copying what is there is one manifest request at the source, one HEAD at the target, and no blob request', async () => {
  const [from, to] = [await registryWith('v1', 'v2'), await registryWith()];
  const source = from.registry.repository('team/app');
  const manifests = await Promise.all(['v1', 'v2'].map(async (tag) => (await source.manifest(tag)).descriptor));
  await putIndex(source, { manifests, tags: ['multi'] });
  const client = session();
  const ends = [client.repository(`${from.host}/team/app`), client.repository(`${to.host}/mirror/app`)] as const;
  const { digest } = await copy(ends[0], 'multi', ends[1], { tags: ['multi'] });
  assert.equal((await to.registry.repository('mirror/app').resolve('multi'))?.digest, digest);
  from.requests();
  to.requests();
  await copy(ends[0], 'multi', ends[1], { tags: ['multi'] });
  assert.deepEqual(from.requests(), ['HEAD /v2/team/app/manifests/multi']);
  assert.deepEqual(to.requests(), ['HEAD /v2/mirror/app/manifests/multi']);
});

test('F4 RUBY-57: between two repositories of one registry every blob is mounted, and no blob byte is sent', async () => {
  const server = await registryWith('v1');
  const client = session();
  await copy(client.repository(`${server.host}/team/app`), 'v1', client.repository(`${server.host}/team/copy`), {
    tags: ['v1'],
  });
  const { links, bytes } = await server.registry.repository('team/copy').manifest('v1');
  const ofBlobs = server.log.filter(({ path }) => path.includes('/blobs/'));
  assert.deepEqual(
    ofBlobs.map(({ method, path, status }) => [
      method,
      path.split('?')[0],
      new URLSearchParams(path.split('?')[1]).get('from'),
      status,
    ]),
    links.map(() => ['POST', '/v2/team/copy/blobs/uploads/', 'team/app', 201]),
  );
  const sent = server.log.reduce((sum, entry) => sum + entry.bytesIn, 0);
  assert.equal(sent, bytes.length);
});

test('pulling asks for each blob once, and for nothing else', async () => {
  const server = await registryWith('v1');
  const target = createMemoryStore();
  await copy(session().repository(`${server.host}/team/app`), 'v1', target, { tags: ['v1'] });
  const { descriptor, links } = await target.manifest('v1');
  assert.deepEqual(
    server.requests().sort(),
    [
      'HEAD /v2/team/app/manifests/v1',
      `GET /v2/team/app/manifests/${descriptor.digest}`,
      ...links.map((link) => `GET /v2/team/app/blobs/${link.descriptor.digest}`),
    ].sort(),
  );
});

test('a push needs one token, whose rights are those of writing, from its first question on', async () => {
  const server = await startTokenRegistry();
  closers.push(() => server.close());
  const source = createMemoryStore();
  await putImage(source, { layers: [{ files: { a: '1' } }], tags: ['v1'] });
  const target = session().repository(`${server.host}/team/app`);
  await copy(source, 'v1', target, { tags: ['v1'] });
  assert.equal(server.tokenRequests.length, 1);
  assert.match(decodeURIComponent(server.tokenRequests[0] ?? ''), /repository:team\/app:pull,push/);
  server.requests();
  await copy(source, 'v1', target, { tags: ['v2'] });
  assert.equal(server.tokenRequests.length, 1);
});
