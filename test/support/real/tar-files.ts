/** Layers of the machine's own files, packed by tar(1). */
import { constants } from 'node:fs';
import { access, lstat, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';

/**
 * Packs files below a directory, in the order of their names, until there are enough; giants are left out.
 * @param enough bytes of files.
 */
export async function tarFilesOf(directory: string, enough: number, archive: string): Promise<void> {
  const names: string[] = [];
  let bytes = 0;
  for await (const { path, size } of filesBelow(directory)) {
    if (size > enough / 8) continue;
    names.push(path.slice(1));
    bytes += size;
    if (bytes >= enough) break;
  }
  const list = `${archive}.list`;
  await writeFile(list, names.join('\0'));
  await tar(['--directory=/', '--no-recursion', '--null', `--files-from=${list}`], archive);
}

/** Packs a whole directory as the root of a file system. */
export async function tarDirectory(directory: string, archive: string): Promise<void> {
  await tar([`--directory=${directory}`, '--sort=name', '.'], archive);
}

async function tar(what: readonly string[], archive: string): Promise<void> {
  await run('tar', ['--create', `--file=${archive}`, '--owner=0', '--group=0', '--numeric-owner', ...what]);
}

async function* filesBelow(directory: string): AsyncGenerator<{ path: string; size: number }> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isSymbolicLink()) yield { path, size: 0 };
    else if (entry.isFile() && (await isReadable(path))) yield { path, size: (await lstat(path)).size };
  }
}

function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
