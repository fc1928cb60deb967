/**
 * How a layer is read: by the table of contents that it has, where its descriptor proves that; by the index of an earlier reading; or
 * whole, and then an index of it is kept. What is no table after all leads to the whole, which proves itself; so does a place that gives
 * no parts of a layer.
 */
import { isOciError } from '../../errors.ts';
import type { Call } from '../../model/call.ts';
import type { Cache } from '../../store/cache.ts';
import type { Content } from '../../store/types.ts';
import { inLayer, type LayerReader } from '../files/layer-entries.ts';
import { type LayerReadOptions, type LayerWatch, plainLayer } from '../files/plain.ts';
import type { TableOfContents } from './chunk.ts';
import { readEstargz } from './estargz.ts';
import { indexTable } from './gzip-index.ts';
import { type GzipIndex, gzipRecorder } from './gzip-recorder.ts';
import { decodeIndex, encodeIndex, gzipIndexKey } from './index-bytes.ts';
import { indexedLayer } from './indexed-layer.ts';
import { ifRanged } from './ranges.ts';
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
  const table = await orNone(() => ownTable(layer, options, call));
  if (table !== undefined) return tocLayer(layer, table);
  const { digest } = layer.descriptor;
  const kept = isIndexed(layer, options) ? await options.cache?.get(gzipIndexKey(digest)) : undefined;
  const index = kept && (await decodeIndex(kept, layer.descriptor));
  return (index && (await orNone(() => byIndex(layer, index, whole, options)))) ?? whole;
}

function ownTable(layer: Content, options: LayerReadOptions, call: Call): Promise<TableOfContents | undefined> {
  return ifRanged(
    async (ranged) => (await readZstdChunked(layer, options, ranged)) ?? (await readEstargz(layer, options, ranged)),
    call,
  );
}

/** Tools that compress a layer anew have left the annotations of its old table on it, and the layer is as good as any. */
async function orNone<T>(make: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await make();
  } catch (error) {
    if (isOciError(error, 'LAYOUT_INVALID', 'DIGEST_MISMATCH', 'SIZE_MISMATCH', 'TOO_LARGE', 'LIMIT')) return undefined;
    throw error;
  }
}

function isIndexed({ descriptor }: Content, { cache }: LayerReadOptions): boolean {
  return cache !== undefined && descriptor.size >= MIN_INDEXED_BYTES;
}

function byIndex(layer: Content, index: GzipIndex, whole: LayerReader, options: LayerReadOptions): LayerReader {
  const { digest, size } = layer.descriptor;
  return indexedLayer(layer, indexTable(index, size, options), whole, async () => {
    await options.cache?.put(gzipIndexKey(digest), new Uint8Array(0));
  });
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
  const { digest, size } = descriptor;
  const { finish, ...recorder } = gzipRecorder(size);
  return {
    ...recorder,
    async proven() {
      const index = await finish();
      if (index === undefined) return;
      done(index);
      const bytes = await encodeIndex(index, digest);
      if (bytes !== undefined) await cache.put(gzipIndexKey(digest), bytes);
    },
  };
}
