import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOciError } from '../../src/errors.ts';
import { readAll } from '../../src/bytes/read.ts';
import { copy } from '../../src/graph/copy.ts';
import { imageConfig } from '../../src/graph/select.ts';
import { validate } from '../../src/graph/validate.ts';
import { convertSchema1, schema1Blobs } from '../../src/image/schema1/schema1.ts';
import type { ImageConfig } from '../../src/model/image-config.ts';
import type { Manifest } from '../../src/model/manifest.ts';
import * as types from '../../src/model/media-types.ts';
import { parseSchema1 } from '../../src/model/schema1.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { contentOf } from '../../src/store/content.ts';
import type { Source, Store } from '../../src/store/types.ts';
import { buildLayer } from '../../src/testing/fixtures.ts';
import { type BuiltSchema1, buildSchema1, putSchema1Blobs, type Schema1Spec } from '../../src/testing/schema1.ts';
import { rejection } from '../support/failure.ts';
import { oldImage } from '../support/schema1.ts';

const gzip = { files: { 'etc/name': 'gzip' } } as const;
const plain = { files: { 'etc/name': 'plain' }, compression: 'none' } as const;
const empty = { bytes: new Uint8Array(1024) } as const;

interface Old {
  readonly image: BuiltSchema1;
  readonly store: Store;
}

async function old(spec: Partial<Schema1Spec> = {}): Promise<Old> {
  const store = createMemoryStore();
  return { image: await putSchema1Blobs(store, await buildSchema1({ ...oldImage, ...spec })), store };
}

async function convert(
  { image, store }: Old,
  options: Parameters<typeof convertSchema1>[2] = {},
): Promise<{ source: Source; manifest: Manifest; config: ImageConfig }> {
  const { source, root } = await convertSchema1(store, parseSchema1(image.bytes), options);
  const manifest = await source.manifest(root);
  const config = await imageConfig(source, manifest);
  assert.ok(config);
  return { source, manifest, config };
}

function layersOf({ document }: Manifest): readonly { readonly mediaType: string; readonly digest: string }[] {
  assert.ok('layers' in document);
  return document.layers;
}

test('RUBY-46: a converted image is one of today, with the same layers, and can be copied', async () => {
  const from = await old({ steps: [{ layer: gzip, createdBy: 'one' }, { createdBy: 'two' }, { layer: plain }] });
  const { source, manifest } = await convert(from, { tags: ['new'] });
  assert.equal(manifest.descriptor.mediaType, types.DOCKER_MANIFEST);
  const built = await Promise.all([buildLayer(gzip, 'docker'), buildLayer(plain, 'docker')]);
  assert.deepEqual(
    layersOf(manifest).map(({ mediaType, digest }) => [mediaType, digest]),
    built.map(({ content }) => [content.descriptor.mediaType, content.descriptor.digest]),
  );
  const target = createMemoryStore();
  const { digest } = await copy(source, 'new', target, { tags: ['1'] });
  assert.equal(digest, manifest.descriptor.digest);
  // It checks that the layers unpack to what the config says.
  assert.deepEqual((await validate(target, '1')).problems, []);
});

test('the config tells what the last step did, and the history what all did, the lowest first', async () => {
  const from = await old({
    steps: [
      { layer: gzip, createdBy: 'one' },
      { createdBy: 'two' },
      { layer: plain, v1: { author: 'A', comment: 'C' } },
    ],
  });
  const { config } = await convert(from);
  const created = '2015-01-02T03:04:05Z';
  assert.deepEqual(config, {
    created,
    author: 'A',
    architecture: 'amd64',
    os: 'linux',
    config: oldImage.config,
    rootfs: { type: 'layers', diff_ids: from.image.diffIds },
    history: [
      { created, created_by: '/bin/sh -c one' },
      { created, created_by: '/bin/sh -c two', empty_layer: true },
      { created, author: 'A', comment: 'C' },
    ],
  });
});

test('the platform is what the image says: the architecture of the manifest for want of another, and no system made up', async () => {
  const nothing = { architecture: undefined, os: '', config: null };
  const { config } = await convert(await old({ architecture: 'arm64', steps: [{ layer: gzip, v1: nothing }] }));
  assert.equal(config.architecture, 'arm64');
  assert.equal('os' in config, false);
  assert.equal('config' in config, false);
});

test('the same image converts to the same one, whoever has signed it', async () => {
  const digests = new Set<string>();
  for (const signatures of [['ES256'], ['ES384', 'ES256'], []] as const) {
    digests.add((await convert(await old({ signatures }))).manifest.descriptor.digest);
  }
  assert.equal(digests.size, 1);
});

