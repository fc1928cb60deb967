/** What the services of imagespy/registry-client promised of images, manifests and platforms, by the library and by the command. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { readFile } from 'node:fs/promises';
import { collect } from '../../src/graph/collect.ts';
import { imageConfig } from '../../src/graph/select.ts';
import { openImage } from '../../src/image/image.ts';
import { platformsOf } from '../../src/image/platforms.ts';
import type { ImageManifest } from '../../src/model/manifest.ts';
import { DOCKER_LIST, DOCKER_MANIFEST } from '../../src/model/media-types.ts';
import { formatPlatform, type Platform } from '../../src/model/platform.ts';
import { createClient } from '../../src/node/client.ts';
import type { Client } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import { buildImage, putBuilt, putImage, putIndex } from '../../src/testing/fixtures.ts';
import { cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { runProgram } from '../support/code-blocks.ts';
import { rejection } from '../support/failure.ts';
import { startOrigin } from '../support/http-origin.ts';

let world: World;
let client: Client;
let repository: Repository;
before(async () => {
  world = await openWorld();
});
beforeEach(() => {
  client = createClient({ credentials: async () => undefined });
  repository = client.repository(`${world.host}/team/app`);
});
after(() => world.close());

const run = (line: string): ReturnType<typeof cli> => cli(line.replaceAll('REGISTRY', world.host).split(' '));

/** What `inspect --json` tells. */
async function inspected(name: string): Promise<Inspected> {
  const { code, stdout, stderr } = await run(`inspect --json ${name}`);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Inspected;
}
interface Inspected {
  readonly reference: string;
  readonly digest: string;
  readonly manifests?: readonly { platform: string; digest: string; size: number; mediaType: string }[];
  readonly image: { readonly digest: string; readonly platform: string };
}

test('GO-13 GO-15 GO-16 GO-29: an image by tag or digest tells its digest, domain, repository and tag', async () => {
  const { digest } = world.app.manifest.descriptor;
  assert.equal((await repository.resolve('1.0'))?.digest, digest);
  assert.deepEqual([repository.registry, repository.name], [world.host, 'team/app']);
  for (const reference of ['1.0', digest]) {
    const image = await openImage(repository, reference);
    assert.equal(image.descriptor.digest, world.app.children[0]?.manifest.descriptor.digest);
    assert.deepEqual(image.platform, { os: 'linux', architecture: 'amd64' });
  }
  const byTag = await inspected('REGISTRY/team/app:1.0');
  const byDigest = await inspected(`REGISTRY/team/app@${digest}`);
  assert.deepEqual([byTag.digest, byTag.reference], [digest, `${world.host}/team/app:1.0@${digest}`]);
  assert.deepEqual([byDigest.digest, byDigest.reference], [digest, `${world.host}/team/app@${digest}`]);
  await client.close();
});

test('GO-14: the platforms of an image are the entries of its index, or what its config says', async () => {
  const arm: Platform = { os: 'linux', architecture: 'arm64' };
  await putImage(world.registry.repository('team/arm'), { layers: [], platform: arm, tags: ['1'] });
  const single = client.repository(`${world.host}/team/arm`);
  const names = async (from: Repository, tag: string): Promise<string[]> =>
    (await platformsOf(from, tag)).map(({ platform }) => formatPlatform(platform));
  assert.deepEqual(await names(repository, '1.0'), ['linux/amd64', 'linux/arm64']);
  assert.deepEqual(await names(single, '1'), ['linux/arm64']);
  assert.equal((await inspected('REGISTRY/team/arm:1')).image.platform, 'linux/arm64');
  await client.close();
});

test('GO-23 GO-24: a platform has all that a list says of it, and digest, media type and size of its manifest', async () => {
  const image = await buildImage({ layers: [{ files: { a: 'b' } }], family: 'docker' });
  const platform = {
    architecture: 'amd64',
    os: 'windows',
    'os.version': '10.0.17763.1',
    'os.features': ['win32k'],
    variant: 'v2',
    features: ['sse4'],
  };
  const store = world.registry.repository('team/list');
  await putBuilt(store, image);
  const { digest, mediaType, size } = image.manifest.descriptor;
  const manifests = [{ digest, mediaType, size, platform }];
  await store.putManifest(manifestFromDocument({ schemaVersion: 2, mediaType: DOCKER_LIST, manifests }), {
    tags: ['1'],
  });
  const [found, ...others] = await platformsOf(client.repository(`${world.host}/team/list`), '1');
  assert.deepEqual(others, []);
  assert.deepEqual(found, { platform, descriptor: { digest, mediaType, size, platform } });
  const { manifests: told } = await inspected('REGISTRY/team/list:1 --platform windows/amd64/v2');
  assert.deepEqual(told, [{ platform: 'windows/amd64/v2:10.0.17763.1', digest, size, mediaType }]);
  const { stdout } = await run('manifest REGISTRY/team/list:1');
  assert.deepEqual((JSON.parse(stdout) as { manifests: unknown }).manifests, manifests);
  await client.close();
});

