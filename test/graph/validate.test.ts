import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import { validate } from '../../src/graph/validate.ts';
import { walk } from '../../src/graph/walk.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { OCI_LAYER_GZIP } from '../../src/model/media-types.ts';
import { contentOf, manifestFromDocument } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { IngestStore, Source } from '../../src/store/types.ts';
import { type Built, putImage, putIndex } from '../../src/testing/fixtures.ts';
import { fake, rejects } from '../../src/testing/samples.ts';

async function multiPlatform(): Promise<{ store: IngestStore; images: Built[] }> {
  const store = createMemoryStore();
  const images: Built[] = [];
  for (const architecture of ['amd64', 'arm64']) {
    const layers = [{ files: { 'etc/arch': architecture } }, { files: { 'etc/shared': 'the same everywhere' } }];
    images.push(await putImage(store, { layers, platform: { os: 'linux', architecture } }));
  }
  await putIndex(store, { manifests: images, tags: ['multi'] });
  return { store, images };
}

/** The same source, but for one blob. */
function damaged(store: Source, digest: string, blob: Source['blob']): Source {
  return { ...store, blob: (descriptor) => (descriptor.digest === digest ? blob(descriptor) : store.blob(descriptor)) };
}

const layerOf = ({ blobs }: Built): Descriptor => {
  const [, layer] = blobs;
  assert.ok(layer);
  return layer.descriptor;
};

test('CAP-N1: a whole image has no problems, and each digest counts once', async () => {
  const { store } = await multiPlatform();
  const result = await validate(store, 'multi');
  assert.deepEqual(result.problems, []);
  assert.equal(result.manifests, 3);
  assert.equal(result.blobs, 5);
  const quick = await validate(store, 'multi', { quick: true });
  assert.deepEqual(quick, result);
});

test('CAP-N1: a wrong byte is found, and the rest is read all the same', async () => {
  const { store, images } = await multiPlatform();
  const [, arm] = images;
  assert.ok(arm);
  const layer = layerOf(arm);
  const source = damaged(store, layer.digest, () => fake('x', 'y'));
  const result = await validate(source, 'multi');
  assert.deepEqual(
    result.problems.map(({ descriptor, error }) => [descriptor.digest, error.code]),
    [[layer.digest, 'DIGEST_MISMATCH']],
  );
  assert.equal(result.blobs, 4);
});

test('a layer whose damage keeps it from unpacking has wrong bytes, not a wrong format', async () => {
  const { store, images } = await multiPlatform();
  const [amd] = images;
  assert.ok(amd);
  const layer = layerOf(amd);
  const bytes = await readAll(store.blob(layer).open(), layer.size, 'layer');
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
  // Small chunks: the decoder meets the damage before the last one is held back.
  const source = damaged(store, layer.digest, () =>
    contentOf(layer, async function* (start, end) {
      for (let at = start; at < end; at += 16) yield bytes.subarray(at, Math.min(at + 16, end));
    }),
  );
  const { problems } = await validate(source, 'multi');
  assert.deepEqual(
    problems.map(({ descriptor, error }) => [descriptor.digest, error.code]),
    [[layer.digest, 'DIGEST_MISMATCH']],
  );
});

test('a layer that is right but does not unpack is named', async () => {
  const store = createMemoryStore();
  const bytes = Uint8Array.of(0x1f, 0x8b, ...new TextEncoder().encode('no gzip data at all'));
  const image = await putImage(store, { layers: [{ bytes, mediaType: OCI_LAYER_GZIP }], tags: ['broken'] });
  const { problems } = await validate(store, 'broken');
  const [, layer] = image.blobs;
  assert.deepEqual(
    problems.map(({ error }) => error.code),
    ['LAYOUT_INVALID'],
  );
  assert.ok(layer && problems[0]?.error.message.includes(layer.descriptor.digest));
});

test('a wrong byte in a config is one problem, of the config', async () => {
  const { store, images } = await multiPlatform();
  const config = images[0]?.blobs[0]?.descriptor;
  assert.ok(config);
  const wrong = new Uint8Array(config.size);
  const source = damaged(store, config.digest, () => contentOf(config, () => fromArray(wrong)));
  const { problems } = await validate(source, 'multi');
  assert.deepEqual(
    problems.map(({ descriptor, error }) => [descriptor.digest, error.code]),
    [[config.digest, 'DIGEST_MISMATCH']],
  );
});

test('CAP-N1: missing blobs are found without reading any', async () => {
  const { store, images } = await multiPlatform();
  const [amd] = images;
  assert.ok(amd);
  const layer = layerOf(amd);
  await store.delete({ blob: layer.digest });
  for (const quick of [true, false]) {
    const { problems } = await validate(store, 'multi', { quick });
    assert.deepEqual(
      problems.map(({ descriptor, error }) => [descriptor.digest, error.code]),
      [[layer.digest, 'NOT_FOUND']],
    );
  }
});

test('CAP-N1: a layer that is not the one its config says is a problem', async () => {
  const store = createMemoryStore();
  const one = await putImage(store, { layers: [{ files: { a: '1' } }] });
  const two = await putImage(store, { layers: [{ files: { a: '2' } }] });
  const swapped = manifestFromDocument({ ...one.manifest.document, layers: [layerOf(two)] });
  await store.putManifest(swapped, { tags: ['swapped'] });
  const { problems } = await validate(store, 'swapped');
  assert.deepEqual(
    problems.map(({ error }) => error.code),
    ['DIGEST_MISMATCH'],
  );
  assert.match(problems[0]?.error.message ?? '', /the config says sha256:/);
});

test('fewer layers than diff ids is a problem', async () => {
  const store = createMemoryStore();
  const image = await putImage(store, { layers: [{ files: { a: '1' } }, { files: { b: '2' } }] });
  const short = manifestFromDocument({ ...image.manifest.document, layers: [layerOf(image)] });
  await store.putManifest(short, { tags: ['short'] });
  const { problems } = await validate(store, 'short');
  assert.deepEqual(
    problems.map(({ error }) => error.code),
    ['MANIFEST_INVALID'],
  );
});

test('what is not there at all is thrown', async () => {
  await rejects(validate(createMemoryStore(), 'v1'), 'NOT_FOUND');
});

test('a walk visits every manifest once, parents first, with the platforms of the index', async () => {
  const { store, images } = await multiPlatform();
  const [amd, arm] = images;
  await putIndex(store, { manifests: [...images, ...images.map(({ descriptor }) => descriptor)], tags: ['twice'] });
  const visits = [];
  for await (const { descriptor, depth } of walk(store, 'twice'))
    visits.push([depth, descriptor.digest, descriptor.platform?.architecture]);
  assert.deepEqual(visits.slice(1), [
    [1, amd?.descriptor.digest, 'amd64'],
    [1, arm?.descriptor.digest, 'arm64'],
  ]);
});
