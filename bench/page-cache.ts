/**
 * A virtual machine may have given memory that nobody used back to its host, and gets it again page by page when it is written to: that took
 * a pull of 1 GiB a second and a half, or nothing, by what had been freed before it, and in what pieces. So room for what a run
 * writes is had from the host before it, for everybody.
 */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** As large as pages come together: smaller pieces fit where memory was never given back. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** Leaves at least so many bytes of memory for files free, and there: it fills them with a file, which it removes. */
export async function makeRoomInMemory(folder: string, bytes: number): Promise<void> {
  const path = join(folder, 'room');
  const file = await open(path, 'wx');
  try {
    await fill(file, bytes);
  } finally {
    await file.close();
    await rm(path);
  }
}

async function fill(file: FileHandle, bytes: number): Promise<void> {
  const piece = Buffer.alloc(PIECE_BYTES, 1);
  for (let at = 0; at < bytes; at += piece.length) await file.writeFile(piece);
}
