/**
 * Settings that other programs share: read whole, changed by one process at a time, and replaced in one step, so that
 * whoever reads or dies meets the old file or the new one. What stands in the file is for others to decide.
 */
import { lstat, open, readdir, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { OciError, throwIfAborted } from '../../errors.ts';
import type { Call } from '../../model/call.ts';
import { lockFile } from '../directory/file-lock.ts';
import { onDisk, unless } from '../files/fs-errors.ts';
import { makeFolders, syncFolder } from '../directory/safe-files.ts';

/** The largest settings file that is read, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_LINKS = 40;
/** A change takes milliseconds: whoever is silent for longer is gone. */
const LOCK = { staleMs: 2_000, patienceMs: 30_000 };

/**
 * Reads a settings file; undefined when there is none.
 * @throws OciError `IO`, `CONFIG_INVALID` when it is too large
 */
export async function readConfigFile(file: string): Promise<string | undefined> {
  const text = await onDisk(`read ${file}`, () => unless(['ENOENT', 'ENOTDIR'], readBounded(file)));
  return text?.replace(/^\uFEFF/, '');
}

async function readBounded(file: string): Promise<string> {
  const stats = await stat(file);
  if (stats.size > MAX_BYTES) throw new OciError('CONFIG_INVALID', `${file} is larger than ${MAX_BYTES} bytes`);
  return stats.isFile() || stats.isDirectory() ? readFile(file, 'utf8') : readSpecial(file);
}

/** `--authfile <(…)` of a shell is a pipe that is meant, and standard input; any other would be waited for, and a device has no end. */
async function readSpecial(file: string): Promise<string> {
  if (/^\/(?:dev\/stdin|(?:dev|proc\/self)\/fd\/\d+)$/.test(file)) return readFile(file, 'utf8');
  // A pipe that a link leads to has no path.
  if ((await realpath(file).catch(() => file)) === '/dev/null') return '';
  throw new OciError('CONFIG_INVALID', `${file} is no regular file`);
}

/**
 * Changes a settings file that holds secrets: whatever its mode was, only its owner can read it afterwards. A symbolic link
 * stays one. Directories that are missing are made for the owner alone.
 * @param edit gets the text (undefined: there is no file) and answers with the new one; the same one changes nothing
 * @throws OciError `IO`, `DISK_FULL`, `CONFLICT`, and what `edit` throws: then the file is as it was
 */
export async function editConfigFile(
  file: string,
  edit: (text: string | undefined) => string | undefined,
  { signal }: Call = {},
): Promise<void> {
  throwIfAborted(signal);
  await onDisk(`write ${file}`, async () => {
    const target = await followLinks(resolve(file));
    const makeOwn = (): Promise<void> => makeFolders(dirname(target), 0o700);
    await makeOwn();
    const lock = await lockFile(`${target}.lock`, makeOwn, { ...LOCK, signal });
    try {
      if (lock.wasTaken) await removeTemporaries(target);
      const before = await readConfigFile(target);
      const after = edit(before);
      throwIfAborted(signal);
      if (after !== undefined && after !== before) await replaceFile(target, after);
    } finally {
      await lock.release();
    }
  });
}

async function replaceFile(target: string, text: string): Promise<void> {
  const temporary = join(dirname(target), `${temporaryPrefix(target)}${crypto.randomUUID()}`);
  try {
    await writeDurably(temporary, text, await unless(['ENOENT'], stat(target)));
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(target));
}

async function writeDurably(
  file: string,
  text: string,
  like: { readonly uid: number; readonly gid: number } | undefined,
): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.chmod(0o600); // the umask may have taken more
    // `sudo lading login` leaves the user's file to the user
    if (like !== undefined && process.getuid?.() === 0)
      await unless(['EPERM', 'EINVAL'], handle.chown(like.uid, like.gid));
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What a killed process left behind holds secrets. */
async function removeTemporaries(target: string): Promise<void> {
  const names = await readdir(dirname(target));
  const left = names.filter((name) => name.startsWith(temporaryPrefix(target)));
  await Promise.all(left.map((name) => rm(join(dirname(target), name), { force: true })));
}

function temporaryPrefix(target: string): string {
  return `.${basename(target)}.tmp-`;
}

/** Where a file really stands, also when that is a link to nothing. */
async function followLinks(file: string, left: number = MAX_LINKS): Promise<string> {
  const real = await unless(['ENOENT', 'ENOTDIR'], realpath(file));
  if (real !== undefined) return real;
  const entry = await unless(['ENOENT', 'ENOTDIR'], lstat(file));
  if (entry?.isSymbolicLink() !== true || left === 0) return file;
  return followLinks(resolve(dirname(file), await readlink(file)), left - 1);
}
