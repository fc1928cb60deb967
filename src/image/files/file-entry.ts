/** What is told of a file of an image: the facts of its entry, and the path that it has come to. */
import type { TarEntryType, TarHeader } from '../../bytes/tar.ts';
import type { Directory, Leaf } from './tree.ts';

export type FileType = 'file' | 'directory' | 'symlink' | 'character-device' | 'block-device' | 'fifo';

/** A name in the file system of an image. */
export interface FileEntry {
  /** Relative to the root, which has the empty path. */
  readonly path: string;
  readonly type: FileType;
  /** Bytes; 0 for all but files. */
  readonly size: number;
  /** Permission bits, with set-user-id, set-group-id and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly uname?: string | undefined;
  readonly gname?: string | undefined;
  /** Seconds since 1970, with fractions where the layer tells them. */
  readonly mtime: number;
  /** The same in decimal digits, to the nanosecond, where a number does not hold all of them. */
  readonly exactMtime?: string | undefined;
  /** Where a symlink leads, as it says itself: it may be absolute, or climb out. */
  readonly linkname?: string | undefined;
  readonly devmajor?: number | undefined;
  readonly devminor?: number | undefined;
  /** Extended attributes by name, `security.capability` for instance. */
  readonly xattrs?: Readonly<Record<string, string>> | undefined;
  /** The position of the layer that it comes from, the lowest 0; undefined for a directory that no layer tells of. */
  readonly layer?: number | undefined;
  /** Its place in that layer. Names with the same layer and place are hard links of one file. */
  readonly index?: number | undefined;
}

const XATTR = 'SCHILY.xattr.';

/** What stands at a path. */
export function fileEntry(path: string, { told }: Directory | Leaf): FileEntry {
  if (told === undefined) return { path, type: 'directory', size: 0, mode: 0o755, uid: 0, gid: 0, mtime: 0 };
  const { header, index } = told.entry;
  const { size, mode, uid, gid, uname, gname, linkname, devmajor, devminor, pax } = header;
  const type = typeOf(header.type);
  return {
    path,
    type,
    size,
    mode,
    uid,
    gid,
    ...timeOf(header),
    ...(uname ? { uname } : {}),
    ...(gname ? { gname } : {}),
    ...(type === 'symlink' ? { linkname } : {}),
    ...(type.endsWith('device') ? { devmajor, devminor } : {}),
    ...(pax === undefined ? {} : xattrsOf(pax)),
    layer: told.layer,
    index,
  };
}

/** A hard link is never asked: it has the entry of the file that it names. */
function typeOf(type: TarEntryType): FileType {
  return type === 'contiguous-file' || type === 'link' ? 'file' : type;
}

/** One time is written in one way, whatever zeros the layer has behind it. No tool keeps more than nanoseconds. */
function timeOf({ mtime, pax }: TarHeader): Pick<FileEntry, 'mtime' | 'exactMtime'> {
  if (Number.isInteger(mtime) || !pax?.mtime) return { mtime };
  const [, whole = pax.mtime, nanos = ''] = /^([^.]*)\.(\d{1,9})\d*$/.exec(pax.mtime) ?? [];
  const fraction = nanos.replace(/0+$/, '');
  const exact = fraction === '' ? whole : `${whole}.${fraction}`;
  const nearest = Number(exact);
  return exact === String(nearest) ? { mtime: nearest } : { mtime: nearest, exactMtime: exact };
}

function xattrsOf(pax: Readonly<Record<string, string>>): Pick<FileEntry, 'xattrs'> {
  const keys = Object.keys(pax).filter((key) => key.startsWith(XATTR));
  if (keys.length === 0) return {};
  return { xattrs: Object.fromEntries(keys.sort().map((key) => [key.slice(XATTR.length), pax[key] ?? ''])) };
}

/** The same for all names of one file; undefined for directories, which have one name. */
export function fileKey({ type, layer, index }: FileEntry): string | undefined {
  return type === 'directory' ? undefined : `${layer}/${index}`;
}

/** The PAX records of extended attributes. */
export function xattrRecords({ xattrs = {} }: FileEntry): Record<string, string> {
  return Object.fromEntries(Object.entries(xattrs).map(([name, value]) => [`${XATTR}${name}`, value]));
}
