import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { validate } from '../../src/graph/validate.ts';
import { append, type AppendOptions } from '../../src/image/change/append.ts';
import { layerFrom, type NewLayer } from '../../src/image/layer/layer.ts';
import * as types from '../../src/model/media-types.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import { createMemoryRegistry, createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/types.ts';
import { type Built, buildImage, buildIndex, buildLayer, type Family } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { bytesOf, diffIdOf, filesIn, type ImageView, viewImage, viewIndex } from '../support/image-view.ts';
import { attestationOf, listed, platform, stored } from '../support/images-to-change.ts';
import { storedZstd } from '../support/stored-zstd.ts';

const created = '2024-05-06T07:08:09Z';
const files = { 'mydata/': '', 'mydata/hello': 'hello' };

function image(family: Family, architecture = 'amd64'): Promise<Built> {
  const history = [
    { created, created_by: 'ADD base' },
    { created, created_by: 'ENV A=b', empty_layer: true },
  ];
  const config = {
    created,
    author: 'Zoë Ünïcode 東京 🚢',
    history,
    config: { Env: ['A=b'] },
    'x-own': { z: 1, a: null },
  };
  return buildImage({ layers: [{ files: { base: 'base' } }], platform: platform(architecture), config, family });
}

async function mydata(compression: 'gzip' | 'none' = 'gzip'): Promise<NewLayer> {
  return layerFrom((await buildLayer({ files, compression })).content);
}

/** The image once it was appended to and published. */
async function appended(base: Store, layers: readonly NewLayer[], options?: AppendOptions): Promise<ImageView> {
  const { source, root } = await append(base, '1', layers, options);
  const target = createMemoryStore();
  await copy(source, root, target, { tags: ['2'] });
  assert.deepEqual((await validate(target, '2')).problems, []);
  return viewImage(target, '2');
}

for (const family of ['oci', 'docker'] as const) {
  const own =
    family === 'oci'
      ? { manifest: types.OCI_MANIFEST, config: types.OCI_CONFIG, none: types.OCI_LAYER, gzip: types.OCI_LAYER_GZIP }
      : {
          manifest: types.DOCKER_MANIFEST,
          config: types.DOCKER_CONFIG,
          none: types.DOCKER_LAYER,
          gzip: types.DOCKER_LAYER_GZIP,
        };

  describe(`WRITE-7 RUBY-62: a layer appended to an image (${family})`, () => {
    test('F10: stands above the others, in the image’s own family of types', async () => {
      const before = await image(family);
      const base = await stored(before);
      const was = await viewImage(base, '1');
      for (const compression of ['gzip', 'none'] as const) {
        const layer = await mydata(compression);
        const { manifest, document, config } = await appended(base, [layer]);
        assert.equal(manifest.descriptor.mediaType, own.manifest);
        assert.equal(document.mediaType, own.manifest);
        assert.equal(document.config.mediaType, own.config);
        const { digest, size } = layer.content.descriptor;
        assert.deepEqual(document.layers, [...was.document.layers, { mediaType: own[compression], digest, size }]);
        assert.deepEqual(config.rootfs, { type: 'layers', diff_ids: [...was.config.rootfs.diff_ids, layer.diffId] });
        assert.equal(layer.diffId, await diffIdOf(layer.content));
        assert.deepEqual(config.history, [...(was.config.history ?? []), { created, created_by: 'lading append' }]);
        assert.deepEqual({ ...config, rootfs: 0, history: 0 }, { ...was.config, rootfs: 0, history: 0 });
        assert.deepEqual(Object.keys(config).slice(0, 2), ['os', 'architecture'], 'keys keep their order');
      }
      assert.equal((await base.resolve('1'))?.digest, before.descriptor.digest, 'and no tag has moved');
    });

    test('F11: counts bytes, not characters', async () => {
      const { document, configBytes } = await appended(await stored(await image(family)), [await mydata()]);
      const text = new TextDecoder().decode(configBytes);
      assert.match(text, /Zoë Ünïcode 東京 🚢/);
      assert.ok(text.length < configBytes.length);
      assert.equal(document.config.size, configBytes.length);
    });

    test('RUBY-63: holds the files of its archive, byte for byte', async () => {
      const layer = await mydata();
      const target = createMemoryStore();
      const { source, root } = await append(await stored(await image(family)), '1', [layer]);
      await copy(source, root, target);
      const last = (await viewImage(target, root)).document.layers.at(-1);
      assert.ok(last);
      assert.deepEqual(await bytesOf(target.blob(last)), await bytesOf(layer.content));
      assert.deepEqual(await filesIn(target.blob(last)), { 'mydata/hello': 'hello' });
    });
  });
}

