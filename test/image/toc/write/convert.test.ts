import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as zlib from 'node:zlib';
import { digestOf } from '../../../../src/bytes/hash.ts';
import { readAll } from '../../../../src/bytes/read.ts';
import { convert, type ConvertOptions } from '../../../../src/image/change/convert.ts';
import { openFileSystem } from '../../../../src/image/files/file-system.ts';
import { flatten } from '../../../../src/image/change/flatten.ts';
import { removeLayers } from '../../../../src/image/change/remove-layers.ts';
import { setTimes } from '../../../../src/image/change/times.ts';
import type { Annotations, Descriptor } from '../../../../src/model/descriptor.ts';
import * as types from '../../../../src/model/media-types.ts';
import { createMemoryStore } from '../../../../src/store/memory.ts';
import type { Store } from '../../../../src/store/types.ts';
import { putImage } from '../../../../src/testing/fixtures.ts';
import { assertEstargz } from '../../../support/estargz-format.ts';
import { rejection } from '../../../support/failure.ts';
import { bytesOf, filesIn, type ImageView, viewImage } from '../../../support/image-view.ts';
import { uniqueTar } from '../../../support/lazy-archive.ts';
import { file, symlink, tarOf } from '../../../support/layered.ts';
import { countedSpool, published } from '../../../support/relayered.ts';
import { sha256 } from '../../../support/toc-entries.ts';
import { assertZstdChunked } from '../../../support/zstd-chunked-format.ts';

const writesZstd = 'createZstdCompress' in zlib;
const TOC_DIGEST = 'containerd.io/snapshot/stargz/toc.digest';
const keep: Annotations = { 'org.example.keep': 'yes' };

async function stored(family: 'oci' | 'docker' = 'oci'): Promise<Store> {
  const store = createMemoryStore();
  const annotations = family === 'oci' ? keep : undefined;
  const layers = [
    { bytes: await uniqueTar(3000), annotations },
    { bytes: await tarOf([file('etc/.wh.empty', ''), file('top', 'top'), symlink('link', 'top')]) },
  ];
  await putImage(store, { layers, family, tags: ['1'] });
  return store;
}

interface Stage {
  readonly store: Store;
  readonly view: ImageView;
}

async function converted(from: Store, reference: string, options: ConvertOptions): Promise<Stage> {
  const store = await published(convert(from, reference, options));
  return { store, view: await viewImage(store, '2') };
}

/** Every layer is eStargz, and the config lists what it unpacks to. */
async function assertEstargzImage({ store, view }: Stage): Promise<void> {
  for (const [at, layer] of view.document.layers.entries()) {
    assert.equal(layer.mediaType, types.OCI_LAYER_GZIP);
    const { tar } = await assertEstargz(await bytesOf(store.blob(layer)), layer.annotations ?? {});
    assert.equal(view.config.rootfs.diff_ids[at], sha256(tar));
  }
}

/** The files that an image shows, but for those of the format. */
async function tree(store: Store, reference: string): Promise<readonly unknown[]> {
  const files = openFileSystem(store, await store.manifest(reference));
  const found: unknown[] = [];
  try {
    for await (const entry of files.list()) {
      const { layer: _, index: __, ...facts } = entry;
      if (/^(stargz\.index\.json|\.no\.prefetch\.landmark)$/.test(entry.path)) continue;
      found.push(
        entry.type === 'file'
          ? { ...facts, text: sha256(await readAll(files.read(entry.path), 1 << 26, entry.path)) }
          : facts,
      );
    }
  } finally {
    await files.close();
  }
  return found;
}

const diffIds = ({ view }: Stage): readonly string[] => view.config.rootfs.diff_ids;
const layers = ({ view }: Stage): readonly Descriptor[] => view.document.layers;

describe('CAP-G15: layers that are converted', () => {
  test('become eStargz, with the annotations by which it is found, and keep their own', async () => {
    const base = await stored();
    const stage = await converted(base, '1', { compression: 'estargz' });
    await assertEstargzImage(stage);
    assert.equal(layers(stage)[0]?.annotations?.['org.example.keep'], 'yes');
    assert.deepEqual(Object.keys(layers(stage)[1]?.annotations ?? {}), [
      TOC_DIGEST,
      'io.containers.estargz.uncompressed-size',
    ]);
    assert.deepEqual(await tree(stage.store, '2'), await tree(base, '1'));
    const again = await converted(base, '1', { compression: 'estargz' });
    assert.equal(again.view.manifest.descriptor.digest, stage.view.manifest.descriptor.digest);
  });

  test('stay as they are when they are so already, unless forced, and come out the same then', async () => {
    const stage = await converted(await stored(), '1', { compression: 'estargz' });
    const { digest } = stage.view.manifest.descriptor;
    const { spool, all } = countedSpool();
    const same = await converted(stage.store, '2', { compression: 'estargz', spool });
    assert.equal(same.view.manifest.descriptor.digest, digest);
    assert.equal(all(), 0, 'nothing was written');
    const forced = await converted(stage.store, '2', { compression: 'estargz', force: true, spool });
    assert.equal(forced.view.manifest.descriptor.digest, digest);
    assert.equal(all(), 2);
    const harder = await converted(stage.store, '2', { compression: 'estargz', force: true, level: 9 });
    assert.notEqual(harder.view.manifest.descriptor.digest, digest);
    await assertEstargzImage(harder);
  });

  test('that were eStargz become what they were before: the files of the format go with it', async () => {
    const base = await stored();
    const before = await viewImage(base, '1');
    const lazy = await converted(base, '1', { compression: 'estargz' });
    for (const compression of ['gzip', 'none'] as const) {
      const plain = await converted(lazy.store, '2', { compression });
      assert.deepEqual(diffIds(plain), before.config.rootfs.diff_ids);
      assert.deepEqual(layers(plain)[0]?.annotations, keep);
      assert.equal(layers(plain)[1]?.annotations, undefined);
      assert.deepEqual(await tree(plain.store, '2'), await tree(base, '1'));
    }
  });

  test('are refused in docker’s media types, before a layer is read', async () => {
    const { spool, all } = countedSpool();
    const error = await rejection(
      'UNSUPPORTED',
      convert(await stored('docker'), '1', { compression: 'estargz', spool }),
    );
    assert.match(`${error.message} ${error.hint}`, /estargz.*OCI/);
    assert.equal(all(), 0);
    await assertEstargzImage(await converted(await stored('docker'), '1', { compression: 'estargz', family: 'oci' }));
    await rejection('USAGE', convert(await stored(), '1', { compression: 'estargz', level: 19 }));
  });

  test('are named where they are no archives', async () => {
    const store = createMemoryStore();
    const bytes = new Uint8Array(2000).fill(65);
    await putImage(store, { layers: [{ bytes }], tags: ['1'] });
    const error = await rejection('LAYOUT_INVALID', convert(store, '1', { compression: 'estargz' }));
    assert.ok(error.message.includes(digestOf(bytes)), error.message);
  });
});

