/** Input by the name of a file, `-` being stdin. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { OciError } from '../errors.ts';
import { readAll } from '../bytes/read.ts';
import { fsError } from '../node/fs-errors.ts';
import type { Context } from './context.ts';

/** Reads a whole file or stdin. @throws OciError `TOO_LARGE`, `IO` */
export async function readInput(context: Context, file: string, limit: number): Promise<Uint8Array> {
  if (file === '-') return readAll(context.stdin, limit, 'stdin');
  const place = path.resolve(context.cwd, file);
  try {
    if ((await stat(place)).size > limit) throw new OciError('TOO_LARGE', `${file} is larger than ${limit} bytes`);
    return await readFile(place);
  } catch (error) {
    throw fsError(error, `read ${file}`);
  }
}
