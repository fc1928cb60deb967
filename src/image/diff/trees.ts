/**
 * How much of two images has to be read, to compare their files: the layers above those that both begin with. Those below are read only
 * where the upper ones mean nothing without them, or where all is to be known.
 */
import { OciError } from '../../errors.ts';
import type { Call } from '../../model/call.ts';
import { fewerEachTime, type HalfTree, halfTree, isTold } from './half-tree.ts';
import type { HeldLayer, LayerPool } from './layer-pool.ts';
import { isHalfClosed, isThere, type Pair, pairsOf } from './pairs.ts';

export interface Trees {
  readonly before: HalfTree;
  readonly after: HalfTree;
}

export interface TreesOptions {
  readonly before: readonly HeldLayer[];
  readonly after: readonly HeldLayer[];
  /** How many layers both begin with. */
  readonly shared: number;
  /** Reads shared layers, too, from the highest down, until nothing is open. */
  readonly isExact: boolean;
}

export async function openTrees(
  pool: LayerPool,
  { before, after, shared, isExact }: TreesOptions,
  call: Call,
): Promise<Trees> {
  const next = fewerEachTime(pool, [...before, ...after]);
  for (let lowest = shared; lowest >= 0; lowest = next(lowest)) {
    await pool.load([...before.slice(lowest), ...after.slice(lowest)], call);
    const options = { lowest, assumes: !isExact };
    const [old, current] = [halfTree(pool, before, options, call), halfTree(pool, after, options, call)];
    if (old === undefined || current === undefined) continue;
    const trees = { before: old, after: current };
    if (lowest === 0 || !isExact || !isOpen(trees)) return trees;
  }
  throw new OciError('LAYOUT_INVALID', 'the layers of an image are no file system');
}

function isOpen(trees: Trees): boolean {
  for (const pair of placesOf(trees)) if (isUnsure(pair, trees)) return true;
  return false;
}

/** All that the two have or hide. */
export function placesOf({ before, after }: Trees): Iterable<Pair> {
  return pairsOf(before.root, after.root);
}

/** May the layers that were not read change what is said of it? */
export function isUnsure(pair: Pair, trees: Trees): boolean {
  const { before, after } = pair;
  if (before === 'open' || after === 'open' || isHalfClosed(pair)) return true;
  return isThere(before) && isThere(after) && isTold(before, trees.before) !== isTold(after, trees.after);
}