test('the media types are those of OCI where they are asked for', async () => {
  const { manifest } = await convert(await old({ steps: [{ layer: gzip }, { layer: plain }] }), { family: 'oci' });
  assert.equal(manifest.descriptor.mediaType, types.OCI_MANIFEST);
  assert.equal(manifest.links[0]?.descriptor.mediaType, types.OCI_CONFIG);
  assert.deepEqual(
    layersOf(manifest).map(({ mediaType }) => mediaType),
    [types.OCI_LAYER_GZIP, types.OCI_LAYER],
  );
});

test('an empty archive is no layer, whether or not the image says so; its step stays in the history', async () => {
  const silent = { layer: empty, createdBy: 'ENV' };
  const { manifest, config } = await convert(await old({ steps: [{ layer: gzip }, silent, { createdBy: 'CMD' }] }));
  assert.equal(layersOf(manifest).length, 1);
  assert.deepEqual(
    config.history?.map(({ empty_layer: isEmpty }) => isEmpty),
    [undefined, true, true],
  );
});

test('throwaway layers are not even looked at', async () => {
  const from = await old({ steps: [{ layer: gzip }, { createdBy: 'CMD' }] });
  const asked: string[] = [];
  const watched: Source = { ...from.store, stat: (blob, call) => (asked.push(blob), from.store.stat(blob, call)) };
  const { layers, document } = parseSchema1(from.image.bytes);
  await convertSchema1(watched, { layers, document });
  assert.deepEqual(asked, [layers[0]?.blob]);
});

test('a step that stands twice in a row is one, a layer that comes again is another', async () => {
  const id = { id: 'a'.repeat(64) };
  const twice = await old({ steps: [{ layer: gzip, v1: id }, { layer: gzip, v1: id }, { layer: plain }] });
  assert.equal(layersOf((await convert(twice)).manifest).length, 2);
  const again = await old({ steps: [{ layer: gzip }, { layer: plain }, { layer: gzip }] });
  assert.equal(layersOf((await convert(again)).manifest).length, 3);
});

test('tells the sizes of its blobs, each once, the lowest first', async () => {
  const from = await old({ steps: [{ layer: gzip }, { createdBy: 'a' }, { createdBy: 'b' }, { layer: plain }] });
  const blobs = await schema1Blobs(from.store, parseSchema1(from.image.bytes));
  assert.deepEqual(
    blobs.map(({ digest, size }) => [digest, size]),
    from.image.blobs.map(({ descriptor }) => [descriptor.digest, descriptor.size]),
  );
});

test('a layer that is missing, damaged or none at all is an error that names it', async () => {
  const from = await old({ steps: [{ layer: gzip }] });
  const [layer] = from.image.blobs;
  assert.ok(layer);
  const missing = await rejection('NOT_FOUND', convert({ ...from, store: createMemoryStore() }));
  assert.equal(missing.missing, 'blob');
  assert.ok(missing.message.includes(layer.descriptor.digest));
  const bytes = await readAll(layer.open(), 1 << 20, 'layer');
  const damaged = contentOf(layer.descriptor, async function* (start, end) {
    yield bytes.map((byte, at) => (at === 30 ? byte ^ 0xff : byte)).subarray(start, end);
  });
  await rejection('DIGEST_MISMATCH', convert({ ...from, store: { ...from.store, blob: () => damaged } }));
  await rejection('LAYOUT_INVALID', convert(await old({ steps: [{ layer: { bytes: new Uint8Array(600).fill(7) } }] })));
});

test('a history that makes no config is refused', async () => {
  await rejection('MANIFEST_INVALID', convert(await old({ steps: [{ layer: gzip, v1: { config: { Cmd: 'a' } } }] })));
  await rejection('MANIFEST_INVALID', convert(await old({ steps: [{ layer: gzip, v1: { created: 1 } }] })));
});

test('the caller ends it, and hears of its progress', async () => {
  const from = await old();
  await rejection('ABORTED', convert(from, { signal: AbortSignal.abort() }));
  const told: string[] = [];
  await convert(from, { on: (activity) => told.push(activity.type) });
  assert.ok(told.includes('progress'));
  const ending = new Error('enough');
  const thrower = convert(from, {
    on: () => {
      throw ending;
    },
  });
  await assert.rejects(thrower, (error) => error === ending || isOciError(error));
});
