/** Bodies: web streams outside, `Bytes` inside. Nothing is read ahead, so that back-pressure reaches the socket on both sides. */
import { isOciError, OciError, throwIfAborted } from '../errors.ts';
import type { Bytes } from '../model/call.ts';

type WebStream = ReadableStream<Uint8Array>;
type Chunks = AsyncGenerator<Uint8Array>;

/** Reads a body. The signal ends it also while it waits for a client that sends nothing. */
export async function* bytesOf(stream: WebStream | null, signal: AbortSignal): Chunks {
  throwIfAborted(signal);
  if (stream === null) return;
  const reader = stream.getReader();
  const stop = (): void => void reader.cancel().catch(ignore);
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      throwIfAborted(signal);
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    await reader.cancel().catch(ignore);
  }
}

/**
 * Reads the body of a request.
 * @throws OciError `ABORTED` when it breaks off: the client has gone, and nothing is wrong with the server
 */
export async function* fromClient(stream: WebStream | null, signal: AbortSignal): Chunks {
  try {
    yield* bytesOf(stream, signal);
  } catch (cause) {
    throw isOciError(cause) ? cause : new OciError('ABORTED', 'the body of the request breaks off', { cause });
  }
}

/** A body of bytes; they are opened by the first read, and closed when nobody wants the rest. */
export function streamOf(bytes: Bytes): WebStream {
  let iterator: AsyncIterator<Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        iterator ??= bytes[Symbol.asyncIterator]();
        const { done, value } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await iterator?.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Passes bytes on and tells how many. */
export async function* counted(bytes: Bytes, count: (size: number) => void): Chunks {
  for await (const chunk of bytes) {
    count(chunk.length);
    yield chunk;
  }
}

/**
 * Passes on exactly so many bytes.
 * @throws OciError `SIZE_MISMATCH` instead of the first byte too many, or at an end that comes too early
 */
export async function* exactly(bytes: Bytes, size: number): Chunks {
  let left = size;
  for await (const chunk of bytes) {
    yield chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= chunk.length;
    if (left < 0) break;
  }
  if (left !== 0) throw new OciError('SIZE_MISMATCH', `the body is not the ${size} bytes that its range says`);
}

function ignore(): void {}
