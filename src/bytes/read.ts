/** Reading streams into memory, bounded, and small stream tools. */
import { OciError, throwIfAborted } from '../errors.ts';
import type { Bytes } from '../model/call.ts';

/**
 * Reads a whole stream into memory.
 * @param limit bytes; one more is an error, and the stream is closed.
 * @param what names the document in the error.
 * @throws OciError `TOO_LARGE`
 */
export async function readAll(bytes: Bytes, limit: number, what: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > limit) throw new OciError('TOO_LARGE', `${what} is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return concat(chunks, size);
}

/** One array of many. */
export function concat(
  chunks: readonly Uint8Array[],
  size: number = chunks.reduce((sum, { length }) => sum + length, 0),
): Uint8Array {
  const only = chunks[0];
  if (chunks.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Bytes in memory as a stream. */
export async function* fromArray(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

/** Reads a stream to its end and keeps nothing: a verified one proves itself so. */
export async function drain(bytes: Bytes): Promise<void> {
  for await (const _ of bytes);
}

/** Passes bytes on until the signal ends it. */
export async function* abortable(bytes: Bytes, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  throwIfAborted(signal);
  for await (const chunk of bytes) {
    throwIfAborted(signal);
    yield chunk;
  }
}
