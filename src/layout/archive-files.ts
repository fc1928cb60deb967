/**
 * The files of an archive that is looked into, not unpacked: a name in it is a key, never a path of this machine. Links are
 * followed within the archive, a bounded number of them, for old `docker save` and skopeo write layers that are links.
 */
import { OciError } from '../errors.ts';
import type { TarPlace } from '../bytes/tar.ts';
import type { Bytes, Call } from '../model/call.ts';
import { quote } from '../model/quote.ts';

/** What a medium must offer for an archive to be read: a tar file, or the same in memory. */
export interface ArchiveFiles {
  /** Of the archive, for messages. */
  readonly name: string;
  /** All but directories, by their names without a leading `./`. */
  readonly entries: ReadonlyMap<string, TarPlace>;
  /** The bytes of an entry from `start` to before `end`, fewer when it is shorter. */
  read(place: TarPlace, start: number, end: number, options?: Call): Bytes;
}

const MAX_LINKS = 16;

/**
 * The regular file of a name, through links.
 * @throws OciError `LAYOUT_INVALID` when there is none in the archive
 */
export function findFile({ name, entries }: ArchiveFiles, path: string): TarPlace {
  let at = within(path);
  for (let links = 0; links <= MAX_LINKS; links++) {
    if (at === undefined) throw invalidArchive(name, `${quote(path)} leads out of it`);
    const entry = entries.get(at);
    if (entry === undefined) throw invalidArchive(name, `${quote(path)} is not in it`);
    if (entry.type === 'file' || entry.type === 'contiguous-file') return entry;
    if (entry.type !== 'link' && entry.type !== 'symlink')
      throw invalidArchive(name, `${quote(path)} is a ${entry.type} where a file belongs`);
    at = followed(at, entry);
  }
  throw invalidArchive(name, `${quote(path)} leads through more than ${MAX_LINKS} links`);
}

/** Where a link leads: a hard one starts from the top of the archive, a symbolic one from its own folder. */
function followed(from: string, { type, linkname = '' }: TarPlace): string | undefined {
  return within(type === 'link' || linkname.startsWith('/') ? linkname : `${from}/../${linkname}`);
}

/** The path without `.` and `..`; undefined when it climbs out. */
function within(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

/** The error for an archive of `docker save` that makes no sense. */
export function invalidArchive(name: string, problem: string, cause?: unknown): OciError {
  return new OciError('LAYOUT_INVALID', `${name} is not a valid docker archive: ${problem}`, { cause });
}
