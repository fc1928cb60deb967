/** Devices and named pipes. Node cannot make them; `mknod` can, which every Linux has. */
import { execFile } from 'node:child_process';
import { holdsBytes } from '../../bytes/tar-text.ts';
import type { FileEntry } from '../../image/files/file-entry.ts';
import type { Call } from '../../model/call.ts';
import type { Folder } from '../directory/folders.ts';

/** What the kernel's numbers hold. */
const MAX_MAJOR = 2 ** 12 - 1;
const MAX_MINOR = 2 ** 20 - 1;

const letters = { 'character-device': 'c', 'block-device': 'b', fifo: 'p' } as const;

/**
 * Makes one, with its permissions.
 * @returns false: this user, or this machine, cannot
 */
export async function makeSpecial(
  folder: Folder,
  name: string,
  file: FileEntry,
  mode: number,
  { signal }: Call,
): Promise<boolean> {
  const { type, devmajor = 0, devminor = 0 } = file;
  if (
    !(type in letters) ||
    holdsBytes(name) ||
    devmajor < 0 ||
    devmajor > MAX_MAJOR ||
    devminor < 0 ||
    devminor > MAX_MINOR
  )
    return false;
  const numbers = type === 'fifo' ? [] : [String(devmajor), String(devminor)];
  const letter = letters[type as keyof typeof letters];
  const args = ['-m', mode.toString(8).padStart(4, '0'), `${folder.forOthers}/${name}`, letter, ...numbers];
  return new Promise((resolve) => {
    execFile('mknod', args, { signal }, (error) => resolve(error === null));
  });
}
