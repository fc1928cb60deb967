/**
 * Settings that other programs share: read whole, changed by one process at a time, and replaced in one step, so that
 * whoever reads or dies meets the old file or the new one. What stands in the file is for others to decide.
 */
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { OciError, throwIfAborted } from '../errors.ts';
import type { Call } from '../model/call.ts';
import { withFileLock } from './file-lock.ts';
import { errnoOf, ioError } from './io-error.ts';

/** The largest settings file that is read, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_LINKS = 40;

/**
 * Reads a settings file; undefined when there is none.
 * @throws OciError `IO`, `CONFIG_INVALID` when it is too large
 */
export async function readConfigFile(file: string): Promise<string | undefined> {
  try {
    if ((await stat(file)).size > MAX_BYTES)
      throw new OciError('CONFIG_INVALID', `${file} is larger than ${MAX_BYTES} bytes`);
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw ioError(error, `read ${file}`);
  }
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
  options: Call = {},
): Promise<void> {
  try {
    const target = await followLinks(resolve(file));
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await withFileLock(
      target,
      async (assertHeld) => {
        const before = await readConfigFile(target);
        const after = edit(before);
        throwIfAborted(options.signal);
        if (after !== undefined && after !== before) await replaceFile(target, after, assertHeld);
      },
      options,
    );
  } catch (error) {
    throw ioError(error, `write ${file}`);
  }
}

async function replaceFile(target: string, text: string, assertHeld: () => Promise<void>): Promise<void> {
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  try {
    await writeDurably(temporary, text, await stat(target).catch(() => undefined));
    await assertHeld();
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
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
    if (like !== undefined && process.getuid?.() === 0) await handle.chown(like.uid, like.gid).catch(() => {});
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Where a file really stands, also when that is a link to nothing. */
async function followLinks(file: string, left: number = MAX_LINKS): Promise<string> {
  const real = await realpath(file).catch(() => undefined);
  if (real !== undefined) return real;
  const isLink = await lstat(file).then(
    (entry) => entry.isSymbolicLink(),
    () => false,
  );
  if (!isLink || left === 0) return file;
  return followLinks(resolve(dirname(file), await readlink(file)), left - 1);
}
