/**
 * The writing of an extraction: one thing at a time by its name in an open folder, so that no link is ever written through, neither one
 * of the image nor one that stands in the target. What was made is known, to be taken back.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lchown, link, lstat, lutimes, mkdir, open, rmdir, symlink, unlink } from 'node:fs/promises';
import { OciError } from '../../errors.ts';
import type { FileEntry } from '../../image/files/file-entry.ts';
import { splitPath } from '../../image/files/layer-entries.ts';
import type { Bytes, Call } from '../../model/call.ts';
import { quote } from '../../model/quote.ts';
import type { Placed } from './extraction-plan.ts';
import { appendStream } from '../files/file-io.ts';
import { exactPath, type Folder, type Folders, type Path } from '../directory/folders.ts';
import { codeOf, onDisk, unless } from '../files/fs-errors.ts';
import { makeSpecial } from '../files/special-file.ts';

export interface ExtractionOptions extends Call {
  /** Names the target in errors. */
  readonly directory: string;
  /** Take the place of what stands there. */
  readonly force: boolean;
  /** Give files to their owners: only root may. */
  readonly owners: boolean;
}

export interface Extraction {
  makeDirectory(placed: Placed): Promise<void>;
  writeFile(placed: Placed, body: Bytes): Promise<void>;
  /** A symlink, a device, a fifo. @returns false: not for this user */
  makeOther(placed: Placed): Promise<boolean>;
  link(placed: Placed, first: Placed): Promise<void>;
  /** Owner, permissions and time of a directory, when nothing is put into it any more. */
  finishDirectory(placed: Placed): Promise<void>;
  /** Removes whatever was made. @returns false: something is left */
  undo(): Promise<boolean>;
}

const {
  O_NOFOLLOW = 0,
  O_CREAT,
  O_EXCL,
  O_WRONLY,
} = constants as Pick<typeof constants, 'O_CREAT' | 'O_EXCL' | 'O_WRONLY'> & { readonly O_NOFOLLOW?: number };

/** An extraction under way. */
interface Writing {
  readonly folders: Folders;
  readonly options: ExtractionOptions;
  /** In the order in which it was made. */
  readonly made: { readonly place: string; readonly isFolder: boolean }[];
}

export function beginExtraction(folders: Folders, options: ExtractionOptions): Extraction {
  const writing: Writing = { folders, options, made: [] };
  return {
    makeDirectory: ({ place }) => put(writing, place, makeDirectory),
    writeFile: ({ file, place }, body) => put(writing, place, (at) => writeFile(at, file, body)),
    makeOther: ({ file, place }) => put(writing, place, (at) => makeOther(at, file)),
    link: ({ place }, first) => put(writing, place, (at) => makeLink(at, first)),
    finishDirectory: ({ file, place }) =>
      folders.within(place, ({ handle }) =>
        onDisk(`finish ${quote(place)} in ${options.directory}`, () => finish(handle, file, options)),
      ),
    async undo() {
      let isGone = true;
      for (const one of writing.made.toReversed()) isGone = (await takeBack(folders, one)) && isGone;
      return isGone;
    },
  };
}

/** A name that something is put at. */
interface Spot extends Writing {
  readonly folder: Folder;
  readonly name: string;
  readonly path: Path;
  /** Says that it is there now. */
  readonly note: (isFolder?: boolean) => void;
}

/** Puts something at a name in its folder. By force, what stands there goes first, unless that is a directory. */
function put<T>(writing: Writing, place: string, make: (at: Spot) => Promise<T>): Promise<T> {
  const { folders, made, options } = writing;
  const { directory, force } = options;
  const { folder: parent, name } = splitPath(place);
  return folders.within(parent, async (folder) => {
    const path = folder.at(name);
    const note = (isFolder = false): void => void made.push({ place, isFolder });
    try {
      return await onDisk(`write ${quote(place)} in ${directory}`, async () => {
        if (force) await removeFile(path);
        return make({ ...writing, folder, name, path, note });
      });
    } catch (error) {
      throw isThere(error) ? conflict(directory, place) : error;
    }
  });
}

