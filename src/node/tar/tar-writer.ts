/**
 * A tar archive in the making as the medium of a layout: blobs are appended one at a time, and one that fails is cut off again.
 * The small files that are replaced as it grows (`index.json`) stay in memory until the end.
 */
import type { FileHandle } from 'node:fs/promises';
import { OciError } from '../../errors.ts';
import { fromArray } from '../../bytes/read.ts';
import { tarHeader } from '../../bytes/tar.ts';
import type { Draft, WriteTree } from '../../layout/tree.ts';
import type { Call } from '../../model/call.ts';
import { appendStream, readWindow } from '../files/file-io.ts';
import { onDisk } from '../files/fs-errors.ts';
import { requireSpace } from '../directory/free-space.ts';
import { addFile, cutTar, endFile, endTar, type GrowingTar, growTar, readFrom, writeAt } from './tar-growing.ts';
import { createTurns } from '../directory/turns.ts';

export interface TarWriter {
  readonly tree: WriteTree;
  /** Writes the small files and the end of the archive, after whatever is being written. */
  finish(): Promise<void>;
}

/**
 * @param folder where the file stands, to know its free space.
 * @param documents the small files that it has from the beginning.
 */
export function createTarWriter(
  handle: FileHandle,
  name: string,
  folder: string,
  documents: Readonly<Record<string, Uint8Array>>,
): TarWriter {
  const archive = growTar(handle, name);
  const small = new Map(Object.entries(documents));
  const turns = createTurns();
  const inTurn = async <T>(key: string, run: () => Promise<T>, call: Call = {}): Promise<T> => {
    const endTurn = await turns(key, call.signal);
    return run().finally(endTurn);
  };
  return {
    tree: {
      name,
      stat: async (path) => small.get(path)?.length ?? archive.places.get(path)?.size,
      read(path, start, end, call) {
        const bytes = small.get(path);
        return bytes === undefined
          ? readFrom(archive, path, start, end, call?.signal)
          : fromArray(bytes.subarray(start, end));
      },
      async draft(path, size, call = {}) {
        await requireSpace(folder, size, path);
        return beginDraft(archive, path, size, await turns('append', call.signal));
      },
      replace: async (path, bytes) => void small.set(path, bytes),
      lock: (run, call) => inTurn('lock', run, call),
      adopt: async () => false,
    },
    finish: () =>
      inTurn('append', async () => {
        for (const [path, bytes] of small) await addFile(archive, path, bytes);
        await endTar(archive);
      }),
  };
}

/** The header goes first, so that the size must be known; what is not published is cut off with it. */
async function beginDraft(archive: GrowingTar, path: string, size: number, endTurn: () => void): Promise<Draft> {
  const { handle, name } = archive;
  let written = 0;
  let isOpen = true;
  const letGo = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await cutTar(archive).finally(endTurn);
  };
  try {
    const offset = await writeAt(archive, await tarHeader({ name: path, size }), archive.end);
    return {
      get size() {
        return written;
      },
      read: (options = {}) => readWindow(handle, offset, offset + written, name, options.signal),
      async append(bytes, options = {}) {
        const { end, failure } = await appendStream(handle, offset + written, bytes, name, options.signal);
        written = end - offset;
        if (failure !== undefined) throw failure.error;
      },
      async reset() {
        await onDisk(`cut ${name}`, () => handle.truncate(offset));
        written = 0;
      },
      async publish() {
        if (written !== size) throw new OciError('SIZE_MISMATCH', `${path} has ${written} of ${size} bytes`);
        await endFile(archive, path, offset, size);
        await letGo();
      },
      discard: letGo,
      close: letGo,
    };
  } catch (error) {
    await letGo();
    throw error;
  }
}
