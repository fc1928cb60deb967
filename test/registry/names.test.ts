/** Names from outside never choose where a request goes: below a registry's path prefix, as the recorded requests show. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOciError } from '../../src/errors.ts';
import type { Digest } from '../../src/model/digest.ts';
import { parseRepo } from '../../src/model/repo-name.ts';
import { type Client, createClient } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { contentFrom, manifestFrom } from '../../src/store/content.ts';
import { all } from '../../src/testing/samples.ts';
import { json, type Script, script } from '../support/scripted-transport.ts';
import { testClock } from '../support/test-clock.ts';

const HOST = 'registry.test';
const PREFIX = '/some/prefix';

const words = String.raw`
  //evil/x //evil.test/x /evil / // .. . ../x a/.. a/../../x ./x a//b a/ ? a?b a?n=1 # a#b
  %2f a%2fb %2e%2e a%2f..%2fb %00 \ \\evil\x a\..\b @evil.test/x me:pw@evil.test/x https://evil.test/x https:/evil.test
  ａ a／b a．．b ․․/x`;
const hostile = [...words.trim().split(/\s+/), '\t//evil', 'a\r\nHost: evil', 'a b', 'a\0'];

function setUp(): { client: Client; wire: Script } {
  const wire = script(({ method }) => (method === 'GET' ? json({ errors: [] }, 404) : { status: 404 }));
  const hosts = { [HOST]: { pathPrefix: PREFIX }, 'docker.io': { pathPrefix: PREFIX } };
  return { client: createClient({ transport: wire.send, hosts, clock: testClock() }), wire };
}

/** Every way to a repository by its name. */
const ways: Readonly<Record<string, (client: Client, name: string) => Repository>> = {
  'the name behind its registry': (client, name) => client.repository(`${HOST}/${name}`),
  'the name in its registry': (client, name) => client.registry(HOST).repository(name),
  'a reference made by hand': (client, path) => client.repository({ domain: HOST, path }),
  'a name of Docker Hub': (client, name) => client.repository({ domain: 'docker.io', path: name }),
  'a parsed name': (client, name) => {
    const { index, remoteName } = parseRepo(`https://${HOST}/${name}`);
    return client.registry(index.name).repository(remoteName);
  },
};

/** Every verb that says something in a URL. */
const verbs: readonly ((repository: Repository, text: string) => Promise<unknown>)[] = [
  (repository, text) => repository.resolve(text),
  (repository, text) => repository.manifest(text),
  (repository, text) => repository.stat(text as Digest),
  (repository, text) => all(repository.tags({ last: text })),
  (repository, text) => repository.delete({ tag: text }),
  (repository, text) => repository.delete({ manifest: text as Digest }),
  (repository, text) => repository.putManifest(manifest, { tags: [text] }),
  (repository, text) => all(repository.blob({ ...content.descriptor, digest: text as Digest }).open()),
  (repository, text) => all(repository.referrers({ ...content.descriptor, digest: text as Digest })),
  (repository) => repository.putBlob(content),
];
const content = contentFrom(new Uint8Array(1));
const manifest = manifestFrom(
  new TextEncoder().encode('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'),
);

/** What is refused is refused by an error of ours. */
async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    assert.ok(isOciError(error), String(error));
  }
}

function assertInside(wire: Script, paths: RegExp): void {
  for (const { url } of wire.requests) {
    const { origin, pathname, hash, username } = new URL(url);
    assert.equal(origin, `https://${HOST}`, url);
    assert.match(pathname, paths, url);
    assert.equal(`${hash}${username}`, '', url);
  }
}

for (const [way, open] of Object.entries(ways)) {
  test(`A4: ${way} is refused before a request when it would lead elsewhere`, async () => {
    const { client, wire } = setUp();
    for (const name of hostile) {
      assert.throws(
        () => open(client, name),
        (error) => isOciError(error, 'REFERENCE_INVALID', 'DIGEST_INVALID'),
        name,
      );
    }
    assert.deepEqual(wire.lines(), []);
  });
}

test('A4: a name that only looks like a way out stays below the prefix', async () => {
  for (const name of ['evil.test/x', 'localhost/x', 'v2/x', 'a/blobs/uploads', 'a/manifests/1', 'a/tags/list']) {
    const { client, wire } = setUp();
    for (const open of Object.values(ways)) await open(client, name).resolve('1');
    const there = `${PREFIX}/v2/${name}/manifests/1`;
    const urls = new Set(wire.requests.map(({ url }) => url));
    assert.deepEqual([...urls], [`https://${HOST}${there}`, `https://registry-1.docker.io${there}`]);
  }
});

test('A4: tags, digests and places in a listing change neither host, prefix nor repository', async () => {
  const { client, wire } = setUp();
  const repository = client.repository(`${HOST}/team/app`);
  for (const text of hostile) {
    for (const verb of verbs) await attempt(() => verb(repository, text));
    await attempt(() => all(client.registry(HOST).repositories({ last: text })));
  }
  assert.ok(wire.requests.length > hostile.length);
  assertInside(
    wire,
    /^\/some\/prefix\/v2\/(team\/app\/(tags\/list|blobs\/uploads\/|(blobs|manifests)\/sha256:[0-9a-f]{64})|_catalog)$/,
  );
  const lists = wire.requests.map(({ url }) => new URL(url)).filter(({ pathname }) => pathname.endsWith('/tags/list'));
  assert.deepEqual(
    lists.map(({ searchParams }) => searchParams.get('last')),
    hostile,
  );
});

test('A4: a registry that is none is refused before a request', async () => {
  const { client, wire } = setUp();
  const registries = [
    'registry.test/x',
    'registry.test#',
    'registry.test?',
    'a@registry.test',
    '//registry.test',
    '..',
    '%2f',
  ];
  for (const domain of registries) {
    assert.throws(
      () => client.registry(domain),
      (error) => isOciError(error, 'REFERENCE_INVALID'),
    );
    assert.throws(
      () => client.repository({ domain, path: 'a' }),
      (error) => isOciError(error, 'REFERENCE_INVALID'),
    );
  }
  assert.deepEqual(wire.lines(), []);
});
