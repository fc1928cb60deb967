/** Two file systems, place by place: what each has at a path. Which of it differs is for others to say. */
import { joinPath } from '../files/layer-entries.ts';
import type { Directory, Leaf } from '../files/tree.ts';

/** Something; or nothing for sure; or whatever layers have that were not read. */
export type Place = Directory | Leaf | 'nothing' | 'open';

export interface Pair {
  readonly path: string;
  readonly before: Place;
  readonly after: Place;
}

export function isThere(place: Place): place is Directory | Leaf {
  return typeof place === 'object';
}

/**
 * All places that one of the two has or hides, each directory before what is in it, names sorted. What is in a directory that only one
 * of them has comes, too.
 */
export function* pairsOf(before: Directory, after: Directory): Generator<Pair> {
  const root: Pair = { path: '', before, after };
  yield root;
  yield* pairsBelow(root);
}

function* pairsBelow({ path, before, after }: Pair): Generator<Pair> {
  for (const name of [...new Set([...namesIn(before), ...namesIn(after)])].sort()) {
    const pair: Pair = { path: joinPath(path, name), before: placeIn(before, name), after: placeIn(after, name) };
    if (pair.before === pair.after) continue;
    yield pair;
    yield* pairsBelow(pair);
  }
}

function namesIn(place: Place): Iterable<string> {
  return isDirectory(place) ? place.children.keys() : [];
}

function placeIn(place: Place, name: string): Place {
  if (!isThere(place)) return place;
  if (place.kind === 'leaf') return 'nothing';
  const child = place.children.get(name);
  if (child === undefined) return place.isClosed ? 'nothing' : 'open';
  return child.kind === 'gone' ? 'nothing' : child;
}

/** Are they two directories, of which one shows all that it has, and the other one may have more? */
export function isHalfClosed({ before, after }: Pair): boolean {
  return isDirectory(before) && isDirectory(after) && before.isClosed !== after.isClosed;
}

function isDirectory(place: Place): place is Directory {
  return isThere(place) && place.kind === 'directory';
}
