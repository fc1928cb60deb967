import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/bytes/hash.ts';
import { validate } from '../../src/graph/validate.ts';
import { type DockerArchive, readDockerArchive } from '../../src/layout/docker-archive.ts';
import { digestHex } from '../../src/model/digest.ts';
import * as types from '../../src/model/media-types.ts';
import { all, rejects } from '../../src/testing/samples.ts';
import { rejection } from '../support/failure.ts';
import { bytesOf, diffIdOf, filesIn, viewImage } from '../support/image-view.ts';
import {
  archiveInMemory,
  dialects,
  imageParts,
  type ImageParts,
  json,
  plainFiles,
  savedFiles,
  type SavedFiles,
} from '../support/saved-archives.ts';
import { storedZstd } from '../support/stored-zstd.ts';

async function open(files: SavedFiles): Promise<DockerArchive> {
  return readDockerArchive((await archiveInMemory(files)).files);
}

/** It is the image that was saved: the same config, the same layers once they are unpacked. */
async function assertImage(source: DockerArchive, reference: string, parts: ImageParts): Promise<void> {
  const { document, configBytes } = await viewImage(source, reference);
  assert.deepEqual(Buffer.from(configBytes), Buffer.from(parts.config));
  assert.equal(document.config.digest, parts.configDigest);
  const diffIds = await Promise.all(document.layers.map((layer) => diffIdOf(source.blob(layer))));
  assert.deepEqual(
    diffIds,
    parts.layers.map(({ diffId }) => diffId),
  );
  assert.deepEqual((await validate(source, reference)).problems, []);
}

describe('an archive that another tool has saved', () => {
  for (const [name, dialect] of Object.entries(dialects)) {
    test(`CAP-J3 CAP-J5: is read, whoever saved it: ${name}`, async () => {
      const one = await imageParts(['shared', 'one', 'shared'], 'one:1', 'one:latest');
      const two = await imageParts(['shared', 'two'], 'two:2');
      const source = await open(savedFiles(dialect, one, two));
      await assertImage(source, 'one:1', one);
      await assertImage(source, 'one', one);
      await assertImage(source, 'docker.io/library/two:2', two);
      await assertImage(source, '@1', two);
      assert.deepEqual(await all(source.tags()), ['one:1', 'one:latest', 'two:2']);
      assert.deepEqual(await all(source.tags({ last: 'one:1' })), ['one:latest', 'two:2']);
    });
  }
});

test('CAP-J3: plain layers are named by their diff ids, and not read before they are wanted', async () => {
  const parts = await imageParts(['one', 'two'], 'app:1');
  const { files, reads } = await archiveInMemory(plainFiles(parts));
  const source = await readDockerArchive(files);
  const { document, manifest } = await viewImage(source, 'app:1');
  assert.equal(manifest.descriptor.mediaType, types.DOCKER_MANIFEST);
  assert.equal(document.config.mediaType, types.DOCKER_CONFIG);
  const expected = parts.layers.map(({ plain, diffId }) => {
    return { mediaType: types.DOCKER_LAYER, size: plain.length, digest: diffId };
  });
  assert.deepEqual(document.layers, expected);
  const heads = parts.layers.map(({ diffId }) => `blobs/sha256/${digestHex(diffId)} 0-4`);
  const config = digestHex(parts.configDigest);
  const ofLayers = reads.filter((read) => !read.startsWith('manifest.json') && !read.includes(config));
  assert.deepEqual(ofLayers, heads, 'their first bytes only');
  assert.deepEqual(await filesIn(source.blob(document.layers[1] ?? assert.fail())), { 'etc/text': 'two' });
});

test('compressed layers keep their bytes, and are read once to learn of them', async () => {
  const [one, two] = [await imageParts(['shared', 'one'], 'one:1'), await imageParts(['shared'], 'two:1')];
  const { files, reads } = await archiveInMemory(savedFiles(dialects['crane and kaniko'] ?? assert.fail(), one, two));
  const source = await readDockerArchive(files);
  await source.manifest('one:1');
  const { document } = await viewImage(source, 'two:1');
  const packed = gzipSync(one.layers[0]?.plain ?? assert.fail());
  const layer = { mediaType: types.DOCKER_LAYER_GZIP, size: packed.length, digest: digestOf(packed) };
  assert.deepEqual(document.layers, [layer]);
  const name = `${digestHex(layer.digest)}.tar.gz`;
  const ofLayer = reads.filter((read) => read.startsWith(name));
  assert.deepEqual(ofLayer, [`${name} 0-4`, `${name} 0-${packed.length}`]);
  assert.ok(Buffer.from(await bytesOf(source.blob(layer))).equals(packed));
});

