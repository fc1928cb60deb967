/** Input by the name of a file, `-` being stdin. */
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { readAll } from '../../bytes/read.ts';
import { onDisk } from '../../node/files/fs-errors.ts';
import type { Context } from '../context.ts';

/** Reads a whole file, pipe or stdin. @throws OciError `TOO_LARGE`, `IO` */
export async function readInput(context: Context, file: string, limit: number): Promise<Uint8Array> {
  if (file === '-') return readAll(context.stdin, limit, 'stdin');
  const place = path.resolve(context.cwd, file);
  return onDisk(`read ${file}`, () => readAll(createReadStream(place), limit, file));
}
