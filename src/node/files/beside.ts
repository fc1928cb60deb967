/** A file that appears under its name whole or not at all: it is made beside it and renamed, so that what stood there stands until then. */
import { type FileHandle, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { onDisk, unless } from './fs-errors.ts';
import { syncFolder } from '../directory/safe-files.ts';

/** A file in the making that nobody sees under its name. */
export interface NewFile {
  readonly handle: FileHandle;
  /** Where it stands, to know its free space. */
  readonly folder: string;
  /** Gets it where it belongs, whole. */
  deliver(): Promise<void>;
  /** Removes it. */
  drop(): Promise<void>;
}

/**
 * Begins the file of this name. Its permissions are those of the file that it will replace, so that a private one stays private, or else
 * those of any new file. A process that is killed leaves a `.partial` beside it.
 * @throws OciError `IO`, `DISK_FULL`
 */
export async function openBeside(file: string): Promise<NewFile> {
  const partial = `${file}.${crypto.randomUUID().slice(0, 8)}.partial`;
  const { mode = 0o666 } = await stat(file).catch(() => ({ mode: undefined }));
  const handle = await onDisk(`write ${file}`, () => open(partial, 'wx+', mode & 0o777));
  return {
    handle,
    folder: dirname(file),
    deliver: () =>
      onDisk(`write ${file}`, async () => {
        await handle.sync();
        await handle.close();
        await rename(partial, file);
        await syncFolder(dirname(file));
      }),
    async drop() {
      await handle.close().catch(() => {});
      await onDisk(`remove ${partial}`, () => unless(['ENOENT'], unlink(partial)));
    },
  };
}
