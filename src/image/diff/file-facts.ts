/** What is told of two files at one path, compared. What is in them is not looked at here. */
import type { Digest } from '../../model/digest.ts';
import { type FileEntry, fileEntry } from '../files/file-entry.ts';
import type { Directory, Leaf } from '../files/tree.ts';
import { isSame } from './fields.ts';
import { type HalfTree, isTold } from './half-tree.ts';

/** What is told of a file, and by which layer. */
export interface FileFacts extends Omit<FileEntry, 'path' | 'layer' | 'index'> {
  /** Undefined for a directory that no layer tells of. */
  readonly layer?: Digest | undefined;
}

/**
 * In what two files differ. `content`: their bytes do; of a directory, what the layers below have in it, where one image hides that.
 * `target`: where a symlink leads. `owner`: by number.
 */
export type Difference = 'type' | 'mode' | 'owner' | 'size' | 'content' | 'target' | 'device' | 'xattrs' | 'time';

/** @returns undefined: no layer that was read tells of it */
export function factsOf(path: string, node: Directory | Leaf, tree: HalfTree): FileFacts | undefined {
  if (!isTold(node, tree)) return undefined;
  const { path: _, layer: _position, index: _index, ...facts } = fileEntry(path, node);
  const layer = node.told && tree.layerOf(node.told)?.descriptor.digest;
  return layer === undefined ? facts : { ...facts, layer };
}

/** @param ignoreTimes times of change are not compared */
export function differences(before: FileFacts, after: FileFacts, ignoreTimes: boolean): readonly Difference[] {
  const { type } = before;
  const isOther = type !== after.type;
  const differs: Readonly<Record<Difference, boolean>> = {
    type: isOther,
    // That of a symlink means nothing, and every tool writes its own.
    mode: before.mode !== after.mode && type !== 'symlink' && after.type !== 'symlink',
    owner: before.uid !== after.uid || before.gid !== after.gid,
    size: before.size !== after.size && !isOther,
    content: before.size !== after.size && !isOther,
    target: before.linkname !== after.linkname && !isOther,
    device: !isOther && (before.devmajor !== after.devmajor || before.devminor !== after.devminor),
    xattrs: !isSame(before.xattrs ?? {}, after.xattrs ?? {}),
    time: timeOf(before) !== timeOf(after) && !ignoreTimes,
  };
  return (Object.keys(differs) as Difference[]).filter((name) => differs[name]);
}

function timeOf({ mtime, exactMtime }: FileFacts): string {
  return exactMtime ?? String(mtime);
}
