/** Every program of `examples/` runs against embedded registries, open or with a password, and prints what is there. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { digestOf as hashOf } from '../../src/bytes/hash.ts';
import { collect } from '../../src/graph/collect.ts';
import { select } from '../../src/graph/select.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import type { Source } from '../../src/store/types.ts';
import { buildLayer } from '../../src/testing/fixtures.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { dockerConfig, type ExampleResult, exampleLines, runExample } from '../support/examples.ts';
import { CHAIN, TAGS } from '../support/v1-images.ts';
import { ALICE } from '../support/v1-index.ts';
import { startV1World } from '../support/v1-server.ts';

const me = { username: 'me', password: 'se:cret' };
const access = basicAccess({ check: (user, password) => user === me.username && password === me.password });

let directory: string;
let env: Readonly<Record<string, string>> = {};
const ran = new Set<string>();

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lading-examples-'));
});
after(() => rm(directory, { recursive: true }));

function run(name: string, ...args: readonly string[]): Promise<ExampleResult> {
  ran.add(name);
  return runExample(name, args, env);
}

function lines(name: string, ...args: readonly string[]): Promise<readonly string[]> {
  ran.add(name);
  return exampleLines(name, args, env);
}

for (const [what, options] of [
  ['an open registry', {}],
  ["a registry with a password, which docker's file tells", { access }],
] as const) {
  describe(what, () => {
    let world: World;
    let other: World;
    before(async () => {
      world = await openWorld(options);
      other = await openWorld(options);
      env = 'access' in options ? await dockerConfig(directory, { [world.host]: me, [other.host]: me }) : {};
    });
    after(async () => {
      await world.close();
      await other.close();
    });

    test('ping.mjs tells whether it wants a login', async () => {
      const told = [`${world.host} is a registry at http://${world.host}`, 'version: registry/2.0'];
      const wants = `wants a login: ${'access' in options ? 'yes' : 'no'}`;
      assert.deepEqual(await lines('ping', world.host), [...told, wants]);
    });

    test('list-tags.mjs lists the tags with their digests', async () => {
      const { digest } = world.app.descriptor;
      const all = ['1.0', '1.1', 'latest'].map((tag) => `${tag}  ${digest}`);
      assert.deepEqual(await lines('list-tags', `${world.host}/team/app`), all);
    });

    test('manifest.mjs prints the exact bytes, and tells of them', async () => {
      const { bytes, descriptor } = world.app.manifest;
      const told = `${descriptor.mediaType}, ${descriptor.size} bytes, ${descriptor.digest}\n`;
      for (const name of ['team/app', 'team/app:1.0', `team/app@${descriptor.digest}`]) {
        const { code, stdoutBytes, stderr } = await run('manifest', `${world.host}/${name}`);
        assert.deepEqual([code, new Uint8Array(stdoutBytes)], [0, bytes], stderr);
        assert.equal(stderr, `${told}status 200, content-type ${descriptor.mediaType}\n`);
      }
    });

    test('blob.mjs keeps a blob in a file', async () => {
      const layer = world.single.blobs[1];
      const { digest, size } = layer?.descriptor ?? assert.fail('the image has no layer');
      const file = join(directory, 'layer.tgz');
      const told = [`${size} bytes, content-type application/octet-stream`, `wrote ${file}`];
      assert.deepEqual(await lines('blob', `${world.host}/team/single@${digest}`, file), told);
      assert.equal(hashOf(await readFile(file)), digest);
      const nowhere = await run('blob', `${world.host}/team/single@sha256:${'0'.repeat(64)}`, file);
      assert.equal(nowhere.code, 1);
      assert.match(nowhere.stderr, /there is no blob .*NOT_FOUND/s);
    });

    test('registry-client.mjs tells the digest, the platforms and their manifests', async () => {
      const { digest, mediaType } = world.single.descriptor;
      const platform = (architecture: string): string[] => [
        `Platform OS linux Architecture ${architecture}`,
        `Manifest of type ${mediaType}`,
      ];
      assert.deepEqual(await lines('registry-client', `${world.host}/team/app:1.0`), [
        `Image Digest of Tag 1.0: ${world.app.descriptor.digest}`,
        ...platform('amd64'),
        ...platform('arm64'),
      ]);
      const single = [`Image Digest of Tag 1: ${digest}`, ...platform('amd64')];
      assert.deepEqual(await lines('registry-client', `${world.host}/team/single:1`), single);
    });

    for (const name of ['team/single:1', 'team/app:1.0']) {
      test(`docker-registry2.mjs makes every call on ${name}, and the registries have what it says`, async () => {
        await journey(world, other, name);
      });
    }
  });
}

/** Runs `docker-registry2.mjs`, and compares what it printed with what was there. */
async function journey(world: World, other: World, name: string): Promise<void> {
  const [path = '', tag = ''] = name.split(':');
  const isIndex = path === 'team/app';
  const { digest, mediaType } = (isIndex ? world.app : world.single).manifest.descriptor;
  // That for linux/amd64 in the index is the same one.
  const { manifest: image, blobs } = world.single;
  const layer = `${blobs[1]?.descriptor.size}`;
  const tags = (await collect(world.registry.repository(path).tags())).join(' ');
  const count = `${tags.split(' ').length}`;
  const told = await lines('docker-registry2', `${world.host}/${name}`, other.host);
  const { append = '', ...said } = Object.fromEntries(told.map((line) => line.split(/: (.*)/s, 2) as [string, string]));
  assert.deepEqual(said, {
    connect: `http://${world.host}`,
    search: path,
    tags,
    'tags with hashes': count,
    'tags by pages': tags,
    manifest: mediaType,
    'manifest.headers': mediaType,
    'blob to a file': layer,
    'blob in memory': layer,
    'blob.headers': '200',
    config: 'amd64',
    digest,
    'digest of a platform': image.descriptor.digest,
    manifest_sum: `${blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0)}`,
    blob_size: layer,
    pull: `${blobs.length}`,
    push: image.descriptor.digest,
    'tag here': digest,
    'tag elsewhere': digest,
    copy: digest,
    rmtag: 'deleted',
    'the tag beside it': digest,
    rmrepo: `${isIndex ? 1 + world.app.children.length : 1}`,
  });
  const repository = world.registry.repository(path);
  const digestOf = async (at: Source, tagged: string): Promise<string | undefined> =>
    (await at.resolve(tagged))?.digest;
  assert.equal(await digestOf(repository, tag), digest);
  assert.equal(await digestOf(repository, 'again'), undefined);
  assert.equal(await digestOf(repository, 'appended'), append);
  assert.equal(await digestOf(world.registry.repository(`${path}-pushed`), tag), image.descriptor.digest);
  assert.equal(await digestOf(world.registry.repository(`${path}-other`), '10.5'), undefined);
  assert.equal(await digestOf(other.registry.repository(path), 'copied'), digest);
  await assertAppended(repository);
}

