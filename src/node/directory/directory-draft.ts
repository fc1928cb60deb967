/** A draft as a file in the work folder of a layout, with a lock beside it; publishing it is a rename. */
import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import type { Draft } from '../../layout/tree.ts';
import { appendStream, readWindow } from '../files/file-io.ts';
import { onDisk, unless } from '../files/fs-errors.ts';
import { inFolder, moveBelow } from './safe-files.ts';

export interface DraftPlace {
  /** The layout. */
  readonly directory: string;
  readonly workFolder: string;
  /** The draft's own file, in the work folder. */
  readonly path: string;
  readonly durable: boolean;
  /** Ends the ownership. */
  release(): Promise<void>;
}

const { O_RDWR, O_CREAT } = constants;
const { O_NOFOLLOW = 0 } = constants as Partial<typeof constants>;
const flags = O_RDWR | O_NOFOLLOW;

/** Opens a draft that is owned already, and makes its file when it is not there. */
export async function beginDraft(place: DraftPlace): Promise<Draft> {
  const { path, workFolder } = place;
  return orRelease(place, async () =>
    draftOf(place, await onDisk(`open ${path}`, () => inFolder(workFolder, () => open(path, flags | O_CREAT, 0o666)))),
  );
}

/** Opens a draft that is owned already; when there is none, it is owned no longer. */
export async function resumeDraft(place: DraftPlace): Promise<Draft | undefined> {
  const { path } = place;
  return orRelease(place, async () => {
    const handle = await onDisk(`open ${path}`, () => unless(['ENOENT'], open(path, flags)));
    if (handle === undefined) await place.release();
    return handle && draftOf(place, handle);
  });
}

async function orRelease<T>(place: DraftPlace, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    await place.release();
    throw error;
  }
}

async function sizeOf(handle: FileHandle, path: string): Promise<number> {
  try {
    return (await onDisk(`look at ${path}`, () => handle.stat())).size;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function draftOf(place: DraftPlace, handle: FileHandle): Promise<Draft> {
  const { path } = place;
  let size = await sizeOf(handle, path);
  let isOpen = true;
  const letGo = async (last: () => Promise<void> = async () => {}): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    try {
      await onDisk(`close ${path}`, () => handle.close());
      await last();
    } finally {
      await place.release();
    }
  };
  return {
    get size() {
      return size;
    },
    read: (options = {}) => readWindow(handle, 0, size, path, options.signal),
    async append(bytes, options = {}) {
      const { end, failure } = await appendStream(handle, size, bytes, path, options.signal);
      size = end;
      if (failure !== undefined) throw failure.error;
    },
    async fill(blob, pour) {
      const { beginTransfer } = await import('../threads/transfers.ts');
      const transfer = await beginTransfer({ kind: 'file', fd: handle.fd, path }, blob);
      if (transfer === undefined) return false;
      try {
        return await pour(transfer);
      } finally {
        await transfer.close();
        size = (await onDisk(`look at ${path}`, () => handle.stat())).size;
      }
    },
    async reset() {
      await onDisk(`empty ${path}`, () => handle.truncate(0));
      size = 0;
    },
    async publish(to) {
      if (place.durable) {
        await onDisk(`sync ${path}`, () => handle.sync()).catch(async (error: unknown) => {
          // What the disk has not taken, the cache still shows, and the next sync is told of no failure: none of it is believed.
          await handle.truncate(0).catch(() => {});
          size = 0;
          throw error;
        });
      }
      await letGo(() => moveBelow(path, place.directory, to, place.durable));
    },
    discard: () => letGo(() => onDisk(`remove ${path}`, () => unless(['ENOENT'], unlink(path)))),
    close: () => letGo(),
  };
}
