import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseImage } from '../../src/image/choose.ts';
import { openImage, viewOf } from '../../src/image/image.ts';
import { parsePlatform } from '../../src/model/platform.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { buildImage, putArtifact, putBuilt, putImage, putIndex } from '../../src/testing/fixtures.ts';
import * as faults from '../../src/testing/faults.ts';
import { only, requestTo } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { testRegistry } from '../support/test-registry.ts';

const layer = { files: { 'etc/name': 'the same twice' } };
const history = [{ created_by: 'COPY name /etc' }, { created_by: 'ENV A=b', empty_layer: true }];
const config = { created: '2024-05-06T07:08:09Z', config: { Env: ['A=b'], Labels: { team: 'web' } }, history };
const arm = { os: 'linux', architecture: 'arm64', variant: 'v8' };
const amd64 = await buildImage({ layers: [layer], config });
const arm64 = await buildImage({ layers: [layer, { files: { b: '' } }, layer], config, platform: arm });

test('RUBY-38 RUBY-49 READ-16 READ-17 GO-13 GO-15 GO-16: an image by tag or digest has its layers, config and history', async () => {
  const store = createMemoryStore();
  await putBuilt(store, arm64, { tags: ['v1'] });
  for (const reference of ['v1', arm64.manifest.descriptor.digest, arm64.manifest.descriptor]) {
    const image = await openImage(store, reference);
    assert.deepEqual(image.descriptor, arm64.manifest.descriptor);
    assert.deepEqual(image.manifest.bytes, arm64.manifest.bytes);
    assert.deepEqual(
      image.layers,
      arm64.blobs.slice(1).map(({ descriptor }) => descriptor),
    );
    const read = await image.config();
    assert.deepEqual([read?.architecture, read?.os, read?.created], ['arm64', 'linux', config.created]);
    assert.deepEqual(read?.config?.Labels, { team: 'web' });
    assert.deepEqual(await image.history(), history);
  }
});

test('RUBY-47 F12 READ-22: its size is that of its config and its distinct layers', async () => {
  const store = createMemoryStore();
  await putBuilt(store, arm64, { tags: ['v1'] });
  const [own, first, second] = arm64.blobs.map(({ descriptor }) => descriptor.size);
  assert.equal((await openImage(store, 'v1')).size, (own ?? 0) + (first ?? 0) + (second ?? 0));
});

test('D11: a single image is for the platform of its config, whatever was to be expected', async () => {
  const store = createMemoryStore();
  await putBuilt(store, arm64, { tags: ['v1'] });
  assert.deepEqual((await openImage(store, 'v1')).platform, arm);
  assert.deepEqual((await openImage(store, 'v1', { platform: parsePlatform('linux/arm64') })).platform, arm);
  await rejection('NOT_FOUND', openImage(store, 'v1', { platform: parsePlatform('linux/amd64') }));
});

test('an index gives the image for a platform; without one linux/amd64, or else its first', async () => {
  const store = createMemoryStore();
  await putIndex(store, { manifests: [arm64, amd64], tags: ['both'] });
  await putIndex(store, { manifests: [arm64], tags: ['arm'] });
  const platform = parsePlatform('linux/arm64');
  for (const [reference, options, expected] of [
    ['both', { platform }, arm64],
    ['both', {}, amd64],
    ['arm', {}, arm64],
  ] as const) {
    const image = await openImage(store, reference, options);
    assert.equal(image.descriptor.digest, expected.manifest.descriptor.digest);
    assert.deepEqual(image.platform, expected.descriptor.platform);
  }
  await rejection('NOT_FOUND', openImage(store, 'both', { platform: parsePlatform('linux/s390x') }));
});

test('an artifact has neither platform nor config, and an index of artifacts no image', async () => {
  const store = createMemoryStore();
  await putArtifact(store, { artifactType: 'application/spdx+json', tags: ['sbom'] });
  const sbom = await openImage(store, 'sbom', { platform: parsePlatform('linux/amd64') });
  assert.deepEqual([sbom.platform, await sbom.config(), await sbom.history()], [undefined, undefined, []]);
  await putIndex(store, { manifests: [], tags: ['empty'] });
  await rejection('NOT_FOUND', openImage(store, 'empty'));
});

test('asks a registry for nothing twice, and for no config before somebody wants it', async () => {
  const { repository, registry, lines } = testRegistry();
  await putIndex(registry.repository('team/app'), { manifests: [amd64, arm64], tags: ['v1'] });
  const image = await openImage(repository, 'v1');
  assert.equal(lines().length, 2);
  await image.config();
  await image.history();
  assert.equal(lines().length, 3);
});

test('READ-16: a config that is not what its digest says is refused, and read again by the next call', async () => {
  const rotten = only(faults.flipByte(3), { matches: requestTo('blob', 'GET'), times: 1 });
  const { repository, registry } = testRegistry({ wraps: [rotten] });
  await putIndex(registry.repository('team/app'), { manifests: [amd64], tags: ['v1'] });
  const image = await openImage(repository, 'v1');
  await rejection('DIGEST_MISMATCH', image.config());
  assert.equal((await image.config())?.architecture, 'amd64');
});

test('a choice tells what there was to choose from', async () => {
  const store = createMemoryStore();
  const { descriptor } = amd64;
  const attestation = { ...descriptor, platform: { os: 'unknown', architecture: 'unknown' } };
  await putImage(store, { layers: [layer], config });
  await putIndex(store, { manifests: [amd64, arm64, attestation], tags: ['v1'] });
  const { root, image, entries } = await chooseImage(store, 'v1');
  assert.equal(root.links.length, 3);
  assert.equal(image.descriptor.digest, descriptor.digest);
  assert.deepEqual(entries, [descriptor, arm64.descriptor]);
});

test('an index without images can be looked at, and weighs nothing', async () => {
  const store = createMemoryStore();
  const attestation = {
    ...amd64,
    descriptor: { ...amd64.descriptor, platform: { os: 'unknown', architecture: 'unknown' } },
  };
  const { manifest } = await putIndex(store, { manifests: [attestation], tags: ['v1'] });
  const view = await viewOf(store, await chooseImage(store, 'v1'), {});
  assert.deepEqual([view.descriptor, view.layers, view.size], [manifest.descriptor, [], 0]);
  await rejection('NOT_FOUND', openImage(store, 'v1'));
});
