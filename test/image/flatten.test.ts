import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { flatten } from '../../src/image/change/flatten.ts';
import { openFileSystem } from '../../src/image/files/file-system.ts';
import * as types from '../../src/model/media-types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Source } from '../../src/store/types.ts';
import { type Built, buildImage, buildIndex, type Family } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { bytesOf, diffIdOf, filesIn, viewImage, viewIndex } from '../support/image-view.ts';
import { attestationOf, platform, stored } from '../support/images-to-change.ts';
import { tree } from '../support/layered.ts';
import { countedSpool, entriesIn, published } from '../support/relayered.ts';

const created = '2024-05-06T07:08:09Z';
const config = {
  created,
  author: 'Zoë',
  config: { Env: ['A=b'], Cmd: ['sh'] },
  history: [
    { created, created_by: 'ADD base' },
    { created, created_by: 'ENV A=b', empty_layer: true },
    { created, created_by: 'RUN rm' },
  ],
  'x-own': { z: 1, a: null },
};

/** What the second layer hides of the first: a file, all of a directory, a file by another. */
function image(family: Family = 'oci', architecture = 'amd64'): Promise<Built> {
  const base = {
    files: {
      'etc/': { mode: 0o750 },
      'etc/shadow': { content: 'secret', mode: 0 },
      'etc/name': 'old',
      'var/log/old': 'old',
      'bin/sh': { content: 'shell', mode: 0o4755, uid: 1000 },
      'bin/ash': { type: 'link' as const, linkname: 'bin/sh' },
      lib: { type: 'symlink' as const, linkname: 'usr/lib' },
    },
  };
  const top = { files: { 'etc/.wh.shadow': '', 'etc/name': 'new', 'var/log/.wh..wh..opq': '', 'var/log/new': 'new' } };
  return buildImage({ layers: [base, top], config: config, family, platform: platform(architecture) });
}

async function treeOf(source: Source, reference: string): Promise<readonly string[]> {
  const files = openFileSystem(source, await source.manifest(reference));
  try {
    return await tree(files);
  } finally {
    await files.close();
  }
}

