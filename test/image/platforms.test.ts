import assert from 'node:assert/strict';
import { test } from 'node:test';
import { platformsOf } from '../../src/image/platforms.ts';
import { OCI_INDEX } from '../../src/model/media-types.ts';
import { formatPlatform, parsePlatform } from '../../src/model/platform.ts';
import { manifestFromDocument } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { buildImage, putArtifact, putBuilt, putImage, putIndex } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';

const variants = ['linux/amd64', 'linux/arm/v5', 'linux/arm/v7', 'windows/amd64:10.0.17763.1'];
const images = await Promise.all(
  variants.map((text) => buildImage({ layers: [{ files: { platform: text } }], platform: parsePlatform(text) })),
);

test('READ-12 RUBY-41 GO-14 GO-23 GO-24 GO-37: of an index its entries, each with digest, media type and size', async () => {
  const store = createMemoryStore();
  await putIndex(store, { manifests: images, tags: ['v1'] });
  const found = await platformsOf(store, 'v1');
  assert.deepEqual(
    found.map(({ platform }) => formatPlatform(platform)),
    variants,
  );
  for (const [at, { descriptor, platform }] of found.entries()) {
    const manifest = await store.manifest(descriptor);
    assert.deepEqual({ ...manifest.descriptor, platform }, descriptor);
    assert.equal(descriptor.digest, images[at]?.manifest.descriptor.digest);
  }
});

test('D11 READ-12 GO-14: of a single image the one that its config says', async () => {
  const store = createMemoryStore();
  const platform = { os: 'linux', architecture: 'arm64', variant: 'v8' };
  const { manifest } = await putImage(store, { layers: [], platform, tags: ['v1'] });
  assert.deepEqual(await platformsOf(store, 'v1'), [{ platform, descriptor: { ...manifest.descriptor, platform } }]);
});

test('READ-12 READ-13: attestations, artifacts and entries that name none are no platforms', async () => {
  const store = createMemoryStore();
  const [amd64] = images;
  assert.ok(amd64);
  await putBuilt(store, amd64);
  const { descriptor } = amd64.manifest;
  const unknown = { ...descriptor, platform: { os: 'unknown', architecture: 'unknown' } };
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest' };
  const manifests = [unknown, { ...amd64.descriptor, annotations }, descriptor, { ...descriptor, platform: null }];
  await store.putManifest(manifestFromDocument({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }), {
    tags: ['v1'],
  });
  assert.deepEqual(await platformsOf(store, 'v1'), []);
  await putArtifact(store, { artifactType: 'application/spdx+json', tags: ['sbom'] });
  assert.deepEqual(await platformsOf(store, 'sbom'), []);
});

test('indexes within an index are looked into, eight deep', async () => {
  const store = createMemoryStore();
  let index = await putIndex(store, { manifests: images });
  for (let depth = 2; depth <= 9; depth++) index = await putIndex(store, { manifests: [index, index] });
  assert.equal((await platformsOf(store, index.manifest.descriptor)).length, images.length);
  const deeper = await putIndex(store, { manifests: [index] });
  await rejection('LIMIT', platformsOf(store, deeper.manifest.descriptor));
});

test('an unknown tag is NOT_FOUND', async () => {
  const error = await rejection('NOT_FOUND', platformsOf(createMemoryStore(), 'v9'));
  assert.equal(error.missing, 'manifest');
});
