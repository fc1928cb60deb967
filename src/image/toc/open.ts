/**
 * How a layer is read: by the table of contents that it has, where its descriptor proves that; by the index of an earlier reading; or
 * whole, and then an index of it is kept. Whoever has the layer may give no parts of it: then it is read whole, too.
 */
import type { Call } from '../../model/call.ts';
import type { Cache } from '../../store/cache.ts';
import type { Content } from '../../store/types.ts';
import { inLayer, type LayerReader } from '../files/layer-entries.ts';
import { type LayerReadOptions, type LayerWatch, plainLayer } from '../files/plain.ts';
import { readEstargz } from './estargz.ts';
import { decodeIndex, encodeIndex, gzipIndexKey, indexTable } from './gzip-index.ts';
import { type GzipIndex, gzipRecorder } from './gzip-recorder.ts';
import { givesRanges, ifRanged } from './ranges.ts';
import { tocLayer } from './toc-layer.ts';
import { readZstdChunked } from './zstd-chunked.ts';

/** A smaller layer comes with one request either way. */
const MIN_INDEXED_BYTES = 256 * 1024;

/** A layer of which as little is read as can be. Nothing is read before it is asked for something. */
export function lazyLayer(layer: Content, options: LayerReadOptions): LayerReader {
  const whole = wholeLayer(layer, options);
  let chosen: Promise<LayerReader> | undefined;
  const reader = async (call: Call): Promise<LayerReader> => {
    chosen ??= choose(layer, whole, options, call);
    try {
      return await chosen;
    } catch (error) {
      chosen = undefined;
      throw inLayer(error, layer.descriptor.digest);
    }
  };
  return {
    descriptor: layer.descriptor,
    async *entries(call = {}) {
      yield* (await reader(call)).entries(call);
    },
    async *read(entry, call = {}) {
      yield* (await reader(call)).read(entry, call);
    },
    async *readMany(entries, call = {}) {
      yield* (await reader(call)).readMany(entries, call);
    },
    close: () => whole.close(),
  };
}

async function choose(layer: Content, whole: LayerReader, options: LayerReadOptions, call: Call): Promise<LayerReader> {
  const toc = await ifRanged(
    async (ranged) => (await readZstdChunked(layer, options, ranged)) ?? (await readEstargz(layer, options, ranged)),
    call,
  );
  if (toc !== undefined) return tocLayer(layer, toc);
  const kept = isIndexed(layer, options) ? await options.cache?.get(gzipIndexKey(layer.descriptor.digest)) : undefined;
  const index = kept && (await decodeIndex(kept));
  return index === undefined ? whole : byIndex(layer, index, whole, options);
}

function isIndexed({ descriptor }: Content, { cache }: LayerReadOptions): boolean {
  return cache !== undefined && descriptor.size >= MIN_INDEXED_BYTES;
}

/** The entries as they were, and the files from their places; from the whole layer where there are no ranges. */
function byIndex(layer: Content, index: GzipIndex, whole: LayerReader, options: LayerReadOptions): LayerReader {
  const parts = tocLayer(layer, indexTable(index, layer.descriptor.size, options));
  let isRanged: Promise<boolean> | undefined;
  const reader = async (call: Call): Promise<LayerReader> => {
    isRanged ??= givesRanges(layer, call);
    try {
      return (await isRanged) ? parts : whole;
    } catch (error) {
      isRanged = undefined;
      throw error;
    }
  };
  return {
    ...parts,
    async *read(entry, call = {}) {
      yield* (await reader(call)).read(entry, call);
    },
    async *readMany(entries, call = {}) {
      yield* (await reader(call)).readMany(entries, call);
    },
  };
}

/** Reads a layer whole; the first time, an index is made on the way. */
function wholeLayer(layer: Content, options: LayerReadOptions): LayerReader {
  const { cache, spool } = options;
  if (!isIndexed(layer, options) || cache === undefined) return plainLayer(layer, options);
  let indexed: LayerReader | undefined;
  const whole = plainLayer(layer, options, () =>
    recording(layer, cache, (index) => {
      indexed = byIndex(layer, index, whole, options);
    }),
  );
  // What is spooled is at hand.
  const reader = (): LayerReader => (spool === undefined ? (indexed ?? whole) : whole);
  return {
    ...whole,
    read: (entry, call) => reader().read(entry, call),
    readMany: (entries, call) => reader().readMany(entries, call),
  };
}

function recording({ descriptor }: Content, cache: Cache, done: (index: GzipIndex) => void): LayerWatch {
  const recorder = gzipRecorder(descriptor.size);
  return {
    ...recorder,
    async proven() {
      const index = await recorder.finish();
      if (index === undefined) return;
      done(index);
      await cache.put(gzipIndexKey(descriptor.digest), await encodeIndex(index));
    },
  };
}
