/** The folder `.lading` of a layout in a directory: unfinished files, and what is left of them. */
import { type FileHandle, lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { onDisk, unless } from '../files/fs-errors.ts';
import { checkFolders, inFolder, removeIfEmpty, syncFolder } from './safe-files.ts';

/** Writes a small file in the layout by a rename, and makes that last. */
export async function replaceFile(
  directory: string,
  workFolder: string,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  const to = join(directory, path);
  const temporary = join(workFolder, `${crypto.randomUUID()}.tmp`);
  await checkFolders(directory, path);
  await onDisk(`write ${to}`, async () => {
    try {
      await writeAndSync(await inFolder(workFolder, () => open(temporary, 'wx', 0o666)), bytes);
      await rename(temporary, to);
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
    await syncFolder(directory);
  });
}

async function writeAndSync(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what `replaceFile` left when its process was killed; only under the lock, where no other can be at it. */
export async function removeTemporaries(workFolder: string): Promise<void> {
  for (const name of await namesIn(workFolder)) {
    if (name.endsWith('.tmp')) await removeFile(join(workFolder, name));
  }
}

/** Removes what nobody has touched for so long. @returns the bytes that it held */
export async function sweepFolder(
  workFolder: string,
  { olderThanMs, dryRun }: { readonly olderThanMs: number; readonly dryRun: boolean },
): Promise<number> {
  const before = Date.now() - olderThanMs;
  let bytes = 0;
  for (const name of await namesIn(workFolder)) {
    const path = join(workFolder, name);
    const stats = await onDisk(`look at ${path}`, () => unless(['ENOENT'], lstat(path)));
    if (stats === undefined || stats.mtimeMs >= before || stats.isDirectory()) continue;
    bytes += stats.size;
    if (!dryRun) await removeFile(path);
  }
  if (!dryRun) await removeIfEmpty(workFolder);
  return bytes;
}

async function removeFile(path: string): Promise<void> {
  await onDisk(`remove ${path}`, () => unless(['ENOENT'], unlink(path)));
}

async function namesIn(folder: string): Promise<string[]> {
  return (await onDisk(`list ${folder}`, () => unless(['ENOENT', 'ENOTDIR'], readdir(folder)))) ?? [];
}
