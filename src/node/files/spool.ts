/** A spool on disk: what is small stays in memory, the rest goes to a temporary file. */
import { createHasher, hashing } from '../../bytes/hash.ts';
import { abortable, concat, fromArray } from '../../bytes/read.ts';
import { OCTET_STREAM } from '../../model/media-types.ts';
import { contentOf, type ReadWindow } from '../../store/content.ts';
import type { Spool } from '../../store/spool.ts';
import { appendStream, readWindow } from './file-io.ts';
import { openTemporaryFile } from './temporary-file.ts';

const IN_MEMORY = 1024 * 1024;

/**
 * Keeps streams of more than 1 MiB in temporary files, which are gone when they are closed.
 * @param directory where; the system's folder for temporary files unless told.
 */
export function spoolToDisk(directory?: string): Spool {
  return async (stream, options = {}) => {
    const { mediaType = OCTET_STREAM, algorithm = 'sha256', signal } = options;
    const hasher = createHasher(algorithm);
    const bytes = hashing(abortable(stream, signal), hasher);
    const { head, isAll } = await takeHead(bytes);
    const kept = isAll ? keepInMemory(head) : await keepOnDisk(head, bytes, directory);
    const descriptor = { mediaType, digest: hasher.digest(), size: kept.size };
    return { content: contentOf(descriptor, kept.read), close: kept.close };
  };
}

async function takeHead(bytes: AsyncGenerator<Uint8Array>): Promise<{ head: Uint8Array[]; isAll: boolean }> {
  const head: Uint8Array[] = [];
  for (let size = 0; size <= IN_MEMORY; ) {
    const { done, value } = await bytes.next();
    if (done === true) return { head, isAll: true };
    head.push(value);
    size += value.length;
  }
  return { head, isAll: false };
}

interface Kept {
  readonly size: number;
  readonly read: ReadWindow;
  readonly close: () => Promise<void>;
}

function keepInMemory(head: readonly Uint8Array[]): Kept {
  const bytes = concat(head);
  return {
    size: bytes.length,
    read: (start, end) => fromArray(bytes.subarray(start, end)),
    close: async () => {},
  };
}

async function keepOnDisk(
  head: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array>,
  directory: string | undefined,
): Promise<Kept> {
  const all = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* head;
      yield* rest;
    } finally {
      await rest.return(undefined);
    }
  };
  const file = await openTemporaryFile(directory).catch(async (error: unknown) => {
    await rest.return(undefined);
    throw error;
  });
  const { end: size, failure } = await appendStream(file.handle, 0, all(), file.path);
  if (failure !== undefined) {
    await file.close();
    throw failure.error;
  }
  return {
    size,
    read: (start, end, { signal }) => readWindow(file.handle, start, end, file.path, signal),
    close: () => file.close(),
  };
}
