/**
 * The file system of an image as far as its upper layers tell it. What the layers below have, which another image shares, is not known:
 * there a place is neither something nor nothing, but open.
 */
import type { Call } from '../../model/call.ts';
import { joinPath, type LayerEntry, pathNames } from '../files/layer-entries.ts';
import { entriesIn, type KnownLayer, mergeLayers, tooMany } from '../files/merge.ts';
import { type Directory, type Found, type Leaf, locate, type Told } from '../files/tree.ts';
import type { HeldLayer, LayerPool } from './layer-pool.ts';

export interface HalfTreeOptions {
  /** The position of the first layer that is merged; it and those above it have been loaded. 0: then nothing is open. */
  readonly lowest: number;
  /**
   * A folder that they put something into, and do not tell of, is taken for a plain one, as it is in any but an odd image: tools that
   * append layers leave folders out.
   */
  readonly assumes: boolean;
}

/** Upper layers of an image, merged. */
export interface HalfTree extends HalfTreeOptions {
  readonly root: Directory;
  /** All layers of the image, the lowest first. */
  readonly layers: readonly HeldLayer[];
  /** The layer of a place in it; undefined: no layer tells of that. */
  readonly layerOf: (told: Told) => HeldLayer | undefined;
}

/** @returns undefined: what the layers mean depends on a lower one */
export function halfTree(
  pool: LayerPool,
  layers: readonly HeldLayer[],
  { lowest, assumes }: HalfTreeOptions,
  { signal }: Call,
): HalfTree | undefined {
  const upper = layers
    .slice(lowest)
    .map((layer) => ({ digest: layer.descriptor.digest, entries: pool.entries(layer) }));
  // What is assumed is merged as a layer of its own, below the others: their positions are one higher there.
  const shift = assumes && lowest > 0 ? 1 : 0;
  const merging = shift === 0 ? upper : [assumedFolders(upper, pool.maxEntries), ...upper];
  const root = mergeLayers(merging, { lowest, maxEntries: pool.maxEntries, signal });
  if (root === undefined) return undefined;
  const layerOf = ({ entry, layer }: Told): HeldLayer | undefined =>
    entry.header === ASSUMED ? undefined : layers[layer - shift];
  return { root, layers, lowest, assumes, layerOf };
}

const ASSUMED: LayerEntry['header'] = { name: '', type: 'directory', size: 0, mode: 0o755, uid: 0, gid: 0, mtime: 0 };

function assumedFolders(layers: readonly KnownLayer[], most: number): KnownLayer {
  const folders = new Set<string>();
  for (const { entries } of layers) {
    for (const { kind, path } of entries) {
      addFolders(pathNames(path).slice(0, kind === 'opaque' ? undefined : -1), folders);
      if (folders.size > most) throw tooMany(most);
    }
  }
  const paths = [...folders].sort();
  return { digest: '', entries: paths.map((path, index) => ({ index, kind: 'entry', path, header: ASSUMED })) };
}

function addFolders(names: readonly string[], folders: Set<string>): void {
  let folder = '';
  for (const name of names) {
    folder = joinPath(folder, name);
    folders.add(folder);
  }
}

/** Is it known what is told of it? A directory that no layer tells of may be told of below. */
export function isTold({ told }: Directory | Leaf, { lowest, layerOf }: HalfTree): boolean {
  return told === undefined ? lowest === 0 : layerOf(told) !== undefined;
}

/** Where a file is read, which some layer tells of. */
export function sourceOf(told: Told, tree: HalfTree): { readonly layer: string; readonly entry: LayerEntry } {
  return { layer: tree.layerOf(told)?.id ?? '', entry: told.entry };
}

/**
 * Which layer is the lowest to be merged after another: the one below it. When too much has been merged so, all of them: thousands of
 * layers are not merged thousands of times.
 */
export function fewerEachTime(pool: LayerPool, layers: readonly HeldLayer[]): (lowest: number) => number {
  let spent = 0;
  return (lowest) => {
    spent += entriesIn(layers.slice(lowest).map((layer) => ({ entries: pool.entries(layer) })));
    return lowest > 0 && spent > pool.maxEntries ? 0 : lowest - 1;
  };
}

/** What stands at a path, and in which merge of the layers. */
export interface FoundBelow {
  readonly found: Found;
  readonly tree: HalfTree;
}

/** Follows a path, in one more of the lower layers each time that those above do not tell for sure. */
export async function findBelow(pool: LayerPool, tree: HalfTree, path: string, call: Call): Promise<FoundBelow> {
  const locateIn = (in_: HalfTree): FoundBelow => ({ tree: in_, found: locate(in_.root, path, { follow: true }) });
  const { layers, assumes } = tree;
  let best = locateIn(tree);
  const next = fewerEachTime(pool, tree.layers);
  for (let lowest = next(tree.lowest); best.found.kind === 'unknown' && lowest >= 0; lowest = next(lowest)) {
    await pool.load(layers.slice(lowest), call);
    const lower = halfTree(pool, layers, { lowest, assumes }, call);
    if (lower !== undefined) best = locateIn(lower);
  }
  return best;
}
