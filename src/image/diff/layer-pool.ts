/** The layers of the two images that are compared, opened when they are needed; one that both have is opened once, and listed once. */
import { OciError } from '../../errors.ts';
import { collect, mapLimited } from '../../graph/collect.ts';
import type { Call } from '../../model/call.ts';
import type { Source } from '../../store/types.ts';
import type { LayerEntry, LayerReader } from '../files/layer-entries.ts';
import type { StackOptions } from '../files/layer-stack.ts';
import { MAX_ENTRIES, tooMany } from '../files/merge.ts';
import { openLayer } from '../files/open-layer.ts';
import type { KnownLayer } from './layers.ts';

/** A layer, and where it can be had. */
export interface HeldLayer extends KnownLayer {
  readonly source: Source;
}

export interface LayerPool {
  /** Lists layers, several at a time; of those that were listed before nothing is read. */
  load(layers: readonly HeldLayer[], call: Call): Promise<void>;
  /** What a layer has, the first entry first; it has been loaded. */
  entries(layer: HeldLayer): readonly LayerEntry[];
  reader(id: string): LayerReader;
  /** The most entries of the layers of an image. */
  readonly maxEntries: number;
  /** Gives back what the layers hold. */
  close(): Promise<void>;
}

export function layerPool(options: StackOptions): LayerPool {
  const { concurrency = 4, maxEntries = MAX_ENTRIES } = options;
  const readers = new Map<string, LayerReader>();
  const listed = new Map<string, readonly LayerEntry[]>();
  let count = 0;

  const reader = (id: string): LayerReader => {
    const known = readers.get(id);
    if (known === undefined) throw new OciError('USAGE', `layer ${id} is in neither image`);
    return known;
  };
  const list = async ({ id, source, descriptor }: HeldLayer, call: Call): Promise<void> => {
    const opened = readers.get(id) ?? openLayer(source, descriptor, options);
    readers.set(id, opened);
    const entries: LayerEntry[] = [];
    for await (const entry of opened.entries(call)) {
      if (++count > maxEntries) throw tooMany(maxEntries);
      entries.push(entry);
    }
    listed.set(id, entries);
  };
  return {
    async load(layers, call) {
      const wanted = new Map(layers.filter(({ id }) => !listed.has(id)).map((layer) => [layer.id, layer]));
      await collect(mapLimited(wanted.values(), concurrency, (layer) => list(layer, call)));
    },
    entries: ({ id }) => listed.get(id) ?? [],
    reader,
    maxEntries,
    async close() {
      await Promise.all([...readers.values()].map((one) => one.close()));
    },
  };
}
