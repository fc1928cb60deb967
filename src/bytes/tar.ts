/**
 * tar archives as streams (the `#tar` seam): what an entry is, and what is refused. PAX records are applied, so that
 * every reader of an archive sees what Go's archive/tar sees; whether a name is safe to write to is for others to judge.
 */
import type { Bytes } from '../model/call.ts';

export { readTar, scanTar, TAR_END, tarHeader, tarPadding, writeTar } from '#tar';

export type TarEntryType =
  | 'file'
  | 'link'
  | 'symlink'
  | 'directory'
  | 'character-device'
  | 'block-device'
  | 'fifo'
  | 'contiguous-file';

export interface TarHeader {
  /** As the archive has it: it may be absolute, or climb out. */
  readonly name: string;
  readonly type: TarEntryType;
  /** Bytes of its body; 0 for all but files. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970; PAX gives fractions. */
  readonly mtime: number;
  /** What a link or symlink leads to. */
  readonly linkname?: string | undefined;
  readonly uname?: string | undefined;
  readonly gname?: string | undefined;
  readonly devmajor?: number | undefined;
  readonly devminor?: number | undefined;
  /** The PAX records, `SCHILY.xattr.*` among them. */
  readonly pax?: Readonly<Record<string, string>> | undefined;
}

/** An entry of an archive, and where it stands. */
export interface TarPlace extends TarHeader {
  /** Where its body starts, in bytes from the beginning of the archive. */
  readonly offset: number;
}

/** An entry of an archive that is read from its beginning. */
export interface TarEntry extends TarPlace {
  /** To be read before the next entry is asked for, or not at all. */
  readonly body: Bytes;
}

/** What is to be written; all but the name has a default that is the same everywhere: mode 0644 or 0755, owner 0, time 0. */
export interface TarFile extends Partial<TarHeader> {
  readonly name: string;
  /** Exactly `size` bytes. */
  readonly body?: Bytes | undefined;
}