/** The first image has one layer more, which the program made. */
async function assertAppended(repository: Source): Promise<void> {
  const manifest = await select(repository, 'appended', { platform: { os: 'linux', architecture: 'amd64' } });
  const { content } = await buildLayer({ files: { 'mydata/hello': 'hello' } });
  assert.equal(manifest.links.length, 4);
  assert.equal(manifest.links.at(-1)?.descriptor.digest, content.descriptor.digest);
}

test('ping.mjs tells what is no registry', async () => {
  const web = await serve(async () => new Response('<html>', { headers: { 'content-type': 'text/html' } }));
  try {
    const { code, stdout, stderr } = await run('ping', web.host);
    assert.deepEqual([code, stderr], [1, '']);
    assert.match(stdout, /^NOT_A_REGISTRY: \S+ is no registry: it answers 200 at /);
  } finally {
    await web.close();
  }
});

test('without its password a registry is read by nobody, and ping.mjs says so', async () => {
  env = {};
  const world = await openWorld({ access });
  try {
    const { code, stdout } = await run('ping', world.host);
    assert.equal(code, 1);
    assert.match(stdout, /^UNAUTHORIZED: .* answered 401/);
    for (const name of ['list-tags', 'manifest', 'registry-client']) {
      const refused = await run(name, `${world.host}/team/app:1.0`);
      assert.deepEqual([refused.code, refused.stdout], [1, ''], name);
      assert.match(refused.stderr, /code: 'UNAUTHORIZED'/);
    }
  } finally {
    await world.close();
  }
});

test("parse.mjs prints what node-docker-registry-client's README shows", async () => {
  const names = ['mongo', 'myreg.example.com:5000/busybox:foo', 'https://quay.io/trentm/foo'];
  const told = (await lines('parse', ...names)).join('\n').split(/\n(?=\{)/);
  const busybox = 'myreg.example.com:5000/busybox';
  assert.deepEqual(
    told.map((one) => JSON.parse(one) as object),
    [
      {
        index: { name: 'docker.io', official: true },
        official: true,
        remoteName: 'library/mongo',
        localName: 'mongo',
        canonicalName: 'docker.io/mongo',
        tag: 'latest',
      },
      {
        index: { name: 'myreg.example.com:5000', official: false },
        official: false,
        remoteName: 'busybox',
        localName: busybox,
        canonicalName: busybox,
        tag: 'foo',
      },
      {
        index: { scheme: 'https', name: 'quay.io', official: false },
        official: false,
        remoteName: 'trentm/foo',
        localName: 'quay.io/trentm/foo',
        canonicalName: 'quay.io/trentm/foo',
        tag: 'latest',
      },
    ],
  );
});

test('v1.mjs reads a repository of the retired protocol, a private one with the password in docker’s file', async () => {
  await using world = await startV1World();
  for (const repository of ['team/app', 'team/secret']) {
    env = repository === 'team/app' ? {} : await dockerConfig(directory, { [world.host]: ALICE });
    assert.deepEqual(await lines('v1', `${world.host}/${repository}`), [
      `${world.index.url}, version 0.6.0`,
      `found ${repository}`,
      '3 images',
      ...Object.entries(TAGS).map(([tag, id]) => `${tag}: ${id}`),
      ...CHAIN.map(({ id, layer }) => `${id.slice(0, 12)}  2014-05-06T07:08:09Z  ${layer.length} bytes`),
    ]);
  }
});

test('every program was run', () => {
  const files = readdirSync(fileURLToPath(new URL('../../examples', import.meta.url)));
  const names = files.map((file) => file.replace(/\.mjs$/, '')).filter((name) => name !== 'demo');
  assert.deepEqual([...ran].sort(), names.sort());
});
