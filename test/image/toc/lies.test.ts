/** Tables of contents that are not right: the layer is read whole then, which proves itself, or refused where its bytes are not its table's. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseTocDocument } from '../../../src/image/toc/toc-document.ts';
import type { LayerSpec } from '../../../src/testing/fixtures.ts';
import { seededBytes } from '../../../src/testing/fixtures.ts';
import { rottenBlobs } from '../../../src/testing/quirks/blobs.ts';
import { directory, encode, file, textOf, tree } from '../../support/layered.ts';
import { lazyWorld } from '../../support/lazy-world.ts';
import { type TableEntry, type TocKind, tocLayer, type TocLayerOptions } from '../../support/toc-layers.ts';

const content = seededBytes(200_000, 'lies');
const files = [directory('a/'), file('a/one', 'one'), file('a/two', 'two'), file('a/large', content)];
const digest = `sha256:${'0'.repeat(64)}`;

/** Changes the entries of a name, or adds to them. */
const at = (name: string, more: TableEntry): TocLayerOptions => ({
  change: (entries) => entries.map((entry) => (entry.name === name ? { ...entry, ...more } : entry)),
});
const others = (entries: TableEntry[], index: number, more: TableEntry): TableEntry[] =>
  entries.map((entry, place) => (place === index ? { ...entry, ...more } : entry));
const annotated = (name: RegExp, value: (old: string) => string): TocLayerOptions => ({
  annotate: (annotations) =>
    Object.fromEntries(Object.entries(annotations).map(([key, old]) => [key, name.test(key) ? value(old) : old])),
});

const wrong: Readonly<Record<string, TocLayerOptions>> = {
  'a digest of another table': annotated(/digest|checksum/, () => digest),
  'another table than its digest is of': {
    swap: (json) => json.map((byte, place) => (place === 30 ? byte ^ 1 : byte)),
  },
  'a digest that is none': annotated(/digest|checksum/, () => 'sha256:0'),
  'no list of entries': { change: () => 'entries' },
  'entries that are no objects': { change: () => [1] },
  'an entry of no type': at('a/one', { type: 'door' }),
  'a name that climbs out': at('a/one', { name: '../one' }),
  'a negative size': at('a/one', { size: -1 }),
  'a chunk outside of the layer': at('a/one', { offset: 2 ** 50 }),
  'two files in one chunk': { change: (entries) => others(entries, 2, { offset: entries[1]?.offset }) },
  'chunks that leave something out': { change: (entries) => entries.filter((_, index) => index !== 4) },
  'chunks that overlap in their file': { change: (entries) => others(entries, 4, { chunkOffset: 1 }) },
  'a chunk of no file': { change: (entries) => [{ type: 'chunk', name: 'a/one', offset: 0 }, ...entries] },
  'a chunk behind another file': { change: (entries) => others(entries, 4, { name: 'a/two' }) },
  'a chunk without a digest': { change: (entries) => others(entries, 4, { chunkDigest: undefined }) },
  'a chunk of an unknown type': at('a/one', { chunkType: 'poem' }),
  'a file of petabytes of zeros': at('a/one', { size: 2 ** 50, chunkSize: 2 ** 50, chunkType: 'zeros' }),
};
const wrongPlaces: Readonly<Record<string, (position: string) => string>> = {
  'a table beyond the end': (position) => position.replace(/^\d+/, '999999999'),
  'a table that ends too early': (position) => position.replace(/:(\d+):/, (_, length) => `:${Number(length) - 9}:`),
  'a table of nothing': (position) => position.replace(/:(\d+):/, ':0:'),
  'a table that unpacks to more than it says': (position) => position.replace(/:\d+:1$/, ':10:1'),
  'a table that would be too large': (position) => position.replace(/:\d+:1$/, ':999999999:1'),
  'a table of another kind': (position) => position.replace(/1$/, '2'),
  'a place that is none': () => 'here',
};

async function assertWhole(layer: LayerSpec): Promise<void> {
  const { files, asked } = await lazyWorld([layer]);
  const expected = await tree(files({ whole: true }));
  asked();
  const opened = files();
  assert.deepEqual(await tree(opened), expected);
  assert.deepEqual(asked().filter(({ range }) => range === undefined).length, 1);
  assert.equal(await textOf(opened.read('a/one')), 'one');
  assert.equal(await textOf(opened.read('a/two')), 'two');
}

for (const kind of ['estargz', 'zstd:chunked'] satisfies TocKind[]) {
  describe(`${kind}: read whole is a layer with`, () => {
    for (const [what, options] of Object.entries(wrong)) {
      test(what, async () => assertWhole(await tocLayer(kind, files, options)));
    }
    if (kind === 'zstd:chunked') {
      for (const [what, change] of Object.entries(wrongPlaces)) {
        test(what, async () => assertWhole(await tocLayer(kind, files, annotated(/position/, change))));
      }
    } else {
      test('a footer that points nowhere', async () => {
        const layer = await tocLayer(kind, files);
        const bytes = layer.bytes.slice();
        bytes.set(encode('00000000ffffffff'), bytes.length - 51 + 16);
        await assertWhole({ ...layer, bytes });
      });
    }
  });

  describe(`${kind}: refused are`, () => {
    test('bytes that are not those of their chunk, before any of them is given', async () => {
      const chunkDigest = { digest, chunkDigest: digest };
      const { files: open } = await lazyWorld([await tocLayer(kind, files, at('a/one', chunkDigest))]);
      const given: Uint8Array[] = [];
      const reading = async (): Promise<void> => {
        for await (const chunk of open().read('a/one')) given.push(chunk);
      };
      await assert.rejects(reading(), { code: 'DIGEST_MISMATCH' });
      assert.deepEqual(given, []);
      assert.equal(await textOf(open().read('a/two')), 'two');
    });

    test('of many files the one whose bytes are not those of its chunk', async () => {
      const change: TocLayerOptions = { change: (entries) => others(entries, 4, { chunkDigest: digest }) };
      const { files: open } = await lazyWorld([await tocLayer(kind, files, change)]);
      await assert.rejects(textOf(open().read('a/large')), { code: 'DIGEST_MISMATCH' });
    });

    test('chunks that stand elsewhere in their frame than the table says', async () => {
      const { files: open } = await lazyWorld([await tocLayer(kind, files, at('a/one', { innerOffset: 2 ** 40 }))]);
      await assert.rejects(textOf(open().read('a/one')), { code: 'DIGEST_MISMATCH' });
    });

    test('all that a registry has let rot', async () => {
      const { files: open } = await lazyWorld([await tocLayer(kind, files)], [rottenBlobs()]);
      await assert.rejects(textOf(open().read('a/one')), { code: 'DIGEST_MISMATCH' });
    });
  });
}

test('a table of more entries than there may be is not made sense of', () => {
  const json = encode(`{"version":1,"entries":[${'{},'.repeat(4_000_001)}{}]}`);
  assert.throws(() => parseTocDocument(json), { code: 'LIMIT' });
});
