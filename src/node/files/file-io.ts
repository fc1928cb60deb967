/** Streams to and from an open file. Small chunks are gathered into large writes, of which one is on its way while the next chunk comes. */
import type { FileHandle } from 'node:fs/promises';
import { throwIfAborted } from '../../errors.ts';
import { abortable, concat } from '../../bytes/read.ts';
import type { Bytes } from '../../model/call.ts';
import { onDisk } from './fs-errors.ts';

const GATHER = 256 * 1024;
const READ = 256 * 1024;

export interface Appended {
  /** Where the bytes end that are in the file. */
  readonly end: number;
  /** Why there are no more: a failure of the stream or of the disk. */
  readonly failure?: { readonly error: unknown };
}

/**
 * Appends a stream at a position. When it fails, all that had come before is in the file, and nothing behind it.
 * @param path names the file in errors.
 */
export async function appendStream(
  handle: FileHandle,
  start: number,
  bytes: Bytes,
  path: string,
  signal?: AbortSignal,
): Promise<Appended> {
  const sink = createSink(handle, start, path);
  try {
    for await (const chunk of abortable(bytes, signal)) await sink.write(chunk);
    await sink.flush();
    return { end: sink.end() };
  } catch (error) {
    await sink.flush().catch(() => {});
    await handle.truncate(sink.end()).catch(() => {});
    return { end: sink.end(), failure: { error } };
  }
}

interface Sink {
  write(chunk: Uint8Array): Promise<void>;
  /** Waits until everything is written. After a failure it fails again, and writes nothing. */
  flush(): Promise<void>;
  /** Where the bytes end that are known to be written. */
  end(): number;
}

function createSink(handle: FileHandle, start: number, path: string): Sink {
  let end = start;
  let gathered: Uint8Array[] = [];
  let size = 0;
  let writing: Promise<void> = Promise.resolve();
  const push = (): void => {
    const chunks = gathered;
    const total = size;
    gathered = [];
    size = 0;
    writing = writing.then(async () => {
      await onDisk(`write ${path}`, () => writeAll(handle, chunks, total, end));
      end += total;
    });
    writing.catch(() => {}); // whoever writes or flushes next meets it
  };
  return {
    end: () => end,
    async write(chunk) {
      gathered.push(chunk);
      size += chunk.length;
      if (size < GATHER) return;
      await writing;
      push();
    },
    async flush() {
      await writing;
      if (size > 0) push();
      await writing;
    },
  };
}

async function writeAll(handle: FileHandle, chunks: Uint8Array[], total: number, position: number): Promise<void> {
  const { bytesWritten } = await handle.writev(chunks, position);
  if (bytesWritten === total) return;
  // A disk that is all but full takes a part first and fails the next time.
  const rest = concat(chunks, total);
  for (let at = bytesWritten; at < total; ) {
    at += (await handle.write(rest, at, total - at, position + at)).bytesWritten;
  }
}

/** The bytes of an open file from `start` to before `end`, fewer when it is shorter. */
export async function* readWindow(
  handle: FileHandle,
  start: number,
  end: number,
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; ) {
    throwIfAborted(signal);
    const buffer = Buffer.allocUnsafe(Math.min(READ, end - at));
    const { bytesRead } = await onDisk(`read ${path}`, () => handle.read(buffer, 0, buffer.length, at));
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
