/** Whatever stands in a cache in the place of an index, the bytes are right, or refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { digestOf } from '../../../src/bytes/hash.ts';
import { concat, readAll } from '../../../src/bytes/read.ts';
import { collect } from '../../../src/graph/collect.ts';
import { memoryCache } from '../../../src/store/cache.ts';
import { spoolToMemory } from '../../../src/store/spool.ts';
import { seededBytes } from '../../../src/testing/fixtures.ts';
import { rottenBlobs } from '../../../src/testing/quirks/blobs.ts';
import { only } from '../../../src/testing/wrap.ts';
import { filler, lower, openCache, upper } from '../../support/gzip-layers.ts';
import { encode, textOf, tree } from '../../support/layered.ts';
import { type LazyWorld, lazyWorld } from '../../support/lazy-world.ts';

const size = upper.bytes.length;

/** Reads a layer, changes what was kept, and reads again. */
const afterwards = async (change: (kept: Uint8Array, world: LazyWorld) => Uint8Array | Promise<Uint8Array>) => {
  const world = await lazyWorld([upper]);
  const cache = openCache();
  await tree(world.files({ cache }));
  const [[key, kept] = ['', new Uint8Array(0)]] = cache.kept;
  cache.kept.set(key, await change(kept, world));
  world.asked();
  return { ...world, cache, key, kept };
};
const json = (kept: Uint8Array): [string, Uint8Array] => {
  const length = new DataView(kept.buffer, kept.byteOffset).getUint32(0);
  return [gunzipSync(kept.subarray(4, 4 + length)).toString(), kept.subarray(4 + length)];
};
const rewritten = (kept: Uint8Array, change: (text: string) => string): Uint8Array => {
  const [text, windows] = json(kept);
  const head = gzipSync(change(text));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length);
  return concat([length, head, windows]);
};
const edited = (edit: (index: Index) => void) => (kept: Uint8Array) =>
  rewritten(kept, (text) => {
    const index = JSON.parse(text) as Index;
    edit(index);
    return JSON.stringify(index);
  });
interface Index {
  layer: unknown;
  version: number;
  entries: Record<string, unknown>[];
  pieces: Record<string, unknown>[];
}
const first = (list: Record<string, unknown>[], at = 0): Record<string, unknown> => list[at] ?? assert.fail();

const unusable: Readonly<Record<string, (kept: Uint8Array) => Uint8Array>> = {
  empty: () => new Uint8Array(0),
  'three bytes': () => new Uint8Array(3),
  noise: () => seededBytes(10_000, 1),
  'cut off': (kept) => kept.subarray(0, kept.length - 100),
  'cut off early': (kept) => kept.subarray(0, 40),
  'too long': (kept) => concat([kept, new Uint8Array(1)]),
  'of a length that it has not': (kept) => concat([new Uint8Array([255, 255, 255, 255]), kept.subarray(4)]),
  'no JSON': (kept) => rewritten(kept, () => '{'),
  'a list': (kept) => rewritten(kept, () => '[]'),
  'of millions of objects': (kept) => rewritten(kept, () => `[${'{},'.repeat(2_000_000)}{}]`),
  'a bomb': (kept) => rewritten(kept, () => ' '.repeat(65 << 20)),
  'of another layer': edited((index) => (index.layer = lower.diffId)),
  'of a name with half a character': edited((index) => (first(index.entries).name = '\udc2e\udc2e\udc2fx')),
  'of an attribute with half a character': edited((index) => (first(index.entries).pax = { 'a\ud800': '' })),
  'of another version': edited((index) => (index.version = 2)),
  'of a strange type': edited(({ entries }) => (first(entries).type = 'door')),
  'of a link to a number': edited(({ entries }) => (first(entries).linkname = 7)),
  'of attributes that are none': edited(({ entries }) => (first(entries).pax = { a: 1 })),
  'of no mode': edited(({ entries }) => (first(entries).mode = null)),
  'of a name that climbs out': edited(({ entries }) => (first(entries).name = '../../etc/passwd')),
  'of a file beyond the end': edited(({ entries }) => (first(entries).offset = 2 ** 52)),
  'of a piece beyond the layer': edited(({ pieces }) => (first(pieces, pieces.length - 1).to = 2 ** 52)),
  'of pieces that leave something out': edited((index) => index.pieces.splice(1, 1)),
  'of a piece that ends before it begins': edited(({ pieces }) => (first(pieces, 1).to = 1)),
  'of a window that is too large': edited(({ pieces }) => (first(pieces, 1).windowSize = 2 ** 40)),
  'of a piece that is too large': edited(({ pieces }) => (first(pieces).size = 2 ** 40)),
  'of a digest that is none': edited(({ pieces }) => (first(pieces).digest = 'sha256:0')),
};
for (const [what, change] of Object.entries(unusable)) {
  test(`an index that is ${what}: the layer is read whole, and an index made anew`, async () => {
    const { files, asked, cache, key, kept } = await afterwards(change);
    assert.equal(await textOf(files({ cache, spool: spoolToMemory(1 << 26) }).read('usr/middle')), 'in the middle');
    assert.deepEqual(asked(), [{ layer: 0, range: undefined, bytes: size }]);
    assert.deepEqual(cache.kept.get(key), kept);
  });
}

