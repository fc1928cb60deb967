/** Any file of any gzip layer, read by the index of an earlier reading, is the file; and the index comes back as it was kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { concat, readAll } from '../../../src/bytes/read.ts';
import { indexTable } from '../../../src/image/toc/gzip-index.ts';
import type { GzipIndex } from '../../../src/image/toc/gzip-recorder.ts';
import { decodeIndex, encodeIndex } from '../../../src/image/toc/index-bytes.ts';
import { tocLayer } from '../../../src/image/toc/toc-layer.ts';
import type { Content } from '../../../src/store/types.ts';
import { contentFrom } from '../../../src/store/content.ts';
import { seededBytes } from '../../../src/testing/fixtures.ts';
import { flushedGzip, indexOf, longHeaded } from '../../support/indexed-gzip.ts';
import { directory, file, hardLink, tarOf } from '../../support/layered.ts';

const LIMIT = 1 << 26;

/** Text that compresses, with repetitions from far away. */
function words(size: number, seed: number): Uint8Array {
  const random = seededBytes(size, seed);
  return random.map((byte, at) => (at % 7 === 0 ? byte : 97 + (byte & 7)));
}

async function throughCache(index: GzipIndex, layer: Content): Promise<GzipIndex> {
  const bytes = (await encodeIndex(index, layer.descriptor.digest)) ?? assert.fail('too large');
  return (await decodeIndex(bytes, layer.descriptor)) ?? assert.fail('not what was kept');
}

async function assertSameFiles(
  packed: Uint8Array,
  contents: ReadonlyMap<string, Uint8Array>,
  index: GzipIndex | undefined,
): Promise<void> {
  assert.ok(index !== undefined, 'there is no index');
  const layer = contentFrom(packed);
  const reader = tocLayer(layer, indexTable(await throughCache(index, layer), packed.length, {}));
  const seen: string[] = [];
  for await (const entry of reader.entries()) {
    if (entry.header.type !== 'file') continue;
    const bytes = await readAll(reader.read(entry), LIMIT, entry.path);
    assert.ok(Buffer.from(contents.get(entry.path) ?? []).equals(bytes), entry.path);
    seen.push(entry.path);
  }
  assert.deepEqual(seen, [...contents.keys()]);
}

const tarFiles = (contents: ReadonlyMap<string, Uint8Array>) =>
  tarOf([...contents].map(([name, bytes]) => file(name, bytes)));

const part = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 60_000 }), fc.nat(99)).map(([size, seed]) => seededBytes(size, seed)),
  fc.tuple(fc.integer({ min: 0, max: 200_000 }), fc.nat(99)).map(([size, seed]) => words(size, seed)),
  fc.tuple(fc.integer({ min: 0, max: 300_000 }), fc.nat(255)).map(([size, byte]) => new Uint8Array(size).fill(byte)),
);
const archive = fc
  .array(part, { minLength: 1, maxLength: 5 })
  .map((parts) => new Map(parts.map((bytes, at) => [`file-${at}`, bytes])));
const make = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  memLevel: fc.integer({ min: 1, max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
  strategy: fc.constantFrom(
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FILTERED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
    constants.Z_FIXED,
  ),
});

test('CAP-E11: any archive, compressed in any way: each file by the index is the file', async () => {
  await fc.assert(
    fc.asyncProperty(
      archive,
      make,
      fc.constantFrom('one', 'flushed', 'members'),
      fc.constantFrom(1, 5000, 100_000),
      fc.constantFrom(1000, 16_384, 1 << 20),
      async (contents, options, how, distance, chunkSize) => {
        // Of blocks that are too many and too short there is none.
        const spacing = options.memLevel < 4 ? Math.max(distance, 5000) : distance;
        const tar = await tarFiles(contents);
        const cuts = [0.2, 0.21, 0.6, 1].map((share) => Math.floor(tar.length * share));
        const parts = cuts.map((end, at) => tar.subarray(cuts[at - 1] ?? 0, end));
        const packed = {
          one: async () => new Uint8Array(gzipSync(tar, options)),
          flushed: () => flushedGzip(parts, options),
          members: async () => concat(parts.map((bytes) => new Uint8Array(gzipSync(bytes, options)))),
        };
        const bytes = await packed[how]();
        await assertSameFiles(bytes, contents, await indexOf(bytes, spacing, chunkSize));
      },
    ),
    { numRuns: 20, endOnFailure: true }, // what fails is large: to find the smallest takes an hour
  );
});

test('blocks at every bit of a byte are begun at', async () => {
  const contents = new Map([['words', words(1_500_000, 1)]]);
  const packed = new Uint8Array(gzipSync(await tarFiles(contents), { memLevel: 1 }));
  const index = await indexOf(packed, 2000);
  const bits = new Set(index?.pieces.map(({ from }) => from % 8));
  assert.deepEqual(
    [...bits].sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  await assertSameFiles(packed, contents, index);
});

test('stored blocks, headers with everything in them, and rubbish behind the end', async () => {
  const contents = new Map([['random', seededBytes(500_000, 1)]]);
  const tar = await tarFiles(contents);
  const stored = new Uint8Array(gzipSync(tar, { level: 0 }));
  await assertSameFiles(stored, contents, await indexOf(stored, 1));
  const headed = concat([longHeaded(tar.subarray(0, 100_000)), longHeaded(tar.subarray(100_000))]);
  await assertSameFiles(headed, contents, await indexOf(headed, 1, 101));
  const padded = concat([stored, new Uint8Array(1000)]);
  await assertSameFiles(padded, contents, await indexOf(padded, 1));
});

test('files of which an archive tells without a body, and what stands behind its end', async () => {
  const contents = new Map([['a', words(100_000, 2)]]);
  const tar = await tarOf([directory('d/'), file('a', contents.get('a')), hardLink('b', 'a')]);
  const packed = new Uint8Array(gzipSync(concat([tar, words(300_000, 3)]), { memLevel: 3 }));
  const index = await indexOf(packed, 1);
  assert.deepEqual(
    index?.entries.map(({ name, type }) => [name, type]),
    [
      ['d/', 'directory'],
      ['a', 'file'],
      ['b', 'link'],
    ],
  );
  await assertSameFiles(packed, contents, index);
});

test('a layer that would take more to know than to read has no index', async () => {
  const contents = new Map([['words', words(400_000, 1)]]);
  const tar = await tarFiles(contents);
  const tiny = Array.from({ length: 9000 }, (_, at) => gzipSync(tar.subarray(at * 50, at * 50 + 50)));
  assert.equal(await indexOf(new Uint8Array(Buffer.concat(tiny)), 1), undefined, 'too many short blocks');
  const zeros = new Map([['zeros', new Uint8Array(30 << 20)]]);
  const packed = new Uint8Array(gzipSync(await tarFiles(zeros)));
  const index = await indexOf(packed);
  assert.ok((index?.pieces.length ?? 0) > 4, 'what unpacks to much is in pieces, too');
  await assertSameFiles(packed, zeros, index);
});
