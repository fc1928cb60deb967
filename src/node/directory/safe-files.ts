/**
 * Files of a directory that somebody else may have filled: a link, a fifo or a device in the place of a file is refused, and so is
 * a link on the way to it. The directory itself is the user's word, and may be a link.
 */
import { constants, lstatSync, type Stats } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OciError } from '../../errors.ts';
import { codeOf, onDisk, unless } from '../files/fs-errors.ts';

/** Windows has neither. */
const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY } = constants as Partial<typeof constants> & { O_RDONLY: number };

/** The size of a regular file below a directory; undefined: nothing is there. @throws OciError `LAYOUT_INVALID`, `IO` */
export async function sizeBelow(directory: string, path: string): Promise<number | undefined> {
  await checkFolders(directory, path);
  const stats = await look(join(directory, path));
  if (stats === undefined) return undefined;
  return requireFile(join(directory, path), stats).size;
}

/** Opens a regular file below a directory for reading. @throws OciError `NOT_FOUND`, `LAYOUT_INVALID`, `IO` */
export async function openBelow(directory: string, path: string): Promise<{ handle: FileHandle; size: number }> {
  const full = join(directory, path);
  if ((await sizeBelow(directory, path)) === undefined) throw new OciError('NOT_FOUND', `${full} is not there`);
  // Looking first keeps devices shut; these flags hold against whoever is faster than we are.
  const handle = await onDisk(`open ${full}`, () => open(full, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  try {
    return { handle, size: requireFile(full, await onDisk(`look at ${full}`, () => handle.stat())).size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Refuses a path that leads through a link. @throws OciError `LAYOUT_INVALID` */
export async function checkFolders(directory: string, path: string): Promise<void> {
  let folder = directory;
  for (const name of path.split('/').slice(0, -1)) {
    folder = join(folder, name);
    const stats = await look(folder);
    if (stats === undefined) return;
    if (!stats.isDirectory()) throw notAllowed(folder, stats, 'directory');
  }
}

async function look(path: string): Promise<Stats | undefined> {
  return onDisk(`look at ${path}`, async () => lstatSync(path, { throwIfNoEntry: false }));
}

function requireFile(path: string, stats: Stats): Stats {
  if (stats.isFile()) return stats;
  throw notAllowed(path, stats, 'file');
}

function notAllowed(path: string, stats: Stats, wanted: string): OciError {
  const found = stats.isSymbolicLink() ? 'a symbolic link' : stats.isDirectory() ? 'a directory' : 'something else';
  return new OciError('LAYOUT_INVALID', `${path} is ${found} where a ${wanted} belongs`, {
    hint: 'links and devices in a layout are not followed: they may lead anywhere',
  });
}

/** Runs something that needs a folder, which is made when it is missing, and again when another process removes it. */
export async function inFolder<T>(folder: string, run: () => Promise<T>): Promise<T> {
  for (let left = 100; ; left--) {
    try {
      return await run();
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || left === 0) throw error;
    }
    await makeFolder(folder);
  }
}

/** Makes a folder with those above it; that it is still there afterwards is not sure. @throws OciError `IO`, `DISK_FULL` */
export async function makeFolder(folder: string): Promise<void> {
  await onDisk(`make ${folder}`, () => makeFolders(folder));
}

/** The same with the system's own errors. One by one: Node's `recursive` says ENOENT where the disk is read-only. */
export async function makeFolders(folder: string, mode: number = 0o777): Promise<void> {
  const make = (): Promise<boolean | undefined> => unless(['EEXIST', 'ENOENT'], makeOne(folder, mode));
  if ((await make()) === true || dirname(folder) === folder) return;
  const found = await unless(['ENOENT', 'ENOTDIR'], stat(folder));
  if (found?.isDirectory() === true) return;
  // A file is in its place: that is what it fails with.
  if (found !== undefined) return mkdir(folder);
  await makeFolders(dirname(folder), mode);
  await make();
}

async function makeOne(folder: string, mode: number): Promise<boolean> {
  await mkdir(folder, { mode });
  return true;
}

/** Removes a folder when it is empty. One that stays is no failure, and must not hide the failure that was on its way. */
export async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch(() => {});
}

/** Moves a finished file to its place below a directory, in one step. */
export async function moveBelow(from: string, directory: string, path: string, durable: boolean): Promise<void> {
  const to = join(directory, path);
  await checkFolders(directory, path);
  await onDisk(`write ${to}`, () => inFolder(dirname(to), () => rename(from, to)));
  if (durable) await syncFolder(dirname(to));
}

/** Makes a rename last. Windows cannot, and some network file systems will not. */
export async function syncFolder(folder: string): Promise<void> {
  await onDisk(`sync ${folder}`, async () => {
    const handle = await unless(['EISDIR', 'EPERM', 'EACCES', 'ENOENT'], open(folder, 'r'));
    try {
      await unless(['EINVAL', 'EPERM', 'EBADF', 'ENOTSUP', 'EISDIR'], handle?.sync() ?? Promise.resolve());
    } finally {
      await handle?.close();
    }
  });
}
