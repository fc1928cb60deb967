/** How files of an image are shown: as names, as `ls -l` does, as JSON. */
import { type FileEntry, fileKey } from '../../image/files/file-entry.ts';
import type { Column } from '../terminal/columns.ts';
import type { Piece } from '../terminal/style.ts';

/** A file as JSON: what is not there is left out. */
export interface ShownFile {
  readonly path: string;
  readonly type: FileEntry['type'];
  readonly size: number;
  /** Octal, with four digits: `0755`. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly uname?: string | undefined;
  readonly gname?: string | undefined;
  /** RFC 3339; null for a time that cannot be written so. */
  readonly mtime: string | null;
  readonly linkname?: string | undefined;
  /** The name of the same file that was listed first. */
  readonly hardlink?: string | undefined;
  readonly devmajor?: number | undefined;
  readonly devminor?: number | undefined;
  readonly xattrs?: Readonly<Record<string, string>> | undefined;
  /** The digest of the layer that it comes from. */
  readonly layer?: string | undefined;
}

/** The name of a file; a directory ends with a slash. */
export function fileName({ path, type }: FileEntry): string {
  return type === 'directory' ? `${path}/` : path;
}

/** Knows what was listed before, for the names of one file. */
export function hardLinks(): (file: FileEntry) => string | undefined {
  const first = new Map<string, string>();
  return (file) => {
    const key = fileKey(file);
    const known = key === undefined ? undefined : first.get(key);
    if (key !== undefined && known === undefined) first.set(key, file.path);
    return known;
  };
}

export function shownFile(file: FileEntry, hardlink: string | undefined, layers: readonly string[]): ShownFile {
  const { index: _, layer, mode, mtime, exactMtime: _exact, ...rest } = file;
  return {
    ...rest,
    mode: mode.toString(8).padStart(4, '0'),
    mtime: timeOf(mtime) ?? null,
    hardlink,
    layer: layer === undefined ? undefined : layers[layer],
  };
}

export const LONG_COLUMNS: readonly Column[] = [{}, {}, { align: 'right' }, {}, {}];

/** Permissions, owner, size, time, name. */
export function longRow(file: FileEntry, hardlink: string | undefined): Piece[] {
  const { type, uid, gid, size, devmajor, devminor, linkname } = file;
  const amount = type === 'file' ? String(size) : type.endsWith('device') ? `${devmajor}, ${devminor}` : '-';
  const more = linkname !== undefined ? ` -> ${linkname}` : hardlink === undefined ? '' : ` = ${hardlink}`;
  const time =
    timeOf(file.mtime)
      ?.replace('T', ' ')
      .replace(/(\.\d+)?Z$/, '') ?? '?';
  return [permissions(file), `${uid}:${gid}`, amount, time, `${fileName(file)}${more}`];
}

const letters: Readonly<Record<FileEntry['type'], string>> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  'character-device': 'c',
  'block-device': 'b',
  fifo: 'p',
};

/** As `ls` writes them: `-rwsr-xr-x`. */
export function permissions({ type, mode }: Pick<FileEntry, 'type' | 'mode'>): string {
  const three = (shift: number, special: number, letter: string): string => {
    const bits = mode >> shift;
    const runs = (bits & 1) !== 0;
    const last = (mode & special) === 0 ? (runs ? 'x' : '-') : runs ? letter : letter.toUpperCase();
    return `${(bits & 4) === 0 ? '-' : 'r'}${(bits & 2) === 0 ? '-' : 'w'}${last}`;
  };
  return `${letters[type]}${three(6, 0o4000, 's')}${three(3, 0o2000, 's')}${three(0, 0o1000, 't')}`;
}

function timeOf(seconds: number): string | undefined {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace('.000Z', 'Z');
}