describe('CAP-G15: eStargz layers that are written anew', () => {
  test('stay eStargz when files are taken out, or times change', async () => {
    const { store } = await converted(await stored(), '1', { compression: 'estargz' });
    const changes = [
      removeLayers(store, '2', { file: 'etc' }),
      setTimes(store, '2', { set: new Date(1_500_000_000_000) }),
    ];
    for (const change of changes) {
      const next = await published(change);
      const stage = { store: next, view: await viewImage(next, '2') };
      assert.notEqual(layers(stage)[0]?.digest, undefined);
      await assertEstargzImage(stage);
    }
    const gzipped = await published(removeLayers(store, '2', { file: 'top', compression: 'gzip' }));
    const { document } = await viewImage(gzipped, '2');
    assert.equal(document.layers[1]?.annotations, undefined);
    assert.deepEqual(Object.keys(await filesIn(gzipped.blob(document.layers[1] ?? assert.fail()))), ['etc/.wh.empty']);
  });

  test('become one layer of the image’s own files', async () => {
    const base = await stored();
    const { store } = await converted(base, '1', { compression: 'estargz' });
    const plain = await published(flatten(base, '1'));
    const ofLazy = await published(flatten(store, '2'));
    const config = (from: Store): Promise<ImageView> => viewImage(from, '2');
    assert.deepEqual((await config(ofLazy)).config.rootfs, (await config(plain)).config.rootfs);
    const flat = await published(flatten(store, '2', { compression: 'estargz' }));
    await assertEstargzImage({ store: flat, view: await viewImage(flat, '2') });
    await rejection('UNSUPPORTED', flatten(await stored('docker'), '1', { compression: 'estargz' }));
  });
});

describe('CAP-G15: layers that are converted to zstd:chunked', () => {
  test('need a newer Node.js, which is told before anything is read', { skip: writesZstd }, async () => {
    const base = await stored();
    const { spool, all } = countedSpool();
    const source = { ...base, blob: () => assert.fail('nothing is read') };
    const error = await rejection('UNSUPPORTED', convert(source, '1', { compression: 'zstd:chunked', spool }));
    assert.match(String(error.hint), /Node\.js 22\.15/);
    assert.equal(all(), 0);
  });

  test('become zstd:chunked, and unpack to what they did', { skip: !writesZstd }, async () => {
    const base = await stored();
    const stage = await converted(base, '1', { compression: 'zstd:chunked' });
    assert.deepEqual(diffIds(stage), (await viewImage(base, '1')).config.rootfs.diff_ids);
    for (const layer of layers(stage)) {
      assert.equal(layer.mediaType, types.OCI_LAYER_ZSTD);
      await assertZstdChunked(await bytesOf(stage.store.blob(layer)), layer.annotations ?? {});
    }
    assert.deepEqual(await tree(stage.store, '2'), await tree(base, '1'));
    const { spool, all } = countedSpool();
    await converted(stage.store, '2', { compression: 'zstd:chunked', spool });
    assert.equal(all(), 0);
    const forced = await converted(stage.store, '2', { compression: 'zstd:chunked', force: true });
    assert.equal(forced.view.manifest.descriptor.digest, stage.view.manifest.descriptor.digest);
  });

  test('become it of eStargz, and the other way, with the annotations of one only', { skip: !writesZstd }, async () => {
    const base = await stored();
    const before = (await viewImage(base, '1')).config.rootfs.diff_ids;
    const lazy = await converted(base, '1', { compression: 'estargz' });
    const chunked = await converted(lazy.store, '2', { compression: 'zstd:chunked' });
    assert.deepEqual(diffIds(chunked), before);
    assert.equal(layers(chunked)[0]?.annotations?.[TOC_DIGEST], undefined);
    const back = await converted(chunked.store, '2', { compression: 'estargz' });
    assert.equal(back.view.manifest.descriptor.digest, lazy.view.manifest.descriptor.digest);
    const plain = await converted(chunked.store, '2', { compression: 'zstd' });
    assert.deepEqual(layers(plain)[0]?.annotations, keep);
    const written = await published(removeLayers(chunked.store, '2', { file: 'top' }));
    const { document } = await viewImage(written, '2');
    const top = document.layers[1] ?? assert.fail();
    await assertZstdChunked(await bytesOf(written.blob(top)), top.annotations ?? {});
    await rejection('UNSUPPORTED', convert(await stored('docker'), '1', { compression: 'zstd:chunked' }));
  });
});
