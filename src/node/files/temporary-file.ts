/** A file without a name: only its owner can read it, and the system removes it with the process, however that ends. */
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onDisk } from './fs-errors.ts';

export interface TemporaryFile {
  readonly handle: FileHandle;
  /** Where it was made, for messages. */
  readonly path: string;
  close(): Promise<void>;
}

/** @throws OciError `DISK_FULL`, `IO` */
export async function openTemporaryFile(directory: string = tmpdir()): Promise<TemporaryFile> {
  const path = join(directory, `lading-${crypto.randomUUID()}.tmp`);
  const handle = await onDisk(`make a temporary file in ${directory}`, () => open(path, 'wx+', 0o600));
  // Windows refuses to remove an open file: there it goes when it is closed.
  const isNameless = await unlink(path).then(
    () => true,
    () => false,
  );
  return {
    handle,
    path,
    async close() {
      await handle.close();
      if (!isNameless) await onDisk(`remove ${path}`, () => unlink(path));
    },
  };
}
