/** File systems of their own, to be filled or made read-only: of a few MiB, in memory. Only root may mount them. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freeBytes } from '../../src/node/directory/free-space.ts';
import type { Content } from '../../src/store/types.ts';
import { type TemporaryDirectory, temporaryDirectory } from './real/temporary.ts';

export const MEBIBYTE: number = 1 << 20;

const canMount = ((): boolean => {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** The options of a test that needs one. */
export const small: { readonly skip: string | false } = {
  skip: canMount ? false : 'only root may mount a small file system',
};

/** A file system of 8 MiB. */
export async function smallDisk(t: TestContext): Promise<string> {
  const { path, remove } = await temporaryDirectory('small-disk');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'none', path]);
  t.after(async () => {
    execFileSync('umount', ['-l', path]);
    await remove();
  });
  return path;
}

const SHARED_MEMORY = '/dev/shm';

/** A directory in memory, where there is such a place: to sync a file costs nothing there. */
export async function memoryDirectory(purpose: string): Promise<TemporaryDirectory> {
  if (!existsSync(SHARED_MEMORY)) return temporaryDirectory(purpose);
  const path = await mkdtemp(join(SHARED_MEMORY, `lading-${purpose}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export function remount(path: string, how: 'ro' | 'rw'): void {
  execFileSync('mount', ['-o', `remount,${how}`, path]);
}

/** Somebody else takes all of it but so much. */
export async function fillDisk(directory: string, but: number): Promise<void> {
  await writeFile(join(directory, 'filler'), new Uint8Array(((await freeBytes(directory)) ?? 0) - but));
}

/** Content during whose reading somebody else fills the disk. */
export function fillingDisk(content: Content, directory: string): Content {
  return {
    ...content,
    async *open(options) {
      await fillDisk(directory, 2 * MEBIBYTE);
      yield* content.open(options);
    },
  };
}
