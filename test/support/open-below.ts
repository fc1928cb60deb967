/** Which files below a folder this process holds open, where the system tells: those without a name any more included. */
import { readdirSync, readlinkSync } from 'node:fs';

const own = '/proc/self/fd';

export const tellsOpenFiles: boolean = process.platform === 'linux';

export function openBelow(folder: string): readonly string[] {
  if (!tellsOpenFiles) return [];
  return readdirSync(own)
    .map((name) => targetOf(`${own}/${name}`))
    .filter((target) => target.startsWith(folder));
}

/** Of a descriptor that may be closed meanwhile: that by which the folder of them was read, for one. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