const lying: Readonly<Record<string, (kept: Uint8Array) => Uint8Array>> = {
  'of other digests': edited(({ pieces }) => pieces.forEach((piece) => (piece.digest = digestOf(encode('x'))))),
  'of other bits': edited(({ pieces }) => pieces.forEach((piece) => (piece.head = 0xff - Number(piece.head)))),
};
for (const [what, change] of Object.entries(lying)) {
  test(`an index ${what}: the file is right all the same, and the index is not used again`, async () => {
    const { files, cache, key } = await afterwards(change);
    const spool = spoolToMemory(1 << 26);
    for (const [name, at] of [
      ['usr/filler-1', 2],
      ['usr/filler-2', 3],
    ] as const) {
      assert.deepEqual(
        digestOf(await readAll(files({ cache, spool }).read(name), 1 << 20, name)),
        digestOf(filler(at)),
      );
    }
    assert.notEqual(cache.kept.get(key), undefined);
  });
}

test('an index of a window that unpacks to a bomb', async () => {
  const bomb = gzipSync(new Uint8Array(50 << 20));
  const { files, cache } = await afterwards((kept) => {
    const edit = edited(({ pieces }) => {
      for (const [at, piece] of pieces.entries()) piece.windowLength = at === 1 ? bomb.length : 0;
    });
    const [, windows] = json(kept);
    return concat([edit(kept).subarray(0, -windows.length), bomb]);
  });
  const bytes = await readAll(files({ cache }).read('usr/middle'), 1 << 20, 'middle');
  assert.equal(new TextDecoder().decode(bytes), 'in the middle');
});

test('an index of a wrong window in the middle of a file: the file is refused, and right the next time', async () => {
  const { files, cache } = await afterwards((kept) => concat([kept.subarray(0, -50), new Uint8Array(50)]));
  const read = async (): Promise<string> =>
    digestOf(await readAll(files({ cache }).read('usr/filler-2'), 1 << 20, 'x'));
  await assert.rejects(read(), { code: 'DIGEST_MISMATCH' });
  assert.equal(await read(), digestOf(filler(3)));
});

test('an index of other digests: forgotten, then made anew', async () => {
  const { files, cache, key, kept } = await afterwards(lying['of other digests'] ?? assert.fail());
  const opened = files({ cache });
  assert.equal(await textOf(opened.read('usr/middle')), 'in the middle');
  assert.equal(cache.kept.get(key)?.length, 0);
  assert.equal(await textOf(files({ cache }).read('usr/middle')), 'in the middle');
  assert.deepEqual(cache.kept.get(key), kept);
});

test('an index of other digests: many files are refused, and the index is forgotten', async () => {
  const { files, cache, key } = await afterwards(lying['of other digests'] ?? assert.fail());
  const opened = files({ cache });
  const wanted = (await collect(opened.entries())).filter(({ type }) => type === 'file');
  const reading = async (): Promise<void> => {
    for await (const { body } of opened.bodies(wanted)) await textOf(body);
  };
  await assert.rejects(reading(), { code: 'DIGEST_MISMATCH' });
  assert.equal(cache.kept.get(key)?.length, 0);
});

test('an index of files under other names: what proves itself wrong on the way is not given', async () => {
  const swapped = edited(({ entries, pieces }) => {
    for (const piece of pieces) piece.digest = digestOf(encode('x'));
    [first(entries, 1).name, first(entries, 3).name] = [first(entries, 3).name, first(entries, 1).name];
  });
  const { files, cache } = await afterwards(swapped);
  await assert.rejects(textOf(files({ cache }).read('usr/first')), { code: 'LAYOUT_INVALID' });
  assert.equal(await textOf(files({ cache }).read('usr/first')), 'the first');
});

test('an index right, and a registry that gives other bytes: those are refused', async () => {
  const cache = memoryCache();
  const { files } = await lazyWorld(
    [upper],
    [only(rottenBlobs(), { after: 1, matches: ({ url }) => url.includes('/blobs/') })],
  );
  await tree(files({ cache }));
  await assert.rejects(textOf(files({ cache }).read('usr/middle')), { code: 'DIGEST_MISMATCH' });
});