async function makeDirectory({ options, path, note }: Spot): Promise<void> {
  if (options.force && (await look(path))?.isDirectory() === true) return;
  await mkdir(path, 0o700);
  note(true);
}

async function writeFile({ options, path, name, note }: Spot, file: FileEntry, body: Bytes): Promise<void> {
  const handle = await open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600);
  note();
  try {
    await fill(handle, file, body, `${quote(name)} in ${options.directory}`, options.signal);
    await finish(handle, file, options);
  } catch (error) {
    await unlink(path).catch(() => {});
    throw error;
  } finally {
    await handle.close();
  }
}

async function makeOther({ options, folder, path, name, note }: Spot, file: FileEntry): Promise<boolean> {
  if (file.type === 'symlink') await symlink(exactPath(file.linkname ?? ''), path);
  else if (!(await makeSpecial(folder, name, file, modeOf(file, options), options))) return false;
  note();
  if (options.owners) await own(file, () => lchown(path, file.uid, file.gid));
  await lutimes(path, timeOf(file), timeOf(file));
  return true;
}

async function makeLink({ folders, path, note }: Spot, first: Placed): Promise<void> {
  const { folder, name } = splitPath(first.place);
  await folders.within(folder, async ({ at }) => {
    await link(at(name), path);
    note();
  });
}

async function fill(
  handle: FileHandle,
  { size }: FileEntry,
  body: Bytes,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { end, failure } = await appendStream(handle, 0, body, path, signal);
  if (failure !== undefined) throw failure.error;
  if (end !== size) throw new OciError('SIZE_MISMATCH', `${path} has ${end} of ${size} bytes`);
}

/** The owner first: changing it takes set-user-id away. */
async function finish(handle: FileHandle, file: FileEntry, options: ExtractionOptions): Promise<void> {
  if (options.owners) await own(file, () => handle.chown(file.uid, file.gid));
  await handle.chmod(modeOf(file, options));
  await handle.utimes(timeOf(file), timeOf(file));
}

/** Node takes a negative number for the present, but not its text. */
function timeOf({ mtime }: FileEntry): string {
  return String(mtime);
}

/** Root of a user namespace has not everybody in it. */
async function own({ path, uid, gid }: FileEntry, chown: () => Promise<void>): Promise<void> {
  const done = await unless(
    ['EPERM', 'EINVAL'],
    chown().then(() => true),
  );
  if (done === true) return;
  throw new OciError('IO', `cannot give ${quote(path)} to its owner ${uid}:${gid}`, {
    hint: 'extract without the owners (--no-same-owner): then all files are yours',
  });
}

/** A program that runs as its owner does so only for the owner that the image means. */
function modeOf({ mode, uid, gid }: FileEntry, { owners }: ExtractionOptions): number {
  const isKept = owners || (uid === process.geteuid?.() && gid === process.getegid?.());
  return mode & (isKept ? 0o7777 : 0o1777);
}

async function removeFile(path: Path): Promise<void> {
  const stats = await look(path);
  if (stats !== undefined && !stats.isDirectory()) await unless(['ENOENT'], unlink(path));
}

function look(path: Path): Promise<Stats | undefined> {
  return unless(['ENOENT'], lstat(path));
}

function takeBack(folders: Folders, { place, isFolder }: Writing['made'][number]): Promise<boolean> {
  const { folder, name } = splitPath(place);
  const removed = folders.within(folder, async ({ at, handle }) => {
    const remove = (): Promise<void> => (isFolder ? rmdir(at(name)) : unlink(at(name)));
    const isDone = await unless(
      ['EACCES', 'EPERM'],
      remove().then(() => true),
    );
    if (isDone === true) return;
    // The permissions of a folder that we made may be those of the image already.
    if (folder !== '') await handle.chmod(0o700);
    await remove();
  });
  return removed.then(
    () => true,
    (error: unknown) => codeOf(error) === 'ENOENT',
  );
}

function isThere(error: unknown): boolean {
  return error instanceof OciError && codeOf(error.cause) === 'EEXIST';
}

function conflict(directory: string, place: string): OciError {
  return new OciError('CONFLICT', `${quote(place)} stands already in ${directory}`, {
    hint: 'it is a directory where a file goes, or another name that the file system takes for the same',
  });
}
