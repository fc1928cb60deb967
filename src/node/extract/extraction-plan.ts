/** What an extraction will write, known and judged before anything is written. */
import { OciError, throwIfAborted } from '../../errors.ts';
import { type FileEntry, fileKey } from '../../image/files/file-entry.ts';
import type { FileSystem } from '../../image/files/file-system.ts';
import { pathNames } from '../../image/files/layer-entries.ts';
import { quote } from '../../model/quote.ts';
import type { Call } from '../../model/call.ts';

/** A file, and where it goes: a path below the target, which has the empty one. */
export interface Placed {
  readonly file: FileEntry;
  readonly place: string;
}

export interface ExtractionPlan {
  /** What the target itself becomes, where a directory is extracted. */
  readonly top: FileEntry | undefined;
  /** Each before those in it. */
  readonly directories: readonly Placed[];
  /** Everything else, by its first name. */
  readonly files: readonly Placed[];
  /** Further names of files, and where the first one goes. */
  readonly links: readonly (Placed & { readonly first: Placed })[];
  /** Of all files together. */
  readonly bytes: number;
}

export interface PlanLimits extends Call {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** `win32` takes fewer names. */
  readonly platform: NodeJS.Platform;
}

/** @throws OciError `NOT_FOUND`, `LIMIT`, `TOO_LARGE`, `LAYOUT_INVALID` */
export async function planExtraction(files: FileSystem, path: string, limits: PlanLimits): Promise<ExtractionPlan> {
  const plan = { top: undefined as FileEntry | undefined, bytes: 0 };
  const directories: Placed[] = [];
  const firsts: Placed[] = [];
  const links: (Placed & { first: Placed })[] = [];
  const known = new Map<string, Placed>();
  for await (const placed of placedBelow(files, path, limits)) {
    throwIfAborted(limits.signal);
    const { file, place } = placed;
    check(placed, limits);
    const key = fileKey(file);
    const first = key === undefined ? undefined : known.get(key);
    if (place === '') plan.top = file;
    else if (key === undefined) directories.push(placed);
    else if (first === undefined) firsts.push(placed);
    else links.push({ ...placed, first });
    if (key !== undefined && first === undefined) known.set(key, placed);
    plan.bytes += first === undefined ? file.size : 0;
    if (plan.bytes > limits.maxBytes) throw tooMuch(limits.maxBytes);
    if (directories.length + firsts.length + links.length > limits.maxEntries) throw tooMany(limits.maxEntries);
  }
  return { ...plan, directories, files: firsts, links };
}

/** Of a directory, itself and what is in it; of anything else, that, by its own name. */
async function* placedBelow(files: FileSystem, path: string, { signal, on }: Call): AsyncGenerator<Placed> {
  const call = { signal, on };
  const own = await files.stat(path, { ...call, follow: false });
  const end = own.type === 'symlink' ? await files.stat(path, call).catch(() => own) : own;
  if (end.type !== 'directory') return yield { file: own, place: pathNames(own.path).at(-1) ?? '' };
  yield { file: end, place: '' };
  const start = end.path === '' ? 0 : end.path.length + 1;
  for await (const file of files.list(end.path, { ...call, recursive: true })) {
    yield { file, place: file.path.slice(start) };
  }
}

const MAX_ID = 2 ** 32 - 2;
// In the year 9999 they end, for most file systems sooner.
const MAX_TIME = 253_402_300_799;

function check({ file, place }: Placed, { platform }: PlanLimits): void {
  const { path, uid, gid, mtime } = file;
  const isId = (id: number): boolean => Number.isInteger(id) && id >= 0 && id <= MAX_ID;
  if (!isId(uid) || !isId(gid)) throw refused(path, 'its owner is no number of a user');
  if (!(Math.abs(mtime) <= MAX_TIME)) throw refused(path, 'its time is none');
  const bad = platform === 'win32' ? pathNames(place).find(isRefusedByWindows) : undefined;
  if (bad !== undefined) throw refused(path, `Windows takes ${quote(bad)} for something else`);
}

export function isRefusedByWindows(name: string): boolean {
  return /[<>:"|?*\\\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name);
}

function refused(path: string, problem: string): OciError {
  return new OciError('LAYOUT_INVALID', `${quote(path)} cannot be extracted: ${problem}`);
}

function tooMuch(limit: number): OciError {
  return new OciError('TOO_LARGE', `the files to extract have more than ${limit} bytes`, {
    hint: 'raise the limit if the image is trusted',
  });
}

function tooMany(limit: number): OciError {
  return new OciError('LIMIT', `there are more than ${limit} files to extract`, {
    hint: 'raise the limit if the image is trusted',
  });
}
