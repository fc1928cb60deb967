/** Layers with a table of contents: of both kinds no more is fetched than the table and the chunks of what is asked for. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { concat, readAll } from '../../../src/bytes/read.ts';
import type { TarFile } from '../../../src/bytes/tar.ts';
import { collect } from '../../../src/graph/collect.ts';
import { seededBytes } from '../../../src/testing/fixtures.ts';
import { ignoreRange } from '../../../src/testing/quirks/blobs.ts';
import { directory, file, hardLink, symlink, textOf, tree, whiteout } from '../../support/layered.ts';
import { lazyWorld, total } from '../../support/lazy-world.ts';
import { type TocKind, tocLayer } from '../../support/toc-layers.ts';

const big = seededBytes(700_000, 1);
const other = seededBytes(300_000, 2);
const lower: readonly TarFile[] = [
  directory('etc/'),
  file('etc/gone', 'gone'),
  file('etc/stays', 'stays'),
  file('other', other),
  file('last', 'the last one'),
];
const upper: readonly TarFile[] = [
  directory('etc/'),
  whiteout('etc/gone'),
  directory('usr/'),
  file('usr/big', big),
  hardLink('usr/same', 'usr/big'),
  symlink('usr/link', '../usr/big'),
  file('usr/small', 'small', { mode: 0o600 }),
  file('usr/empty', ''),
];
const merged = ['etc/', 'etc/stays', 'last', 'other', 'usr/', 'usr/big', 'usr/empty', 'usr/link -> ../usr/big'];

for (const kind of ['estargz', 'zstd:chunked'] satisfies TocKind[]) {
  describe(kind, () => {
    const world = async (...wraps: Parameters<typeof lazyWorld>[1] & object) =>
      lazyWorld([await tocLayer(kind, lower), await tocLayer(kind, upper)], wraps);

    test(`CAP-E12: a ${kind} image is listed by its tables alone`, async () => {
      const { files, asked } = await world();
      const listed = await tree(files());
      const own = kind === 'estargz' ? ['stargz.index.json'] : [];
      assert.deepEqual(listed, [...merged, 'usr/same = usr/big', 'usr/small', ...own].sort());
      const ranges = asked();
      assert.ok(ranges.every(({ range }) => range !== undefined));
      assert.ok(total(ranges) < 8000, `${total(ranges)} bytes`);
    });

    test(`CAP-E11: a file of a ${kind} image comes in one range, after the table`, async () => {
      const { files, asked } = await world();
      assert.equal(await textOf(files().read('usr/small')), 'small');
      const ranges = asked();
      assert.deepEqual([...new Set(ranges.map(({ layer }) => layer))], [1], 'the lower layer is left alone');
      assert.equal(ranges.length, kind === 'estargz' ? 3 : 2);
      assert.ok(total(ranges) < 6000, `${total(ranges)} bytes`);
    });

    test(`CAP-E11: a file of many chunks, its hard link and a link to it are the same bytes`, async () => {
      const { files, asked } = await world();
      for (const name of ['usr/big', 'usr/same', 'usr/link']) {
        const bytes = await readAll(files().read(name), 1 << 20, name);
        assert.deepEqual(bytes, big);
      }
      const chunks = asked().filter(({ bytes }) => bytes > 100_000);
      assert.equal(chunks.length, 3, 'all chunks of a file come with one request');
      assert.ok(chunks.every(({ bytes }) => bytes < big.length + 2000));
    });

    test('many files are read in one pass, and what is not read is not fetched', async () => {
      const { files, asked } = await world();
      const opened = files();
      const all = await collect(opened.entries());
      asked();
      const wanted = all.filter(({ path }) => ['other', 'last', 'etc/stays'].includes(path));
      const bodies = new Map<string, Uint8Array>();
      for await (const { file, body } of opened.bodies(wanted)) {
        if (file.path !== 'other') bodies.set(file.path, await readAll(body, 1 << 20, file.path));
      }
      assert.deepEqual([...bodies.keys()], ['etc/stays', 'last']);
      assert.equal(asked().length, 2, 'the large file that nobody reads is passed over');
    });

    test('a registry that ignores ranges is read whole, once a layer and question', async () => {
      const { files, asked } = await world(ignoreRange());
      assert.deepEqual(await readAll(files().read('usr/big'), 1 << 20, 'big'), big);
      assert.equal(await textOf(files().read('usr/small')), 'small');
      const taken = asked();
      assert.ok(taken.every(({ layer }) => layer === 1));
      assert.ok(taken.filter(({ bytes }) => bytes > 500_000).length >= 2);
    });

    test('without annotations the layer is read whole, and is the same', async () => {
      const plain = async (files: readonly TarFile[]) => tocLayer(kind, files, { annotate: () => ({}) });
      const { files, asked } = await lazyWorld([await plain(lower), await plain(upper)]);
      const own = kind === 'estargz' ? ['stargz.index.json'] : [];
      assert.deepEqual(await tree(files()), [...merged, 'usr/same = usr/big', 'usr/small', ...own].sort());
      assert.deepEqual(
        asked().map(({ range }) => range),
        [undefined, undefined],
      );
    });

    test('who wants it whole gets it whole', async () => {
      const { files, asked } = await world();
      assert.equal(await textOf(files({ whole: true }).read('usr/small')), 'small');
      assert.deepEqual(
        asked().map(({ range }) => range),
        [undefined, undefined],
      );
    });
  });
}

test('chunks of zeros are not fetched', async () => {
  const holes = concat([other, new Uint8Array(400_000), other]);
  const layer = await tocLayer('zstd:chunked', [file('holes', holes)], {
    chunkSize: 100_000,
    change: (entries) =>
      entries.map((entry) =>
        Number(entry.chunkOffset) >= 300_000 && Number(entry.chunkOffset) < 700_000
          ? { ...entry, chunkType: 'zeros', chunkDigest: undefined }
          : entry,
      ),
  });
  const { files, asked } = await lazyWorld([layer]);
  assert.deepEqual(await readAll(files().read('holes'), 1 << 21, 'holes'), holes);
  assert.ok(total(asked()) < 620_000);
});
