/**
 * Layers put on each other, the lowest first, entry by entry, as umoci and containerd do on a disk: names lead through the links that
 * are there at the time, a whiteout hides what lower layers have and nothing of its own layer, a hard link shares the file that its
 * target is at the time.
 */
import { OciError, throwIfAborted } from '../../errors.ts';
import { quote } from '../../model/quote.ts';
import { cleanPath, inLayer, invalid, type LayerEntry, splitPath } from './layer-entries.ts';
import { type Directory, emptyRoot, type Found, type Leaf, locate, makeDirectory, type Told } from './tree.ts';

export interface KnownLayer {
  readonly digest: string;
  readonly entries: readonly LayerEntry[];
}

export interface MergeOptions {
  /** The position of the first of these layers; those below it are not known. */
  readonly lowest: number;
  /** The most entries of all layers together; 2 000 000 unless told. One layer may stand there many times. */
  readonly maxEntries?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What an image has at most, unless told. */
export const MAX_ENTRIES: number = 2_000_000;

/**
 * @param layers the lowest first.
 * @returns undefined: what these layers mean depends on a lower one, for instance on whether `bin` is a link there.
 * @throws OciError `LAYOUT_INVALID`, `LIMIT`
 */
export function mergeLayers(
  layers: readonly KnownLayer[],
  { lowest, maxEntries = MAX_ENTRIES, signal }: MergeOptions,
): Directory | undefined {
  if (entriesIn(layers) > maxEntries) throw tooMany(maxEntries);
  const root = emptyRoot(lowest === 0, maxEntries);
  for (const [at, { digest, entries }] of layers.entries()) {
    throwIfAborted(signal);
    try {
      for (const entry of entries) if (!apply(root, { entry, layer: lowest + at })) return undefined;
    } catch (error) {
      throw inLayer(error, digest);
    }
  }
  return root;
}

/** How many entries layers have together. */
export function entriesIn(layers: Iterable<Pick<KnownLayer, 'entries'>>): number {
  let count = 0;
  for (const { entries } of layers) count += entries.length;
  return count;
}

/** The error for layers that no image has. */
export function tooMany(limit: number): OciError {
  return new OciError('LIMIT', `the layers have more than ${limit} entries`);
}

/** @returns whether it is known what the entry does. */
function apply(root: Directory, told: Told): boolean {
  switch (told.entry.kind) {
    case 'entry':
      return put(root, told);
    case 'whiteout':
      return hide(root, told);
    case 'opaque':
      return hideContent(root, told);
    case 'ignored':
      return true;
  }
}

function put(root: Directory, told: Told): boolean {
  const { entry, layer } = told;
  const { type } = entry.header;
  if (entry.path === '') {
    if (type !== 'directory') throw invalid('its root is no directory');
    [root.told, root.touched] = [told, layer];
    return true;
  }
  const { folder, name } = splitPath(entry.path);
  const parent = directoryAt(root, folder, entry.path);
  if (parent === undefined) return false;
  if (type === 'directory') putDirectory(parent, name, told);
  else {
    // What stood there goes first, and is no target for what comes.
    parent.children.set(name, { kind: 'gone' });
    const file = type === 'link' ? linked(root, entry) : told;
    if (file === undefined) return false;
    parent.children.set(name, { kind: 'leaf', told: file, touched: layer });
  }
  touch(parent, layer);
  return true;
}

/** A directory that stands already keeps what it holds. */
function putDirectory(parent: Directory, name: string, told: Told): void {
  const standing = parent.children.get(name);
  const directory = standing?.kind === 'directory' ? standing : makeDirectory(parent, name);
  [directory.told, directory.touched] = [told, told.layer];
}

function directoryAt(root: Directory, folder: string, path: string): Directory | undefined {
  const found = locate(root, folder, { follow: true, make: true });
  if (found.kind === 'unknown') return undefined;
  const node = nodeOf(found, path);
  if (node?.kind === 'directory') return node;
  throw invalid(`${quote(path)} is below what is no directory`);
}

/** The file that a hard link is another name of; a link as the target is not followed. */
function linked(root: Directory, { path, header }: LayerEntry): Told | undefined {
  const target = cleanPath(header.linkname ?? '');
  const found = locate(root, target, { follow: false });
  if (found.kind === 'unknown') return undefined;
  const node = nodeOf(found, target);
  if (node?.kind === 'leaf') return node.told;
  const problem = node === undefined ? 'which is not there' : 'a directory';
  throw invalid(`${quote(path)} is a hard link to ${quote(target)}, ${problem}`);
}

/** @throws OciError `LAYOUT_INVALID` for links in a circle, which no tool can follow */
function nodeOf(found: Found, path: string): Directory | Leaf | undefined {
  if (found.kind === 'loop') throw invalid(`${quote(path)} is behind links in a circle`);
  return found.kind === 'found' ? found.node : undefined;
}

function hide(root: Directory, { entry, layer }: Told): boolean {
  const { folder, name } = splitPath(entry.path);
  const found = locate(root, folder, { follow: true });
  if (found.kind === 'unknown') return false;
  const parent = nodeOf(found, entry.path);
  if (parent?.kind !== 'directory') return true;
  const standing = parent.children.get(name);
  if (standing?.kind === 'directory' && standing.touched === layer) close(standing, layer);
  else if (standing?.kind !== 'leaf' || standing.touched !== layer) parent.children.set(name, { kind: 'gone' });
  return true;
}

function hideContent(root: Directory, { entry, layer }: Told): boolean {
  const found = locate(root, entry.path, { follow: true });
  if (found.kind === 'unknown') return false;
  const directory = nodeOf(found, entry.path);
  if (directory?.kind === 'directory') close(directory, layer);
  return true;
}

/** Takes out of a directory whatever lower layers have put there. What its own layer puts after that is none of it. */
function close(directory: Directory, layer: number): void {
  if (directory.closedBy === layer) return;
  directory.isClosed = true;
  directory.closedBy = layer;
  for (const [name, node] of directory.children) {
    if (node.kind === 'gone' || node.touched < layer) directory.children.delete(name);
    else if (node.kind === 'directory') close(node, layer);
  }
}

function touch(directory: Directory, layer: number): void {
  for (let at: Directory | undefined = directory; at !== undefined && at.touched < layer; at = at.parent) {
    at.touched = layer;
  }
}
