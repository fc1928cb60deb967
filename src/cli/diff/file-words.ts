/** A line for each file that differs. */
import type { Difference, FileFacts } from '../../image/diff/file-facts.ts';
import type { FileChange } from '../../image/diff/files.ts';
import { formatSize } from '../terminal/bytes.ts';
import { type DiffLine, SIGNS } from './line.ts';

/** Of a directory whose own change is not sure, what is in it says enough. */
export function fileLines(changes: readonly FileChange[]): readonly DiffLine[] {
  return changes.flatMap((change, at) => {
    const { path, differs = [], unsure } = change;
    const next = changes[at + 1]?.path;
    const hasMore = next !== undefined && (path === '' || next.startsWith(`${path}/`));
    return unsure === true && hasMore && !differs.includes('content') ? [] : [lineOf(change)];
  });
}

function lineOf({ kind, path, before, after, differs = [], unsure }: FileChange): DiffLine {
  const facts = after ?? before;
  const name = facts?.type === 'directory' ? `${path}/` : path;
  const words = kind === 'changed' ? differencesOf(differs, before, after) : facts && toldOf(facts);
  return { sign: SIGNS[kind], text: words ? `${name}  ${words}` : name, isUnsure: unsure };
}

function toldOf({ type, size, linkname = '' }: FileFacts): string {
  if (type === 'file') return formatSize(size);
  if (type === 'symlink') return `-> ${linkname}`;
  return type === 'directory' ? '' : type.replace('-', ' ');
}

const shown: Readonly<Record<Difference, (facts: FileFacts) => string>> = {
  type: ({ type }) => type.replace('-', ' '),
  mode: ({ mode }) => mode.toString(8).padStart(4, '0'),
  owner: ({ uid, gid }) => `${uid}:${gid}`,
  size: ({ size }) => formatSize(size),
  target: ({ linkname = '' }) => linkname,
  device: ({ devmajor, devminor }) => `${devmajor},${devminor}`,
  content: () => '',
  xattrs: () => '',
  time: () => '',
};

/** A size that differs says that the bytes do. */
function differencesOf(
  differs: readonly Difference[],
  before: FileFacts | undefined,
  after: FileFacts | undefined,
): string {
  const told = differs.filter((name) => name !== 'content' || !differs.includes('size'));
  return told
    .map((name) => {
      const [old, current] = [before, after].map((facts) => (facts === undefined ? '' : shown[name](facts)));
      return old === current ? name : `${name} ${old} -> ${current}`;
    })
    .join(', ');
}
