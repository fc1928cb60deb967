import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOciError } from '../../src/errors.ts';
import { imageConfig, platformOfImage, select } from '../../src/graph/select.ts';
import { OCI_CONFIG, OCI_INDEX } from '../../src/model/media-types.ts';
import { parsePlatform } from '../../src/model/platform.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { IngestStore } from '../../src/store/types.ts';
import { blob, imageManifest } from '../../src/testing/samples.ts';

async function putPlatforms(store: IngestStore, ...platforms: string[]): Promise<string[]> {
  const layer = blob('a layer');
  await store.putBlob(layer);
  const entries = [];
  for (const text of platforms) {
    const platform = parsePlatform(text);
    const config = contentFrom(
      new TextEncoder().encode(JSON.stringify({ ...platform, rootfs: { type: 'layers', diff_ids: [] } })),
      OCI_CONFIG,
    );
    await store.putBlob(config);
    const manifest = imageManifest(config, layer);
    await store.putManifest(manifest);
    entries.push({ ...manifest.descriptor, platform });
  }
  await store.putManifest(manifestFromDocument({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries }), {
    tags: ['multi'],
  });
  return entries.map(({ digest }) => digest);
}

test('without a platform, whatever the reference names', async () => {
  const store = createMemoryStore();
  await putPlatforms(store, 'linux/amd64');
  assert.equal((await select(store, 'multi')).descriptor.mediaType, OCI_INDEX);
});

test("a platform leads to that child's manifest", async () => {
  const store = createMemoryStore();
  const [, arm] = await putPlatforms(store, 'linux/amd64', 'linux/arm64', 'linux/arm/v7');
  assert.equal((await select(store, 'multi', { platform: parsePlatform('linux/arm64/v8') })).descriptor.digest, arm);
});

test('a platform that is not there is NOT_FOUND, and the hint names those that are', async () => {
  const store = createMemoryStore();
  await putPlatforms(store, 'linux/amd64', 'linux/arm64');
  await assert.rejects(select(store, 'multi', { platform: parsePlatform('linux/s390x') }), (error) => {
    assert.ok(isOciError(error, 'NOT_FOUND'));
    assert.match(error.message, /linux\/s390x/);
    assert.equal(error.hint, 'it has linux/amd64, linux/arm64');
    return true;
  });
});

test('a single image has the platform that its own config says', async () => {
  const store = createMemoryStore();
  const [arm = ''] = await putPlatforms(store, 'linux/arm64');
  const manifest = await store.manifest(arm);
  assert.deepEqual(await platformOfImage(store, manifest), { os: 'linux', architecture: 'arm64' });
  assert.equal((await imageConfig(store, manifest))?.architecture, 'arm64');
  assert.equal((await select(store, arm, { platform: parsePlatform('linux/arm64') })).descriptor.digest, arm);
  await assert.rejects(select(store, arm, { platform: parsePlatform('linux/amd64') }), /linux\/amd64/);
});

test('an artifact has no platform, and fits every one', async () => {
  const store = createMemoryStore();
  const config = contentFrom(new TextEncoder().encode('{}'), 'application/vnd.example+json');
  await store.putBlob(config);
  const artifact = manifestFromDocument({ schemaVersion: 2, config: config.descriptor, layers: [] });
  await store.putManifest(artifact, { tags: ['v1'] });
  assert.equal(await platformOfImage(store, artifact), undefined);
  assert.equal(
    (await select(store, 'v1', { platform: parsePlatform('linux/amd64') })).descriptor.digest,
    artifact.descriptor.digest,
  );
});