test('GO-17 GO-18: a tag moves from image to image, and a digest names the same one until it is deleted', async () => {
  const store = world.registry.repository('team/moving');
  const [first, second] = await Promise.all(
    ['one', 'two'].map((name) => putImage(store, { layers: [{ files: { name } }] })),
  );
  assert.ok(first && second);
  const moving = client.repository(`${world.host}/team/moving`);
  const digests = [first, second].map(({ manifest }) => manifest.descriptor.digest);
  for (const [at, { manifest }] of [first, second].entries()) {
    await moving.putManifest(manifest, { tags: ['latest'] });
    assert.equal((await moving.resolve('latest'))?.digest, digests[at]);
    assert.equal((await run('digest REGISTRY/team/moving')).stdout, `${digests[at]}\n`);
    for (const digest of digests) assert.equal((await moving.resolve(digest))?.digest, digest);
  }
  assert.equal(await moving.delete({ manifest: digests[0] ?? assert.fail() }), 'deleted');
  assert.equal(await moving.resolve(digests[0] ?? ''), undefined);
  const deleted = await run(`delete --yes REGISTRY/team/moving@${digests[1]}`);
  assert.equal(deleted.code, 0, deleted.stderr);
  assert.equal((await run(`inspect REGISTRY/team/moving@${digests[1]}`)).code, 3);
  await rejection('NOT_FOUND', openImage(moving, 'latest'));
  await client.close();
});

test('GO-19: the manifest of a digest has config, layers and media types', async () => {
  const { digest } = world.single.manifest.descriptor;
  const single = client.repository(`${world.host}/team/single`);
  const { document, bytes } = await single.manifest(digest);
  const { schemaVersion, config, layers } = document as ImageManifest;
  const [first, ...others] = world.single.blobs.map(({ descriptor }) => descriptor);
  assert.deepEqual([schemaVersion, config, layers], [2, first, others]);
  assert.deepEqual((await run(`manifest REGISTRY/team/single@${digest}`)).stdoutBytes, Buffer.from(bytes));
  await client.close();
});

test('GO-5: what is not there is one error, from every service', async () => {
  const other = client.repository(`${world.host}/no/such`);
  const absent = contentFrom(new Uint8Array(1)).descriptor;
  const image = await openImage(repository, '1.0');
  for (const ask of [
    () => openImage(repository, 'v9'),
    () => openImage(other, '1.0'),
    () => repository.manifest(absent.digest),
    () => platformsOf(repository, 'v9'),
    () => collect(other.tags()),
    () => collect(repository.blob(absent).open()),
    async () => imageConfig(other, image.manifest),
  ])
    await rejection('NOT_FOUND', ask());
  assert.equal(await repository.delete({ manifest: absent.digest }), 'absent');
  for (const line of [
    'inspect REGISTRY/team/app:v9',
    `manifest REGISTRY/team/app@${absent.digest}`,
    'digest REGISTRY/no/such',
    'tags REGISTRY/no/such',
    `delete --yes REGISTRY/team/app@${absent.digest}`,
  ])
    assert.equal((await run(line)).code, 3, line);
  await client.close();
});

test('GO-7: a manifest of an unknown kind is refused by name', async () => {
  const mediaType = 'application/vnd.example.strange.v9+json';
  for (const [document, says] of [
    [{ schemaVersion: 2, mediaType }, /application\/vnd\.example\.strange\.v9\+json/],
    [{ schemaVersion: 9 }, /schemaVersion is not 2/],
  ] as const) {
    await using origin = await startOrigin((_, response) => {
      response.writeHead(200, { 'content-type': mediaType }).end(JSON.stringify(document));
    });
    const { host } = new URL(origin.url);
    const error = await rejection('MANIFEST_INVALID', client.repository(`${host}/a`).manifest('1'));
    assert.match(error.message, says);
    const { code, stderr } = await cli(['inspect', `${host}/a:1`]);
    assert.equal(code, 1);
    assert.match(stderr, /\(MANIFEST_INVALID\)/);
  }
  await client.close();
});

test('GO-37: the example: an image, its platforms, and the manifest of each', async () => {
  const golang = await putIndex(world.registry.repository('library/golang'), {
    manifests: [
      await buildImage({ layers: [{ files: { VERSION: 'go1.12' } }], family: 'docker' }),
      await buildImage({ layers: [], family: 'docker', platform: { os: 'linux', architecture: 's390x' } }),
    ],
    family: 'docker',
    tags: ['1.12.0'],
  });
  const { digest } = golang.manifest.descriptor;
  const example = await readFile(new URL('../../examples/registry-client.mjs', import.meta.url), 'utf8');
  const argument = `process.argv[2] = '${world.host}/library/golang:1.12.0';`;
  const printed = await runProgram(`${argument}\n${example}`);
  const type = `Manifest of type ${DOCKER_MANIFEST}`;
  assert.deepEqual(printed.trimEnd().split('\n'), [
    `Image Digest of Tag 1.12.0: ${digest}`,
    'Platform OS linux Architecture amd64',
    type,
    'Platform OS linux Architecture s390x',
    type,
  ]);
  const told = await inspected('REGISTRY/library/golang:1.12.0');
  assert.equal(told.digest, digest);
  assert.deepEqual(
    told.manifests?.map(({ platform, mediaType }) => [platform, mediaType]),
    [
      ['linux/amd64', DOCKER_MANIFEST],
      ['linux/s390x', DOCKER_MANIFEST],
    ],
  );
});