test('a layer in zstd makes an OCI manifest, for docker has no media type for it', async () => {
  const parts = await imageParts(['one', 'two'], 'app:1');
  const files = plainFiles(parts);
  const [first, second] = [parts.layers[0] ?? assert.fail(), parts.layers[1]];
  files[`blobs/sha256/${digestHex(first.diffId)}`] = storedZstd(first.plain);
  const source = await open(files);
  const { document, manifest } = await viewImage(source, 'app:1');
  assert.equal(manifest.descriptor.mediaType, types.OCI_MANIFEST);
  assert.equal(document.config.mediaType, types.OCI_CONFIG);
  assert.deepEqual(
    document.layers.map(({ mediaType }) => mediaType),
    [types.OCI_LAYER_ZSTD, types.OCI_LAYER],
  );
  assert.equal(document.layers[1]?.digest, second?.diffId);
  await assertImage(source, 'app:1', parts);
});

test('what is not there is not there', async () => {
  const source = await open(plainFiles(await imageParts(['one'], 'app:1')));
  const { manifest, document } = await viewImage(source, 'app:1');
  const nowhere = digestOf(json('nowhere'));
  for (const reference of ['app:2', 'other:1', 'ghcr.io/library/app:1', '@1', '@01x', 'Not/a Name', nowhere]) {
    assert.equal(await source.resolve(reference), undefined, reference);
    await rejects(source.manifest(reference), 'NOT_FOUND');
  }
  assert.deepEqual(await source.resolve(manifest.descriptor.digest), manifest.descriptor);
  assert.equal(await source.stat(nowhere), undefined);
  await rejects(bytesOf(source.blob({ ...document.config, digest: nowhere })), 'NOT_FOUND');
  assert.equal((await source.stat(document.config.digest))?.size, document.config.size);
  assert.deepEqual(await all(source.referrers(manifest.descriptor)), []);
  const empty = await open({ 'manifest.json': '[]' });
  assert.deepEqual(await all(empty.tags()), []);
});

test('a digest is found before anything was asked by name', async () => {
  const [one, two] = [await imageParts(['one'], 'one:1'), await imageParts(['two'], 'two:1')];
  const { manifest } = await viewImage(await open(plainFiles(one, two)), 'two:1');
  const source = await open(plainFiles(one, two));
  assert.deepEqual(await source.resolve(manifest.descriptor.digest), manifest.descriptor);
  const other = await open(plainFiles(one, two));
  const layer = two.layers[0] ?? assert.fail();
  assert.equal((await other.stat(layer.diffId))?.size, layer.plain.length);
});

test('a name that stands for several images is refused, and they are told apart by their places', async () => {
  const [one, two] = [await imageParts(['one'], 'app:1', 'app:2'), await imageParts(['two'], 'app:1')];
  const source = await open(plainFiles(one, two));
  const error = await rejection('LAYOUT_INVALID', source.manifest('app:1'));
  assert.match(error.message, /"app:1" stands for several images/);
  await assertImage(source, 'app:2', one);
  await assertImage(source, '@1', two);
  const twice = await open(plainFiles(one, one));
  await assertImage(twice, 'app:1', one);
});

test('names without a tag, and those of an image without a name, are understood', async () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const parts = await imageParts(['one'], 'alpine', `ghcr.io/o/app@${digest}`, `ghcr.io/o/app:1@${digest}`);
  const source = await open(plainFiles(parts, await imageParts(['two'])));
  assert.deepEqual(await all(source.tags()), ['alpine:latest', 'ghcr.io/o/app:1']);
  assert.deepEqual(
    source.images.map(({ names }) => names),
    [['alpine:latest', 'ghcr.io/o/app:1'], []],
  );
});

test('links within the archive are followed: symbolic, hard, absolute, one behind the other', async () => {
  const parts = await imageParts(['one'], 'app:1');
  const files = plainFiles(parts);
  const layer = `blobs/sha256/${digestHex(parts.layers[0]?.diffId ?? assert.fail())}`;
  const links: SavedFiles = {
    'a/layer.tar': { type: 'symlink', linkname: '../b/./layer.tar' },
    'b/layer.tar': { type: 'link', linkname: 'c/layer.tar' },
    'c/layer.tar': { type: 'symlink', linkname: `/${layer}` },
  };
  const manifest = [{ Config: `./${hexConfig(parts)}`, RepoTags: ['app:1'], Layers: ['./a//layer.tar'] }];
  await assertImage(await open({ ...files, ...links, 'manifest.json': json(manifest) }), 'app:1', parts);
});

function hexConfig({ configDigest }: ImageParts): string {
  return `blobs/sha256/${digestHex(configDigest)}`;
}
