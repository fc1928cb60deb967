/** The body of a fetched answer: one reader, ended by the signal, by silence, or by whoever leaves it. */
import { abortError, isOciError } from '../errors.ts';
import { fromArray } from '../bytes/read.ts';
import { cutShort, networkError, timeoutError } from './network-error.ts';
import type { HttpRequest, HttpResponse } from './types.ts';

export interface FetchBodyOptions {
  readonly ends: AbortController;
  readonly idleMs: number;
  /** Bytes, where they are known. */
  readonly expected: number | undefined;
  /** Called when the connection is free. */
  readonly release: () => void;
}

export function readFetchBody(
  response: Response,
  request: HttpRequest,
  options: FetchBodyOptions,
): Pick<HttpResponse, 'body' | 'cancel'> {
  const reader = response.body?.getReader();
  const cancel = async (): Promise<void> => {
    options.release();
    await reader?.cancel().catch(() => undefined);
    options.ends.abort(); // Node 20 keeps the connection of a cancelled body open
  };
  if (reader === undefined) options.release();
  const body = reader === undefined ? fromArray(new Uint8Array()) : read(reader, request, options, cancel);
  return { body, cancel };
}

async function* read(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  request: HttpRequest,
  { ends, idleMs, expected }: FetchBodyOptions,
  cancel: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let read = 0;
  try {
    for (;;) {
      const timer = setTimeout(() => ends.abort(timeoutError(request, `no bytes within ${idleMs} ms`)), idleMs);
      const next = await reader.read().finally(() => clearTimeout(timer));
      if (next.done) break;
      read += next.value.length;
      yield next.value;
    }
    if (expected !== undefined && read < expected) throw cutShort(request, read, expected);
  } catch (error) {
    if (request.signal?.aborted === true) throw abortError(request.signal);
    throw isOciError(ends.signal.reason) ? ends.signal.reason : networkError(error, request);
  } finally {
    await cancel();
  }
}
