/** This process as a user who is not root, for whom modes count. */
import { chmod, chown } from 'node:fs/promises';

const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;

/** Runs something as such a user; whoever is one already stays who he is. */
export async function asOrdinaryUser<T>(run: () => Promise<T>): Promise<T> {
  if (!isRoot) return run();
  process.setegid?.(NOBODY);
  process.seteuid?.(NOBODY);
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

/** Gives a file or folder to that user, with these permissions. */
export async function giveTo(path: string, mode: number): Promise<void> {
  if (isRoot) await chown(path, NOBODY, NOBODY);
  await chmod(path, mode);
}
