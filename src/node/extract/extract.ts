/**
 * Files of an image written to a directory: links, owners, permissions and times as in the image, as far as the user may. What is
 * written is judged first; how it is written, so that nothing outside the directory is ever touched, is decided in `extraction.ts`.
 */
import { mkdir, readdir, realpath, rmdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isOciError, OciError, throwIfAborted } from '../../errors.ts';
import { fromArray, readAll } from '../../bytes/read.ts';
import { collect, mapLimited } from '../../graph/collect.ts';
import type { FileSystem } from '../../image/files/file-system.ts';
import type { Bytes, Call } from '../../model/call.ts';
import { beginExtraction, type Extraction } from './extraction.ts';
import { type ExtractionPlan, type Placed, planExtraction } from './extraction-plan.ts';
import { openFolders } from '../directory/folders.ts';
import { requireSpace } from '../directory/free-space.ts';
import { onDisk, unless } from '../files/fs-errors.ts';

export interface ExtractOptions extends Call {
  /** Write into a directory that is not empty, and take the place of files there; directories there stay. */
  readonly force?: boolean | undefined;
  /** Give files to the users of the image; for root unless told. Without it nothing is set-user-id or set-group-id. */
  readonly owners?: boolean | undefined;
  /** The most files and directories; 2 000 000 unless told. */
  readonly maxEntries?: number | undefined;
  /** The most bytes of all files together; 64 GiB unless told. */
  readonly maxBytes?: number | undefined;
}

/** What came of it. */
export interface Extracted {
  readonly files: number;
  readonly directories: number;
  /** Of the files. */
  readonly bytes: number;
  /** Devices and fifos that this user cannot make, by their paths below the directory. */
  readonly skipped: readonly string[];
  /** How many files belong to somebody else in the image than on the disk. */
  readonly ownersLost: number;
  /** How many files have extended attributes in the image, which are not written. */
  readonly xattrsLost: number;
}

const MAX_ENTRIES = 2_000_000;
const MAX_BYTES = 64 * 2 ** 30;
/** Files up to this size are written beside each other. */
const SMALL = 256 * 1024;
const AT_ONCE = 8;

/**
 * Writes what an image has at a path to a directory: of a directory what it holds, of anything else that itself, under its own name. The
 * directory is made, or has to be empty. When something fails, what was written is removed again; with `force` it stays, and the error
 * says so.
 * @throws OciError `NOT_FOUND`, `CONFLICT` when the directory is not empty, `LIMIT`, `TOO_LARGE`, `DISK_FULL`, `IO`, and what reading the
 * file system throws
 * @example
 * await extract(files, 'usr/share/doc', './doc');
 */
export async function extract(
  files: FileSystem,
  path: string,
  directory: string,
  options: ExtractOptions = {},
): Promise<Extracted> {
  const { force = false, maxEntries = MAX_ENTRIES, maxBytes = MAX_BYTES, signal, on } = options;
  const owners = options.owners ?? process.geteuid?.() === 0;
  const limits = { maxEntries, maxBytes, platform: process.platform, signal, on };
  const plan = await planExtraction(files, path, limits);
  await requireSpace(directory, plan.bytes, 'the files');
  const made = await prepare(directory, force);
  const folders = await openFolders(await onDisk(`open ${directory}`, () => realpath(directory)));
  const extraction = beginExtraction(folders, { directory, force, owners, signal, on });
  try {
    const skipped = await write(files, plan, extraction, made !== undefined, { signal, on });
    return { ...counted(plan, owners, skipped), skipped };
  } catch (error) {
    const isGone = !force && (await extraction.undo());
    if (isGone && made !== undefined) await removeMade(directory, made).catch(() => {});
    throw isGone ? error : inPart(error, directory);
  } finally {
    await folders.close();
  }
}

