/**
 * Headers of a layer's entries as they are written anew: the same for the same entry, whoever wrote the layer. PAX records stay
 * where they say what a header cannot hold; those of one file system only (inode numbers, times of access) go.
 */
import type { TarFile, TarHeader } from '../../bytes/tar.ts';

/** What the writer tells by itself, where it has to. */
const WRITTEN = new Set(['path', 'linkpath', 'size', 'mtime', 'uid', 'gid', 'uname', 'gname', 'hdrcharset']);
/** What differs each time that a layer is made of the same files. */
const PASSING = new Set(['comment', 'SCHILY.dev', 'SCHILY.ino', 'SCHILY.nlink']);
/** Beside the modification; Windows alone restores them (hcsshim), and says so by records of its own. */
const TIMES = ['atime', 'ctime', 'LIBARCHIVE.creationtime'];
const WINDOWS = 'MSWINDOWS.';

/** Seconds since 1970 to such seconds. */
export type ChangeTime = (seconds: number) => number;

/** The entry as it is written. The time goes with all its digits, which a number does not have. */
export function layerFile(header: TarHeader): TarFile {
  const { pax = {}, mtime, type, ...rest } = header;
  const kept = Object.entries(pax).filter(([key]) => isKept(key, pax));
  const exact = exactTime(mtime, pax.mtime);
  const records = Object.fromEntries([...kept, ...(exact === undefined ? [] : [['mtime', exact]])].sort(byKey));
  return {
    ...rest,
    type: type === 'contiguous-file' ? 'file' : type,
    mtime: exact === undefined ? mtime : 0,
    pax: Object.keys(records).length === 0 ? undefined : records,
  };
}

/** The entry with all its times changed; the same object where that changes none. */
export function withTimes(header: TarHeader, change: ChangeTime): TarHeader {
  const { pax = {} } = header;
  const mtime = change(header.mtime);
  const changed = TIMES.flatMap((key): [string, string][] => {
    const text = pax[key];
    const time = text === undefined ? undefined : change(Number(text));
    return time === undefined || time === Number(text) ? [] : [[key, String(time)]];
  });
  if (mtime === header.mtime && changed.length === 0) return header;
  return { ...header, mtime, ...(changed.length === 0 ? {} : { pax: { ...pax, ...Object.fromEntries(changed) } }) };
}

function isKept(key: string, pax: Readonly<Record<string, string>>): boolean {
  if (TIMES.includes(key)) return Object.keys(pax).some((other) => other.startsWith(WINDOWS));
  return !WRITTEN.has(key) && !PASSING.has(key);
}

/** What a PAX record has to say of a time: a fraction, as it was told. */
function exactTime(mtime: number, told: string | undefined): string | undefined {
  if (Number.isInteger(mtime)) return undefined;
  return told !== undefined && Number(told) === mtime ? told : String(mtime);
}

function byKey([a = '']: readonly string[], [b = '']: readonly string[]): number {
  return a < b ? -1 : 1;
}
