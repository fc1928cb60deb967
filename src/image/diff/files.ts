/** The files that differ between two images. Bytes are compared only where all else that is told of two files is the same in length. */
import type { Directory, Leaf } from '../files/tree.ts';
import { contentKey, type Contents, type Want } from './contents.ts';
import type { ChangeKind } from './fields.ts';
import { type Difference, differences, factsOf, type FileFacts } from './file-facts.ts';
import { sourceOf } from './half-tree.ts';
import { isHalfClosed, isThere, type Pair } from './pairs.ts';
import { isUnsure, type Trees } from './trees.ts';

/** A path at which two images differ. */
export interface FileChange {
  readonly kind: ChangeKind;
  /** Relative to the root, which has the empty path. */
  readonly path: string;
  /** Of what both images have, in what it differs. */
  readonly differs?: readonly Difference[] | undefined;
  /** As it is in the first image; undefined where it is not there, or where nothing that was read tells of it. */
  readonly before?: FileFacts | undefined;
  readonly after?: FileFacts | undefined;
  /**
   * The layers that both images share were not read, and may tell otherwise: what is `added` may be there below, and then it is changed;
   * what is `removed`, too. All of it is sure in an exact comparison.
   */
  readonly unsure?: true | undefined;
}

/** What is said of a path before bytes are compared. */
export interface FileDraft {
  readonly change: FileChange;
  /** The two files whose bytes say the rest. */
  readonly compared: readonly Want[];
}

/** Where two images differ, or may do so. */
export function* draftsOf(trees: Trees, pairs: Iterable<Pair>, ignoreTimes: boolean): Generator<FileDraft> {
  for (const pair of pairs) {
    const draft = isInBoth(pair) ? bothThere(pair, trees, ignoreTimes) : oneThere(pair, trees);
    if (draft !== undefined) yield draft;
  }
}

interface BothThere extends Pair {
  readonly before: Directory | Leaf;
  readonly after: Directory | Leaf;
}

function isInBoth(pair: Pair): pair is BothThere {
  return isThere(pair.before) && isThere(pair.after);
}

function oneThere(pair: Pair, trees: Trees): FileDraft | undefined {
  const { path, before, after } = pair;
  const place = isThere(before) ? before : after;
  const old = isThere(before) ? factsOf(path, before, trees.before) : undefined;
  const current = isThere(after) ? factsOf(path, after, trees.after) : undefined;
  const kind = isThere(after) || before === 'nothing' ? 'added' : 'removed';
  if (!isUnsure(pair, trees)) return { change: { kind, path, ...told(old, current) }, compared: [] };
  if (old || current || !isThere(place)) {
    return { change: { kind, path, ...told(old, current), unsure: true }, compared: [] };
  }
  // Of a folder that is only assumed nothing can be said, unless it hides what is below.
  const isHiding = place.kind === 'directory' && place.isClosed;
  return isHiding ? { change: { kind: 'changed', path, differs: ['content'], unsure: true }, compared: [] } : undefined;
}

function bothThere(pair: BothThere, trees: Trees, ignoreTimes: boolean): FileDraft | undefined {
  const { path, before, after } = pair;
  const [old, current] = [factsOf(path, before, trees.before), factsOf(path, after, trees.after)];
  const wants = [before.told && sourceOf(before.told, trees.before), after.told && sourceOf(after.told, trees.after)];
  const keys = wants.map((want) => want && contentKey(want));
  const isOne = keys[0] !== undefined && keys[0] === keys[1];
  const found = old && current && !isOne ? differences(old, current, ignoreTimes) : [];
  const differs: readonly Difference[] = isHalfClosed(pair) ? [...found, 'content'] : found;
  const isToRead =
    old?.type === 'file' && current?.type === 'file' && old.size === current.size && old.size > 0 && !isOne;
  const compared = isToRead ? wants.flatMap((want) => want ?? []) : [];
  const unsure = isUnsure(pair, trees);
  if (differs.length === 0 && compared.length === 0 && !unsure) return undefined;
  const change: FileChange = { kind: 'changed', path, differs, ...told(old, current) };
  return { change: unsure ? { ...change, unsure } : change, compared };
}

function told(before: FileFacts | undefined, after: FileFacts | undefined): Pick<FileChange, 'before' | 'after'> {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

/** What differs in the end. */
export function filesThatDiffer(drafts: readonly FileDraft[], contents: Contents): readonly FileChange[] {
  return drafts.flatMap(({ change, compared }) => {
    const [before, after] = compared.map((want) => contents.get(contentKey(want))?.digest);
    if (compared.length === 0) return [change];
    const differs = change.differs ?? [];
    if (before !== after) return [{ ...change, differs: withContent(differs) }];
    return differs.length === 0 ? [] : [change];
  });
}

/** In the place that it always has: after what is told by mode and owner. */
function withContent(differs: readonly Difference[]): readonly Difference[] {
  const before = differs.filter((name) => name === 'mode' || name === 'owner');
  return [...before, 'content', ...differs.slice(before.length)];
}
