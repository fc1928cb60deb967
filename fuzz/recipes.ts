/** Corpora that are no texts: archives, made of the tricks that the tests of extraction know, and of images as tools save them. */
import { readAll } from '../src/bytes/read.ts';
import { decompress } from '../src/bytes/decompress.ts';
import { fromArray } from '../src/bytes/read.ts';
import { packed } from '../test/support/hostile/case.ts';
import { corpus as tricks, titleOf } from '../test/support/hostile/corpus.ts';
import type { Corpus, Kept } from './target.ts';

/** Layers of the tricks, as they stand in an image, with what becomes of an image of that one layer unsaid. */
export async function trickLayers(outside: string): Promise<readonly Kept[]> {
  const kept: Kept[] = [];
  for (const one of tricks) {
    for (const [at, layer] of (await one.layers(outside)).entries()) {
      const { packed: bytes } = await packed(layer);
      if (bytes.length <= 64 * 1024) kept.push({ name: `${titleOf(one)} (${at})`, bytes });
    }
  }
  return kept;
}

/** The same archives, unpacked; what does not unpack is left out. */
export async function trickArchives(outside: string): Promise<readonly Kept[]> {
  const kept: Kept[] = [];
  for (const { name, bytes } of await trickLayers(outside)) {
    const plain = await readAll(decompress(fromArray(bytes)), 256 * 1024, name).catch(() => undefined);
    if (plain !== undefined) kept.push({ name, bytes: plain });
  }
  return kept;
}

/** Nothing is said of what becomes of them. */
export function unjudged(other: readonly Kept[]): Corpus {
  return { benign: [], hostile: [], other };
}
