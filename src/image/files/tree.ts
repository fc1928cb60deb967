/**
 * A file system in memory, names and headers only: what a directory holds, and where a path leads. It may be half known: below the
 * layers that made it there may be others, and then a directory that is not closed may hold more than it shows.
 */
import { OciError } from '../../errors.ts';
import { type LayerEntry, pathNames } from './layer-entries.ts';

/** An entry, and the position of its layer, the lowest 0. Names that share one are hard links of each other. */
export interface Told {
  readonly entry: LayerEntry;
  readonly layer: number;
}

export interface Directory {
  readonly kind: 'directory';
  readonly parent: Directory | undefined;
  readonly depth: number;
  readonly children: Map<string, TreeNode>;
  /** What was last said of it; undefined: it is there only because something is in it. */
  told: Told | undefined;
  /** The highest layer that put it, or anything in it. */
  touched: number;
  /** It shows all that it holds: no lower layer adds to it. */
  isClosed: boolean;
  /** The last layer that hid what those below it have here. */
  closedBy: number;
  /** That of the whole tree. */
  readonly tally: Tally;
}

/** A single path may make thousands of directories that no entry tells of. */
export interface Tally {
  directories: number;
  readonly maxDirectories: number;
}

/** Whatever is no directory. */
export interface Leaf {
  readonly kind: 'leaf';
  readonly told: Told;
  readonly touched: number;
}

/** Nothing, whatever lower layers have there. */
export interface Gone {
  readonly kind: 'gone';
}

export type TreeNode = Directory | Leaf | Gone;

/** Where a path leads. `unknown`: a lower layer may tell. */
export type Found =
  | { readonly kind: 'found'; readonly path: string; readonly node: Directory | Leaf }
  | { readonly kind: 'missing' }
  | { readonly kind: 'blocked' }
  | { readonly kind: 'loop' }
  | { readonly kind: 'unknown' };

/** As on Linux. */
const MAX_LINKS = 40;
/** Characters of all links on one way together: long ones, gone through for each of a million files, take hours. */
const MAX_LINK_TEXT = 16_384;
/** Paths of 4096 characters have no more; through links, entries get deeper. */
const MAX_DEPTH = 4096;
const MAX_DIRECTORIES = 2_000_000;

/** The root of a file system that holds nothing yet. */
export function emptyRoot(isClosed: boolean, maxDirectories: number = MAX_DIRECTORIES): Directory {
  return newDirectory(undefined, { isClosed, tally: { directories: 0, maxDirectories } });
}

/** Puts an empty directory, which no layer has touched yet. @throws OciError `LIMIT` */
export function makeDirectory(parent: Directory, name: string): Directory {
  const { tally } = parent;
  if (parent.depth === MAX_DEPTH)
    throw new OciError('LIMIT', `the image has directories of more than ${MAX_DEPTH} levels`);
  if (++tally.directories > tally.maxDirectories)
    throw new OciError('LIMIT', `the image has more than ${tally.maxDirectories} directories`);
  const made = newDirectory(parent, { isClosed: parent.isClosed || parent.children.has(name), tally });
  parent.children.set(name, made);
  return made;
}

function newDirectory(
  parent: Directory | undefined,
  { isClosed, tally }: Pick<Directory, 'isClosed' | 'tally'>,
): Directory {
  const depth = parent === undefined ? 0 : parent.depth + 1;
  const children = new Map<string, TreeNode>();
  return {
    kind: 'directory',
    parent,
    depth,
    children,
    told: undefined,
    touched: -1,
    isClosed,
    closedBy: -1,
    tally,
  };
}

export interface LocateOptions {
  /** Follow a link at the end of the path, too; those on the way always are. */
  readonly follow: boolean;
  /** Makes the directories that are not there. */
  readonly make?: boolean | undefined;
}

/**
 * Follows a path from the root, through links, and never out: the root is its own parent, and what an absolute link begins at.
 */
export function locate(root: Directory, path: string, { follow, make = false }: LocateOptions): Found {
  const pending = pathNames(path).reverse();
  let at = root;
  let names: string[] = [];
  for (let links = 0, text = 0; ; ) {
    const name = pending.pop();
    if (name === undefined) return { kind: 'found', path: names.join('/'), node: at };
    if (name === '..') {
      names.pop();
      at = at.parent ?? root;
      continue;
    }
    const node = childOf(at, name, make);
    if (node === undefined || node.kind === 'gone') return { kind: node || at.isClosed ? 'missing' : 'unknown' };
    const target = linkTarget(node);
    if (target !== undefined && (follow || pending.length > 0)) {
      text += target.length;
      if (++links > MAX_LINKS || text > MAX_LINK_TEXT) return { kind: 'loop' };
      if (target.startsWith('/')) [at, names] = [root, []];
      pending.push(...pathNames(target).reverse());
      continue;
    }
    names.push(name);
    if (node.kind === 'directory') at = node;
    else return pending.length > 0 ? { kind: 'blocked' } : { kind: 'found', path: names.join('/'), node };
  }
}

function childOf(directory: Directory, name: string, make: boolean): TreeNode | undefined {
  const child = directory.children.get(name);
  const isMissing = child === undefined ? directory.isClosed : child.kind === 'gone';
  return isMissing && make ? makeDirectory(directory, name) : child;
}

function linkTarget(node: TreeNode): string | undefined {
  if (node.kind !== 'leaf' || node.told.entry.header.type !== 'symlink') return undefined;
  return node.told.entry.header.linkname;
}

/** Can no lower layer tell more? One may tell of a directory that is known by its content alone: the root, for instance. */
export function isSure(found: Found): boolean {
  return found.kind === 'found' ? found.node.told !== undefined : found.kind !== 'unknown';
}

/** What a directory shows, by name. */
export function childrenOf(directory: Directory): [name: string, node: Directory | Leaf][] {
  const shown: [string, Directory | Leaf][] = [];
  for (const [name, node] of directory.children) if (node.kind !== 'gone') shown.push([name, node]);
  return shown.sort(([a], [b]) => (a < b ? -1 : 1));
}
