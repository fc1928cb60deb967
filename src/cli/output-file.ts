/** Files that appear whole or not at all: written beside their place, moved when complete. */
import { randomUUID } from 'node:crypto';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fsError } from '../node/fs-errors.ts';
import type { Context } from './context.ts';

/**
 * Writes the chunks to a file. What is no file (a terminal, a pipe, `/dev/null`) is written to as it comes.
 * @throws OciError `DISK_FULL`, `IO`, and whatever the chunks throw
 */
export async function writeOutput(context: Context, file: string, chunks: Chunks): Promise<void> {
  const named = path.resolve(context.cwd, file);
  const target = await realpath(named).catch(() => named);
  const standing = await stat(target).catch(() => undefined);
  if (standing !== undefined && !standing.isFile()) return writeChunks(target, 'w', chunks, file);
  const partial = `${target}.${randomUUID().slice(0, 8)}.partial`;
  try {
    await writeChunks(partial, 'wx', chunks, file);
    await rename(partial, target).catch(failAs(file));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

async function writeChunks(place: string, mode: 'w' | 'wx', chunks: Chunks, file: string): Promise<void> {
  const handle = await open(place, mode).catch(failAs(file));
  try {
    for await (const chunk of chunks) await handle.writeFile(chunk).catch(failAs(file));
  } finally {
    await handle.close();
  }
}

function failAs(file: string): (error: unknown) => never {
  return (error) => {
    throw fsError(error, `write ${file}`);
  };
}