describe('CAP-G7: a flattened image', () => {
  for (const family of ['oci', 'docker'] as const) {
    test(`has one layer, and the same files (${family})`, async () => {
      const base = await stored(await image(family));
      const was = await viewImage(base, '1');
      const store = await published(flatten(base, '1'));
      const { document, config: flat } = await viewImage(store, '2');
      const [layer, ...others] = document.layers;
      assert.ok(layer);
      assert.deepEqual(others, []);
      assert.equal(layer.mediaType, family === 'oci' ? types.OCI_LAYER_GZIP : types.DOCKER_LAYER_GZIP);
      assert.deepEqual(flat.rootfs, { type: 'layers', diff_ids: [await diffIdOf(store.blob(layer))] });
      assert.deepEqual(await treeOf(store, '2'), await treeOf(base, '1'));
      assert.deepEqual(await filesIn(store.blob(layer)), {
        'bin/ash': 'shell',
        'etc/name': 'new',
        'var/log/new': 'new',
      });
      assert.deepEqual(flat.history, [{ created, created_by: 'lading flatten' }]);
      assert.deepEqual({ ...flat, rootfs: 0, history: 0 }, { ...was.config, rootfs: 0, history: 0 });
      assert.deepEqual({ ...document, config: 0, layers: 0 }, { ...was.document, config: 0, layers: 0 });
    });
  }

  test('keeps modes, owners, links and devices', async () => {
    const built = await buildImage({
      layers: [
        {
          files: {
            'dev/': '',
            'dev/null': { type: 'character-device', devmajor: 1, devminor: 3, mode: 0o666 },
            'etc/shadow': { content: 'x', mode: 0, uid: 70_000, gid: 42, mtime: 1_700_000_000 },
            ping: { content: 'ping', mode: 0o755, pax: { 'SCHILY.xattr.security.capability': '\u0001\udc80' } },
          },
        },
        { files: { a: 'a', b: { type: 'link', linkname: 'a' } } },
      ],
    });
    const store = await published(flatten(await stored(built), '1'));
    const [layer] = (await viewImage(store, '2')).document.layers;
    assert.ok(layer);
    const entries = new Map((await entriesIn(store.blob(layer))).map((entry) => [entry.name, entry]));
    const shadow = entries.get('etc/shadow');
    assert.deepEqual([shadow?.mode, shadow?.uid, shadow?.gid, shadow?.mtime], [0, 70_000, 42, 1_700_000_000]);
    assert.equal(entries.get('ping')?.pax?.['SCHILY.xattr.security.capability'], '\u0001\udc80');
    const device = entries.get('dev/null');
    assert.deepEqual([device?.type, device?.devmajor, device?.devminor], ['character-device', 1, 3]);
    assert.deepEqual([entries.get('b')?.type, entries.get('b')?.linkname], ['link', 'a']);
  });

  test('becomes the same digest each time, and flattened again it stays what it is', async () => {
    const digests = new Set<string>();
    for (const _ of [1, 2]) {
      const store = await published(flatten(await stored(await image()), '1'));
      digests.add((await store.resolve('2'))?.digest ?? '');
      const again = await flatten(store, '2');
      digests.add(again.root.digest);
      await again.close();
    }
    assert.equal(digests.size, 1);
    const empty = await buildImage({ layers: [] });
    assert.equal((await flatten(await stored(empty), '1')).root.digest, empty.manifest.descriptor.digest);
  });

  test('tells what it is told, and is compressed as it is told', async () => {
    const options = { createdBy: 'squash', created: '2020-01-02T03:04:05Z', compression: 'none' } as const;
    const store = await published(flatten(await stored(await image()), '1', options));
    const { document, config: flat } = await viewImage(store, '2');
    const [layer] = document.layers;
    assert.ok(layer);
    assert.equal(layer.mediaType, types.OCI_LAYER);
    assert.equal(digestOf(await bytesOf(store.blob(layer))), flat.rootfs.diff_ids[0]);
    assert.equal(flat.created, options.created);
    assert.deepEqual(flat.history, [{ created: options.created, created_by: 'squash' }]);
  });

  test('is made for every platform, or for those that are meant; images of the same layers share one', async () => {
    const [amd64, arm64] = [await image(), await image('oci', 'arm64')];
    const base = await stored(buildIndex({ manifests: [amd64, arm64, attestationOf(amd64)] }));
    const spool = countedSpool();
    const all = await flatten(base, '1', spool);
    assert.deepEqual([all.images.length, all.dropped.length, spool.open()], [2, 1, 1]);
    const { manifests } = await viewIndex(all.source, all.root);
    const layers = await Promise.all(manifests.map(async (one) => (await viewImage(all.source, one)).document.layers));
    assert.deepEqual(layers[0], layers[1]);
    await all.close();
    assert.equal(spool.open(), 0);
    const one = await flatten(base, '1', { platforms: [platform('arm64')] });
    assert.deepEqual((await viewIndex(one.source, one.root)).manifests[0], amd64.descriptor);
  });

  test('is refused for Windows, and for layers that are not what they should be', async () => {
    const windows = await buildImage({
      layers: [{ files: { a: 'a' } }],
      platform: { os: 'windows', architecture: 'amd64' },
    });
    await rejection('UNSUPPORTED', flatten(await stored(windows), '1'));
    const odd = await buildImage({ layers: [{ bytes: new TextEncoder().encode('no archive'.repeat(100)) }] });
    const spool = countedSpool();
    await rejection('LAYOUT_INVALID', flatten(await stored(odd), '1', spool));
    assert.equal(spool.open(), 0);
    await rejection('USAGE', flatten(createMemoryStore(), '1', { created: 'today' }));
  });
});
