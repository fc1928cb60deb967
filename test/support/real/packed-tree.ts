/** Trees by tar(1): unpacked of an archive, and packed again, which tells all that it knows of each file. */
import { mkdir } from 'node:fs/promises';
import { run } from './run.ts';

/** Unpacks all that an archive tells: run by root, with owners, devices and attributes. */
export async function untar(archive: string, directory: string): Promise<void> {
  await mkdir(directory);
  const all = ['--preserve-permissions', '--numeric-owner', '--xattrs', '--xattrs-include=*'];
  await run('tar', ['--extract', ...all, `--file=${archive}`, `--directory=${directory}`]);
}

/**
 * A tree as tar(1) packs it, with all that it knows of a file: times in nanoseconds and extended attributes, too. The same bytes are
 * the same tree, as long as no file has two attributes, whose order is the file system's affair.
 */
export async function packedTree(directory: string): Promise<Uint8Array> {
  const how = ['--format=posix', '--sort=name', '--numeric-owner', '--xattrs', '--xattrs-include=*'];
  const pax = '--pax-option=delete=atime,delete=ctime,exthdr.name=PaxHeader';
  return run('tar', ['--create', ...how, pax, `--directory=${directory}`, '.'], { env: { LC_ALL: 'C' } });
}
