import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOciError, type OciError } from '../../src/errors.ts';
import { imageConfig, platformOfImage, select } from '../../src/graph/select.ts';
import { OCI_CONFIG, OCI_INDEX } from '../../src/model/media-types.ts';
import { parsePlatform, type Platform } from '../../src/model/platform.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { IngestStore } from '../../src/store/types.ts';
import { blob, imageManifest } from '../../src/testing/samples.ts';
import { rejection } from '../support/failure.ts';
import { testRegistry } from '../support/test-registry.ts';

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

test("READ-13 RUBY-40: a platform leads to that child's manifest", async () => {
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

test('D11 READ-12: a single image has the platform that its own config says', async () => {
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

/** What Docker Hub has of php, in its order. */
const php = [
  'linux/amd64',
  'linux/arm/v5',
  'linux/arm/v7',
  'linux/arm64/v8',
  'linux/386',
  'linux/mips64le',
  'linux/ppc64le',
  'linux/s390x',
];

test('CAP-E10 D12 READ-13 RUBY-40: a variant finds its own entry, and where there is none the best that runs', async () => {
  const store = createMemoryStore();
  const digests = await putPlatforms(store, ...php);
  const chosen = async (text: string): Promise<string | undefined> => {
    const { descriptor } = await select(store, 'multi', { platform: parsePlatform(text) });
    return php[digests.indexOf(descriptor.digest)];
  };
  assert.equal(await chosen('linux/arm/v5'), 'linux/arm/v5');
  assert.equal(await chosen('linux/arm/v6'), 'linux/arm/v5');
  assert.equal(await chosen('linux/arm/v7'), 'linux/arm/v7');
  assert.equal(await chosen('linux/arm'), 'linux/arm/v7');
  assert.equal(await chosen('linux/arm64'), 'linux/arm64/v8');
  assert.equal(await chosen('linux/amd64'), 'linux/amd64');
});

test('D12 RUBY-42: where nothing matches, the message names the image and all that was asked for', async () => {
  const { client, registry } = testRegistry();
  await putPlatforms(registry.repository('library/php'), ...php.filter((platform) => platform !== 'linux/arm/v5'));
  const repository = client.repository('registry.test/library/php');
  const fails = (platform: Platform): Promise<OciError> =>
    rejection('NOT_FOUND', select(repository, 'multi', { platform }));
  const variant = await fails(parsePlatform('linux/arm/v5'));
  assert.equal(variant.message, 'there is no linux/arm/v5 in registry.test/library/php:multi');
  assert.match(variant.hint ?? '', /^it has linux\/amd64, linux\/arm\/v7, /);
  const windows = { os: 'windows', architecture: 'amd64', 'os.version': '10.0.17763', 'os.features': ['win32k'] };
  assert.match((await fails(windows)).message, /^there is no windows\/amd64:10\.0\.17763 with win32k in /);
  const single = await repository.manifest('multi');
  const { digest } = single.links[0]?.descriptor ?? single.descriptor;
  const arm = rejection('NOT_FOUND', select(repository, digest, { platform: parsePlatform('linux/arm/v5') }));
  assert.equal((await arm).message, `there is no linux/arm/v5 in registry.test/library/php@${digest}`);
});

test('READ-13: what BuildKit attests of an image is for no platform', async () => {
  const store = createMemoryStore();
  const [image = ''] = await putPlatforms(store, 'linux/s390x');
  const { descriptor } = await store.manifest(image);
  const unknown = { os: 'unknown', architecture: 'unknown' };
  const attestation = { ...descriptor, platform: unknown };
  const annotated = { ...descriptor, platform: { os: 'linux', architecture: 'amd64' } };
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest' };
  const nameless = { ...descriptor, platform: null };
  const manifests = [attestation, { ...annotated, annotations }, nameless];
  await store.putManifest(manifestFromDocument({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }), {
    tags: ['v1'],
  });
  for (const platform of [unknown, annotated.platform]) {
    const error = await rejection('NOT_FOUND', select(store, 'v1', { platform }));
    assert.equal(error.hint, 'its entries name no platform');
  }
});

test('READ-13: an index within an index is looked into', async () => {
  const store = createMemoryStore();
  const [, arm] = await putPlatforms(store, 'linux/amd64', 'linux/arm64');
  const inner = await store.manifest('multi');
  const outer = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [inner.descriptor, inner.descriptor] };
  await store.putManifest(manifestFromDocument(outer), { tags: ['outer'] });
  assert.equal((await select(store, 'outer', { platform: parsePlatform('linux/arm64') })).descriptor.digest, arm);
});
