/**
 * The layers of an image, opened when they are needed: the highest first, and no more of them than a question takes. What was learnt of
 * a layer is kept.
 */
import { OciError, throwIfAborted } from '../../errors.ts';
import { collect, mapLimited } from '../../graph/collect.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { quote } from '../../model/quote.ts';
import type { Source } from '../../store/types.ts';
import type { LayerEntry, LayerReader } from './layer-entries.ts';
import { isArchiveType } from '../layer/types.ts';
import { entriesIn, MAX_ENTRIES, mergeLayers, tooMany } from './merge.ts';
import { openLayer } from './open-layer.ts';
import type { LayerReadOptions } from './plain.ts';
import { type Directory, emptyRoot, type Found, isSure, locate, type LocateOptions } from './tree.ts';

export interface StackOptions extends LayerReadOptions {
  /** Layers read at a time where all are needed; 4 unless told. */
  readonly concurrency?: number | undefined;
  /** The most entries of all layers together; 2 000 000 unless told. */
  readonly maxEntries?: number | undefined;
}

export interface LayerStack {
  /** Follows a path in the layers from the top on, in one more each time that they do not tell for sure. */
  find(path: string, options: Call & Pick<LocateOptions, 'follow'>): Promise<Found>;
  /** The root of all layers. */
  whole(call: Call): Promise<Directory>;
  /** Of a layer by its position. */
  readonly reader: (layer: number) => LayerReader;
  /** What a layer has at a place; it has been read before. */
  entryAt(layer: number, index: number): LayerEntry | undefined;
  close(): Promise<void>;
}

export function layerStack(source: Source, layers: readonly Descriptor[], options: StackOptions): LayerStack {
  const { concurrency = 4, maxEntries = MAX_ENTRIES } = options;
  const known = knownLayers(source, layers, options);
  let merged: { readonly lowest: number; readonly root: Directory | undefined } | undefined;
  /** Entries that were merged so far. Thousands of layers are not merged thousands of times. */
  let spent = 0;
  const isLittle = (): boolean => spent <= maxEntries;

  const merge = (lowest: number, { signal }: Call): Directory | undefined => {
    if (merged === undefined || merged.lowest !== lowest) {
      const loaded = layers.map(({ digest }, layer) => ({ digest, entries: known.entries(layer) })).slice(lowest);
      merged = { lowest, root: mergeLayers(loaded, { lowest, maxEntries, signal }) };
      spent += entriesIn(loaded);
    }
    return merged.root;
  };
  const whole = async (call: Call): Promise<Directory> => {
    throwIfAborted(call.signal);
    const distinct = [...new Map(layers.map(({ digest }, at) => [digest, at])).values()];
    await collect(mapLimited(distinct, concurrency, (layer) => known.load(layer, call)));
    return merge(0, call) ?? emptyRoot(true);
  };
  return {
    whole,
    reader: known.reader,
    entryAt: (layer, index) => known.entries(layer)[index],
    async find(path, { follow, ...call }) {
      throwIfAborted(call.signal);
      for (let lowest = merged?.lowest ?? layers.length - 1; lowest > 0 && isLittle(); lowest--) {
        await known.load(lowest, call);
        const root = merge(lowest, call);
        const found = root && locate(root, path, { follow });
        if (found !== undefined && isSure(found)) return found;
      }
      return locate(await whole(call), path, { follow });
    },
    close: () => known.close(),
  };
}

/** What is known of layers by their positions. One that stands twice is read once. */
interface KnownLayers {
  readonly reader: (layer: number) => LayerReader;
  /** None before it is loaded. */
  entries(layer: number): readonly LayerEntry[];
  load(layer: number, call: Call): Promise<void>;
  close(): Promise<void>;
}

function knownLayers(source: Source, layers: readonly Descriptor[], options: StackOptions): KnownLayers {
  const { maxEntries = MAX_ENTRIES } = options;
  const readers = new Map<string, LayerReader>();
  const loaded = new Map<string, readonly LayerEntry[]>();
  const digestAt = (layer: number): string => layers[layer]?.digest ?? '';
  let count = 0;
  const reader = (layer: number): LayerReader => {
    const descriptor = layers[layer];
    if (descriptor === undefined) throw new OciError('USAGE', `there is no layer ${layer}`);
    if (!isArchiveType(descriptor.mediaType)) throw noArchive(descriptor);
    const opened = readers.get(descriptor.digest) ?? openLayer(source, descriptor, options);
    readers.set(descriptor.digest, opened);
    return opened;
  };
  return {
    reader,
    entries: (layer) => loaded.get(digestAt(layer)) ?? [],
    async load(layer, call) {
      if (loaded.has(digestAt(layer))) return;
      const entries: LayerEntry[] = [];
      try {
        for await (const entry of reader(layer).entries(call)) {
          if (++count > maxEntries) throw tooMany(maxEntries);
          entries.push(entry);
        }
        loaded.set(digestAt(layer), entries);
      } catch (error) {
        count -= entries.length;
        throw error;
      }
    },
    async close() {
      await Promise.all([...readers.values()].map((one) => one.close()));
    },
  };
}

/** Before gigabytes are fetched that nobody can look into. */
function noArchive({ digest, mediaType }: Descriptor): OciError {
  const isEncrypted = mediaType.endsWith('+encrypted');
  return new OciError('UNSUPPORTED', `${digest} is ${quote(mediaType, 80)}, no archive of files`, {
    hint: isEncrypted ? 'decrypt the image first' : 'if it is of an artifact, pull that',
  });
}
