/**
 * A tar archive in the making as the medium of a layout: blobs are appended one at a time, and one that fails is cut off again.
 * The small files that are replaced as it grows (`index.json`) stay in memory until the end.
 */
import type { FileHandle } from 'node:fs/promises';
import { OciError } from '../errors.ts';
import { concat, fromArray } from '../bytes/read.ts';
import { TAR_END, tarHeader, tarPadding } from '../bytes/tar.ts';
import type { Draft, WriteTree } from '../layout/tree.ts';
import type { Bytes, Call } from '../model/call.ts';
import { appendStream, readWindow } from './file-io.ts';
import { onDisk } from './fs-errors.ts';
import { requireSpace } from './free-space.ts';
import { createTurns } from './turns.ts';

export interface TarWriter {
  readonly tree: WriteTree;
  /** Writes the small files and the end of the archive, after whatever is being written. */
  finish(): Promise<void>;
}

/** An archive that grows. */
interface Growing {
  readonly handle: FileHandle;
  readonly name: string;
  /** The bodies of its files. */
  readonly places: Map<string, { readonly offset: number; readonly size: number }>;
  /** Where the next header goes. */
  end: number;
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
  const archive: Growing = { handle, name, places: new Map(), end: 0 };
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
      read: (path, start, end, call) => readPlace(archive, small.get(path), path, start, end, call),
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
        for (const [path, bytes] of small) await appendFile(archive, path, bytes);
        await write(archive, TAR_END, archive.end);
      }),
  };
}

function readPlace(
  { handle, name, places }: Growing,
  small: Uint8Array | undefined,
  path: string,
  start: number,
  end: number,
  { signal }: Call = {},
): Bytes {
  if (small !== undefined) return fromArray(small.subarray(start, end));
  const place = places.get(path);
  if (place === undefined) throw new OciError('NOT_FOUND', `${name}: ${path} is not there`);
  return readWindow(handle, place.offset + start, place.offset + Math.min(end, place.size), name, signal);
}

async function write({ handle, name }: Growing, bytes: Uint8Array, at: number): Promise<number> {
  const { end, failure } = await appendStream(handle, at, fromArray(bytes), name);
  if (failure !== undefined) throw failure.error;
  return end;
}

async function appendFile(archive: Growing, path: string, bytes: Uint8Array): Promise<void> {
  const header = await tarHeader({ name: path, size: bytes.length });
  archive.end = await write(archive, concat([header, bytes, tarPadding(bytes.length)]), archive.end);
}

/** The header goes first, so that the size must be known; what is not published is cut off with it. */
async function beginDraft(archive: Growing, path: string, size: number, endTurn: () => void): Promise<Draft> {
  const { handle, name } = archive;
  let written = 0;
  let isOpen = true;
  const letGo = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await onDisk(`cut ${name}`, () => handle.truncate(archive.end)).finally(endTurn);
  };
  try {
    const offset = await write(archive, await tarHeader({ name: path, size }), archive.end);
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
        archive.end = await write(archive, tarPadding(size), offset + size);
        archive.places.set(path, { offset, size });
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