describe('WRITE-7: what is appended', () => {
  test('becomes the same bytes when it is the same', async () => {
    const digests = new Set<string>();
    for (const _ of [1, 2]) {
      const { source, root } = await append(await stored(await image('oci')), '1', [await mydata()]);
      digests.add(root.digest);
      digests.add((await viewImage(source, root)).document.config.digest);
    }
    assert.equal(digests.size, 2);
  });

  test('may be several layers, the lowest first, each with a step of its own', async () => {
    const [first, second] = [await mydata(), await mydata('none')];
    const { document, config } = await appended(await stored(await image('oci')), [first, second, first]);
    assert.deepEqual(
      document.layers.slice(1).map(({ digest }) => digest),
      [first, second, first].map(({ content }) => content.descriptor.digest),
    );
    assert.equal(config.rootfs.diff_ids.length, 4);
    assert.equal(config.history?.length, 5);
  });

  test('has the time and the maker that are given', async () => {
    const base = await stored(await image('oci'));
    const time = '2026-01-02T03:04:05Z';
    const { config } = await appended(base, [await mydata()], { created: time, createdBy: 'COPY mydata /' });
    assert.equal(config.created, time);
    assert.deepEqual(config.history?.at(-1), { created: time, created_by: 'COPY mydata /' });
    assert.equal(config.history?.[0]?.created, created);
    const layers = [await mydata()];
    const noDays = ['2024-13-06T07:08:09Z', '2024-02-30T07:08:09Z', '2023-02-29T07:08:09Z', '2024-05-06T24:00:00Z'];
    for (const wrong of ['yesterday', '2024-05-06', '1715000000', ...noDays]) {
      await rejection('USAGE', append(base, '1', layers, { created: wrong }));
    }
    for (const right of ['2024-02-29T23:59:59.123456789Z', '2024-05-06T07:08:09+05:30']) {
      await append(base, '1', layers, { created: right });
    }
  });

  test('has no time on an image without one, and steps are still matched with layers', async () => {
    const { source, root } = await append(await stored(await buildImage({ layers: [{ files }, { files }] })), '1', [
      await mydata(),
    ]);
    const { config } = await viewImage(source, root);
    assert.deepEqual(config.history, [{}, {}, { created_by: 'lading append' }]);
    assert.equal('created' in config, false);
  });

  test('makes the first layer of an image without any', async () => {
    const built = await buildImage({ layers: [] });
    const config = contentFrom(new TextEncoder().encode('{"os":"linux","architecture":"amd64"}'), types.OCI_CONFIG);
    const manifest = manifestFromDocument({ ...built.manifest.document, config: config.descriptor });
    const layer = await mydata();
    const view = await appended(await stored({ ...built, manifest, blobs: [config] }), [layer]);
    assert.deepEqual(view.config.rootfs, { type: 'layers', diff_ids: [layer.diffId] });
    assert.equal(view.config.history?.length, 1);
  });

  test('takes its annotations along, and adds those of the manifest', async () => {
    const { content } = await buildLayer({ files, annotations: { title: 'mydata' } });
    const options = { annotations: { b: '2' } };
    const base = await stored(await buildImage({ layers: [], annotations: { a: '1' } }));
    const { document } = await appended(base, [await layerFrom(content)], options);
    assert.deepEqual(document.annotations, { a: '1', b: '2' });
    assert.deepEqual(document.layers[0]?.annotations, { title: 'mydata' });
    const docker = await stored(await image('docker'));
    await rejection('UNSUPPORTED', append(docker, '1', [await mydata()], options));
  });

  test('may be zstd in an image of OCI’s types, not of docker’s', async () => {
    const plain = await bytesOf((await mydata('none')).content);
    const layer = await layerFrom(contentFrom(storedZstd(plain)));
    const { document } = await appended(await stored(await image('oci')), [layer]);
    assert.equal(document.layers.at(-1)?.mediaType, types.OCI_LAYER_ZSTD);
    const error = await rejection('UNSUPPORTED', append(await stored(await image('docker')), '1', [layer]));
    assert.match(error.hint ?? '', /gzip/);
  });

  test('goes onto every platform of an index, or those that were chosen, and makes attestations stale', async () => {
    const [amd64, arm64] = [await image('oci', 'amd64'), await image('docker', 'arm64')];
    const index = buildIndex({ manifests: [amd64, listed(arm64, { annotations: { a: 'b' } }), attestationOf(amd64)] });
    const base = await stored(index);
    const layer = await mydata();
    const all = await append(base, '1', [layer]);
    const { manifests } = await viewIndex(all.source, all.root);
    assert.equal(manifests.length, 2);
    assert.deepEqual(manifests[1]?.annotations, { a: 'b' });
    for (const [at, mediaType] of [types.OCI_LAYER_GZIP, types.DOCKER_LAYER_GZIP].entries()) {
      const { document } = await viewImage(all.source, manifests[at] ?? assert.fail());
      assert.equal(document.layers.length, 2);
      assert.equal(document.layers[1]?.mediaType, mediaType);
      assert.deepEqual(manifests[at]?.platform, [amd64, arm64][at]?.descriptor.platform);
    }
    const target = createMemoryStore();
    await copy(all.source, all.root, target, { tags: ['2'] });
    assert.deepEqual((await validate(target, '2')).problems, []);
    const one = await append(base, '1', [layer], { platforms: [platform('arm64')] });
    assert.deepEqual((await viewIndex(one.source, one.root)).manifests[0], amd64.descriptor);
    assert.equal((await viewIndex(one.source, one.root)).manifests[1]?.digest, manifests[1]?.digest);
  });

  test('is all that is sent: the rest is mounted from where it is', async () => {
    const registry = createMemoryRegistry();
    const base = registry.repository('base');
    const before = await image('oci');
    for (const blob of before.blobs) await base.putBlob(blob);
    await base.putManifest(before.manifest, { tags: ['1'] });
    const { source, root } = await append(base, '1', [await mydata()]);
    const outcomes: string[] = [];
    const on = (activity: { type: string; outcome?: string }): void => {
      if (activity.type === 'done') outcomes.push(activity.outcome ?? '');
    };
    await copy(source, root, registry.repository('other'), { tags: ['2'], on });
    assert.deepEqual(outcomes.toSorted(), ['mounted', 'written', 'written', 'written']);
  });

  test('is refused where it makes no sense', async () => {
    const built = await image('oci');
    const base = await stored(built);
    await rejection('USAGE', append(base, '1', []));
    const [config, layer] = built.blobs;
    assert.ok(config && layer);
    const fewer = manifestFromDocument({ ...built.manifest.document, layers: [] });
    const layers = [await mydata()];
    const error = await rejection('MANIFEST_INVALID', append(await stored({ ...built, manifest: fewer }), '1', layers));
    assert.match(error.message, /0 layers.*1 diff ids/);
    const text = new TextDecoder().decode(await bytesOf(config)).replace('"layers"', '"layers+base"');
    const odd = contentFrom(new TextEncoder().encode(text), types.OCI_CONFIG);
    const manifest = manifestFromDocument({ ...built.manifest.document, config: odd.descriptor });
    await rejection('UNSUPPORTED', append(await stored({ ...built, manifest, blobs: [odd, layer] }), '1', layers));
  });
});
