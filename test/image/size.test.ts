import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/graph/collect.ts';
import { contentSize, imageSizes, totalSize } from '../../src/image/size.ts';
import { parsePlatform } from '../../src/model/platform.ts';
import { contentFrom } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { type Built, buildImage, putArtifact, putBuilt, putIndex } from '../../src/testing/fixtures.ts';
import { overlay } from '../../src/store/overlay.ts';
import { failure, rejection } from '../support/failure.ts';
import { recordingStore } from '../support/recording-store.ts';
import { damaged, endlessContent } from '../support/watched-content.ts';

const shared = { files: { 'etc/shared': 'x'.repeat(3000) } };
const own = { files: { own: 'y' } };
const amd64 = await buildImage({ layers: [shared, own, shared] });
const arm64 = await buildImage({ layers: [shared], platform: parsePlatform('linux/arm64') });

/** Of the config and the layers, each once. */
function sizeOf(...built: readonly Built[]): number {
  const sizes = new Map(built.flatMap(({ blobs }) => blobs.map(({ descriptor: { digest, size } }) => [digest, size])));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

test('F12 READ-22 RUBY-47: an image weighs its config and its distinct layers', async () => {
  const store = createMemoryStore();
  await putBuilt(store, amd64, { tags: ['v1'] });
  const [size, ...others] = await collect(imageSizes(store, 'v1'));
  assert.deepEqual(others, []);
  assert.deepEqual([size?.compressed, size?.layers, size?.unpacked], [sizeOf(amd64), 2, undefined]);
  assert.equal(size?.descriptor.digest, amd64.manifest.descriptor.digest);
  assert.deepEqual(size?.platform, { os: 'linux', architecture: 'amd64' });
  assert.equal(size?.parts.length, 3);
  assert.equal(contentSize(amd64.manifest), sizeOf(amd64));
});

test('CAP-E18 F12 READ-22: an index is each of its images, and all together what they share counts once', async () => {
  const store = createMemoryStore();
  const attestation = { ...arm64.descriptor, platform: { os: 'unknown', architecture: 'unknown' } };
  const index = await putIndex(store, { manifests: [amd64, arm64, attestation], tags: ['v1'] });
  const sizes = await collect(imageSizes(store, 'v1'));
  assert.deepEqual(
    sizes.map(({ platform, compressed }) => [platform?.architecture, compressed]),
    [
      ['amd64', sizeOf(amd64)],
      ['arm64', sizeOf(arm64)],
    ],
  );
  assert.deepEqual(totalSize(sizes), { layers: 2, compressed: sizeOf(amd64, arm64) });
  assert.ok(sizeOf(amd64, arm64) < sizeOf(amd64) + sizeOf(arm64));
  const only = await collect(imageSizes(store, 'v1', { platform: parsePlatform('linux/arm64') }));
  assert.deepEqual(only, sizes.slice(1));
  const outer = await putIndex(store, { manifests: [index] });
  assert.deepEqual(totalSize(await collect(imageSizes(store, outer.manifest.descriptor))), totalSize(sizes));
  failure('USAGE', () => contentSize(index.manifest));
});

test('CAP-E18: the unpacked size is that of the layers, each read once', async () => {
  const store = recordingStore();
  await putBuilt(store.inner, amd64, { tags: ['v1'] });
  const read: string[] = [];
  const [size] = await collect(
    imageSizes(store, 'v1', {
      unpacked: true,
      on: (activity) => activity.type === 'done' && read.push(activity.descriptor.digest),
    }),
  );
  // A header of 512 bytes and whole blocks for a file, and two blocks and more for an end.
  assert.ok((size?.unpacked ?? 0) >= 3000 + 2 * 512);
  assert.equal((size?.unpacked ?? 1) % 512, 0);
  assert.deepEqual([...read].sort(), [...new Set(read)].sort());
  assert.equal(read.length, 2);
});

test('a layer that cannot be unpacked ends the reading of the others', async () => {
  const store = createMemoryStore();
  await putBuilt(store, amd64, { tags: ['v1'] });
  const [, first, second] = amd64.blobs;
  assert.ok(first !== undefined && second !== undefined);
  const endless = endlessContent(first.descriptor);
  const source = overlay(store, { blobs: [endless, damaged(second, 5)] });
  await rejection('DIGEST_MISMATCH', collect(imageSizes(source, 'v1', { unpacked: true })));
  assert.equal(endless.isOpen(), false);
});

test('an artifact weighs its blobs, and no platform is made up for it', async () => {
  const store = createMemoryStore();
  const bytes = new Uint8Array(100);
  const { manifest } = await putArtifact(store, { artifactType: 'text/plain', blobs: [{ bytes }], tags: ['v1'] });
  const [size] = await collect(imageSizes(store, 'v1'));
  assert.deepEqual([size?.platform, size?.compressed], [undefined, contentFrom(bytes).descriptor.size + 2]);
  assert.equal(contentSize(manifest), 102);
});

test('what is not there is told', async () => {
  const store = createMemoryStore();
  await rejection('NOT_FOUND', collect(imageSizes(store, 'v1')));
  await putIndex(store, { manifests: [amd64], tags: ['v1'] });
  await rejection('NOT_FOUND', collect(imageSizes(store, 'v1', { platform: parsePlatform('linux/s390x') })));
});
