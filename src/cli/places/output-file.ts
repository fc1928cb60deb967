/** Files that a command writes: where they are, and that they appear whole or not at all. */
import path from 'node:path';
import { fromArray } from '../../bytes/read.ts';
import { saveBytes } from '../../node/files/save-content.ts';
import type { Context } from '../context.ts';

/** The file that the user named; as it was named, where that leads there. */
export function outputPlace(context: Context, file: string): string {
  return context.cwd === process.cwd() ? file : path.resolve(context.cwd, file);
}

/** Writes a document to a file. @throws OciError `DISK_FULL`, `IO` */
export async function writeOutput(context: Context, file: string, document: Uint8Array): Promise<void> {
  await saveBytes(fromArray(document), outputPlace(context, file));
}
