/**
 * A directory as a tar archive that is the same on every machine: sorted by name, without times and owners, and of its permissions only
 * whether a file can be run. Nothing outside the directory gets into it.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';
import { OciError, throwIfAborted } from '../../errors.ts';
import type { TarFile } from '../../bytes/tar.ts';
import type { Bytes, Call } from '../../model/call.ts';
import { quote } from '../../model/quote.ts';
import { readWindow } from '../files/file-io.ts';
import { onDisk, unless } from '../files/fs-errors.ts';

export interface DirectoryArchiveOptions extends Call {
  /** What the names begin with, that of the directory itself among them; unless told they are relative to it, and it has none. */
  readonly prefix?: string | undefined;
  /** `any`: links may lead wherever they like, as in a layer, where `/` is the root of the image. */
  readonly links?: 'within' | 'any' | undefined;
}

/** What is the same for all of it. */
interface Packing extends Call {
  readonly directory: string;
  /** Empty, or it ends with `/`. */
  readonly prefix: string;
  readonly links: 'within' | 'any';
}

/**
 * What a directory holds, for `writeTar`: each directory before what is in it. Hard links are files of their own.
 * @throws OciError `UNSUPPORTED` for devices, pipes and sockets, for links that lead out of the directory, and for names that mean
 * something else in a layer; `IO`
 */
export async function* directoryEntries(
  directory: string,
  { prefix = '', links = 'within', signal, on }: DirectoryArchiveOptions = {},
): AsyncGenerator<TarFile> {
  if (prefix !== '') yield { name: `${prefix}/`, type: 'directory' };
  yield* below('', { directory, prefix: prefix === '' ? '' : `${prefix}/`, links, signal, on });
}

async function* below(folder: string, packing: Packing): AsyncGenerator<TarFile> {
  const { directory, prefix, signal } = packing;
  const place = join(directory, folder);
  const names = (await onDisk(`list ${place}`, () => readdir(place))).sort();
  for (const name of names) {
    throwIfAborted(signal);
    const path = posix.join(folder, name);
    const stats = await onDisk(`look at ${join(directory, path)}`, () =>
      unless(['ENOENT'], lstat(join(directory, path))),
    );
    if (stats === undefined) throw unsupported(directory, path, 'it has gone, or its name is not UTF-8');
    // Whoever unpacks it would take it for a file that is gone.
    if (name.startsWith('.wh.')) throw unsupported(directory, path, 'its name means in a layer that a file is gone');
    if (stats.isDirectory()) {
      yield { name: `${prefix}${path}/`, type: 'directory' };
      yield* below(path, packing);
    } else yield await entryOf(path, stats, packing);
  }
}

async function entryOf(path: string, stats: Stats, packing: Packing): Promise<TarFile> {
  const { directory, prefix } = packing;
  const name = `${prefix}${path}`;
  if (stats.isSymbolicLink()) {
    return { name, type: 'symlink', mode: 0o777, linkname: await targetOf(path, packing) };
  }
  if (!stats.isFile()) throw unsupported(directory, path, 'it is no file, directory or link');
  const { size, mode } = stats;
  const body = bytesOf(join(directory, path), size, packing);
  return { name, type: 'file', size, mode: (mode & 0o100) === 0 ? 0o644 : 0o755, body };
}

/** Where a link leads. @throws OciError `UNSUPPORTED` */
async function targetOf(path: string, { directory, links }: Packing): Promise<string> {
  const target = await onDisk(`read ${join(directory, path)}`, () => readlink(join(directory, path)));
  const portable = sep === '/' ? target : target.replaceAll(sep, '/');
  if (links === 'any' || staysWithin(path, portable)) return portable;
  throw unsupported(directory, path, `it is a link to ${quote(target)}, outside of the directory`);
}

/**
 * Does a link at a path lead to something below the same root? It may climb at its beginning only: behind the name of another link, `..`
 * is somewhere else than it seems.
 */
export function staysWithin(path: string, target: string): boolean {
  if (posix.isAbsolute(target) || /^[A-Za-z]:/.test(target)) return false;
  const names = target.split('/').filter((name) => name !== '' && name !== '.');
  const climbed = names.findIndex((name) => name !== '..');
  const steps = climbed < 0 ? names.length : climbed;
  return steps < path.split('/').length && !names.slice(steps).includes('..');
}

/** Windows has neither. */
const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY } = constants as Partial<typeof constants> & { O_RDONLY: number };

async function* bytesOf(file: string, size: number, { signal }: Call): Bytes & AsyncGenerator<Uint8Array> {
  const handle: FileHandle = await onDisk(`open ${file}`, () => open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  try {
    yield* readWindow(handle, 0, size, file, signal);
  } finally {
    await handle.close();
  }
}

function unsupported(directory: string, path: string, problem: string): OciError {
  return new OciError('UNSUPPORTED', `${quote(join(directory, path))} cannot be packed: ${problem}`);
}
