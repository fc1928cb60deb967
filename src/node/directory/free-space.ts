/** How much room a directory has left. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OciError } from '../../errors.ts';
import { unless } from '../files/fs-errors.ts';

/** Bytes that may still be written below a path, which need not be there yet; undefined where the system does not tell. */
export async function freeBytes(path: string): Promise<number | undefined> {
  try {
    const stats = await unless(['ENOENT'], statfs(path));
    if (stats === undefined) return dirname(path) === path ? undefined : await freeBytes(dirname(path));
    // Some network file systems report no size at all.
    return stats.blocks === 0 ? undefined : stats.bavail * stats.bsize;
  } catch {
    // Only a forecast: what is really the matter with the disk, the first write tells.
    return undefined;
  }
}

/**
 * Refuses to begin what cannot be finished.
 * @param needed bytes
 * @throws OciError `DISK_FULL`
 */
export async function requireSpace(directory: string, needed: number, what: string): Promise<void> {
  const free = await freeBytes(directory);
  if (free === undefined || free >= needed) return;
  throw new OciError('DISK_FULL', `cannot write ${what} to ${directory}: it needs ${needed} bytes, ${free} are free`, {
    hint: 'free some space, then run it again',
  });
}
