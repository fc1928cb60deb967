/**
 * A cache on disk: a file for each key, with the digest of key and bytes before these, so that one that is damaged, or was another's, is
 * thrown away and never believed.
 * What is kept decides what is read of an image, so the directory has to be the user's own. When it grows too large, what was used
 * longest ago goes. A cache that does not work is told of once, and is in nobody's way.
 */
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isOciError, OciError } from '../../errors.ts';
import { createHasher, digestOf } from '../../bytes/hash.ts';
import { concat } from '../../bytes/read.ts';
import { digestHex } from '../../model/digest.ts';
import type { Cache } from '../../store/cache.ts';
import { fsError, onDisk, unless } from './fs-errors.ts';
import { problemOfDirectory } from './own-directory.ts';

export interface CacheDirectoryOptions {
  /** The most that it holds, in bytes; 1 GiB unless told. A single thing that takes more than a quarter of that is not kept. */
  readonly maxBytes?: number | undefined;
  /** Told why nothing is kept, once. */
  readonly onProblem?: ((problem: OciError) => void) | undefined;
}

const MAX_BYTES = 1024 * 1024 * 1024;
const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY } = constants as Partial<typeof constants> & { O_RDONLY: number };
/** Before the bytes: a digest in hex, and a line feed. */
const HEAD_BYTES = 65;
/** A single thing may take that part of all. */
const SHARE = 4;
/** A file that somebody was writing this long ago is nobody's any more. */
const LEFT_OVER_MS = 60 * 60 * 1000;

/**
 * A cache in a directory, which is made with the first thing that is kept.
 * @example
 * const files = openFileSystem(repository, manifest, { cache: cacheDirectory('/home/me/.cache/lading') });
 */
export function cacheDirectory(directory: string, options: CacheDirectoryOptions = {}): Cache {
  const { maxBytes = MAX_BYTES, onProblem } = options;
  let isTold = false;
  const orNothing = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      const problem = fsError(error, `use the cache in ${directory}`);
      if (!isOciError(problem)) throw error;
      if (!isTold) onProblem?.(problem);
      isTold = true;
      return undefined;
    }
  };
  return {
    get: (key) =>
      orNothing(async () => ((await isUsable(directory)) ? read(directory, key, maxBytes / SHARE) : undefined)),
    put: async (key, bytes) => {
      if (bytes.length + HEAD_BYTES > maxBytes / SHARE) return;
      await orNothing(async () => {
        await onDisk(`make ${directory}`, () => mkdir(directory, { recursive: true, mode: 0o700 }));
        await isUsable(directory);
        await write(directory, key, bytes);
        await makeRoom(directory, maxBytes);
      });
    },
  };
}

function fileOf(directory: string, key: string): string {
  return join(directory, digestHex(digestOf(new TextEncoder().encode(key))));
}

/** @returns false when it is not there. @throws OciError `CONFIG_INVALID` when somebody else could have filled it */
async function isUsable(directory: string): Promise<boolean> {
  const stats = await unless(['ENOENT'], stat(directory));
  if (stats === undefined) return false;
  const problem = problemOfDirectory(stats);
  if (problem === undefined) return true;
  throw new OciError('CONFIG_INVALID', `the cache in ${directory} is not used: ${problem}`, {
    hint: 'name a directory that is yours alone',
  });
}

async function read(directory: string, key: string, limit: number): Promise<Uint8Array | undefined> {
  const file = fileOf(directory, key);
  const handle = await unless(['ENOENT', 'ELOOP'], open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat();
    const isOurs = stats.isFile() && stats.size >= HEAD_BYTES && stats.size <= limit;
    const all = isOurs ? new Uint8Array(await handle.readFile()) : new Uint8Array(0);
    const bytes = all.subarray(HEAD_BYTES);
    if (isOurs && new TextDecoder().decode(all.subarray(0, HEAD_BYTES)) === headOf(key, bytes)) {
      const now = new Date();
      await handle.utimes(now, now).catch(() => {});
      return bytes;
    }
  } finally {
    await handle.close();
  }
  await unless(['ENOENT', 'EISDIR', 'EPERM'], unlink(file));
  return undefined;
}

/** Under its name it is whole or not there: whoever reads it meanwhile has the one before. */
async function write(directory: string, key: string, bytes: Uint8Array): Promise<void> {
  const file = fileOf(directory, key);
  const partial = `${file}.${crypto.randomUUID().slice(0, 8)}.partial`;
  const handle = await open(partial, 'wx', 0o600);
  try {
    await handle.writeFile(concat([new TextEncoder().encode(headOf(key, bytes)), bytes]));
    await handle.close();
    await rename(partial, file);
  } catch (error) {
    await handle.close().catch(() => {});
    await unless(['ENOENT'], unlink(partial));
    throw error;
  }
}

function headOf(key: string, bytes: Uint8Array): string {
  const hasher = createHasher('sha256');
  hasher.update(new TextEncoder().encode(`${key}\n`));
  hasher.update(bytes);
  return `${digestHex(hasher.digest())}\n`;
}

interface Kept {
  readonly path: string;
  readonly size: number;
  readonly usedMs: number;
}

/** What was used longest ago goes first. Other programs may do the same at the same time. */
async function makeRoom(directory: string, maxBytes: number): Promise<void> {
  const files: Kept[] = [];
  for (const name of await readdir(directory)) {
    if (!/^[0-9a-f]{64}(\.[0-9a-f]{8}\.partial)?$/.test(name)) continue;
    const path = join(directory, name);
    const { size, mtimeMs: usedMs } = (await unless(['ENOENT'], stat(path))) ?? { size: 0, mtimeMs: Infinity };
    if (!name.endsWith('.partial')) files.push({ path, size, usedMs });
    else if (Date.now() - usedMs > LEFT_OVER_MS) await unless(['ENOENT'], unlink(path));
  }
  let size = files.reduce((sum, file) => sum + file.size, 0);
  for (const file of files.sort((a, b) => a.usedMs - b.usedMs)) {
    if (size <= maxBytes) return;
    await unless(['ENOENT'], unlink(file.path));
    size -= file.size;
  }
}