/** @returns the highest directory that was made for it; undefined: it was there. */
async function prepare(directory: string, force: boolean): Promise<string | undefined> {
  const stats = await onDisk(`look at ${directory}`, () => unless(['ENOENT'], stat(directory)));
  if (stats === undefined) {
    return onDisk(`make ${directory}`, () => mkdir(directory, { recursive: true }));
  }
  if (!stats.isDirectory()) throw new OciError('CONFLICT', `${directory} is no directory`);
  if (!force && (await onDisk(`list ${directory}`, () => readdir(directory))).length > 0) {
    throw new OciError('CONFLICT', `${directory} is not empty`, {
      hint: 'extract to a new directory, or force it: files there are then replaced',
    });
  }
  return undefined;
}

/** Where somebody else has put something meanwhile, it stays. */
async function removeMade(directory: string, highest: string): Promise<void> {
  for (let at = resolve(directory); at.length >= resolve(highest).length; at = dirname(at)) await rmdir(at);
}

/** In the order in which nothing is changed by what comes after it. @returns what could not be made */
async function write(
  files: FileSystem,
  plan: ExtractionPlan,
  extraction: Extraction,
  isNew: boolean,
  call: Call,
): Promise<string[]> {
  for (const placed of plan.directories) {
    throwIfAborted(call.signal);
    await extraction.makeDirectory(placed);
  }
  await writeFiles(files, plan, extraction, call);
  const skipped = new Set<Placed>();
  for (const placed of plan.files) {
    throwIfAborted(call.signal);
    if (placed.file.type !== 'file' && !(await extraction.makeOther(placed))) skipped.add(placed);
  }
  for (const placed of plan.links) {
    throwIfAborted(call.signal);
    if (skipped.has(placed.first)) skipped.add(placed);
    else await extraction.link(placed, placed.first);
  }
  for (const placed of plan.directories.toReversed()) await extraction.finishDirectory(placed);
  // A directory that stood already is the user's own.
  if (isNew && plan.top !== undefined) await extraction.finishDirectory({ file: plan.top, place: '' });
  return [...skipped].map(({ place }) => place);
}

async function writeFiles(files: FileSystem, plan: ExtractionPlan, extraction: Extraction, call: Call): Promise<void> {
  const regular = plan.files.filter(({ file }) => file.type === 'file');
  const places = new Map(regular.map((placed) => [placed.file.path, placed]));
  /** Small files, and their bytes; large ones are written on the way. */
  const small = async function* (): AsyncGenerator<{ placed: Placed; body: Bytes }> {
    for (const placed of regular) if (placed.file.size === 0) yield { placed, body: fromArray(new Uint8Array(0)) };
    const filled = regular.flatMap(({ file }) => (file.size > 0 ? [file] : []));
    for await (const { file, body } of files.bodies(filled, call)) {
      const placed = places.get(file.path);
      if (placed === undefined) continue;
      if (file.size > SMALL) await extraction.writeFile(placed, body);
      else yield { placed, body: fromArray(await readAll(body, SMALL, placed.place)) };
    }
  };
  await collect(mapLimited(small(), AT_ONCE, ({ placed, body }) => extraction.writeFile(placed, body)));
}

function counted(
  { top, directories, files, links, bytes }: ExtractionPlan,
  owners: boolean,
  skipped: readonly string[],
): Omit<Extracted, 'skipped'> {
  const left = new Set(skipped);
  const made = [...directories, ...files].filter(({ place }) => !left.has(place));
  const all = [...(top === undefined ? [] : [top]), ...made.map(({ file }) => file)];
  const [uid, gid] = [process.geteuid?.(), process.getegid?.()];
  return {
    files: files.length + links.length - skipped.length,
    directories: directories.length,
    bytes,
    ownersLost: owners ? 0 : all.filter((file) => file.uid !== uid || file.gid !== gid).length,
    xattrsLost: all.filter(({ xattrs }) => xattrs !== undefined).length,
  };
}

function inPart(error: unknown, directory: string): unknown {
  if (!isOciError(error)) return error;
  const { code, message, hint } = error;
  return new OciError(code, `${message}; a part of the files is in ${directory}`, { hint, cause: error });
}
