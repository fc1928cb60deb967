/**
 * Undoes the content coding of a document. We ask for `identity`, but Harbor and Google gzip manifests all the same
 * (oras-go#1177). Only codings whose ratio is bounded are undone: brotli makes 600,000 bytes of one. The reader bounds the result.
 */
import { isOciError, OciError } from '../errors.ts';
import type { Bytes } from '../model/call.ts';
import { quote } from '../model/quote.ts';
import type { HttpResponse } from './types.ts';

/** The body of an answer without its content coding. @throws OciError `PROTOCOL`, all while it is read */
export async function* decodeBody(response: HttpResponse, what: string): AsyncGenerator<Uint8Array> {
  const coding = response.headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (coding === '' || coding === 'identity') {
    yield* response.body;
    return;
  }
  const format = coding === 'gzip' || coding === 'x-gzip' ? 'gzip' : coding === 'deflate' ? 'deflate' : undefined;
  if (format === undefined) {
    await response.cancel();
    throw new OciError('PROTOCOL', `${what} came encoded as ${quote(coding, 40)}, which was not asked for`);
  }
  yield* inflate(response.body, new DecompressionStream(format), what);
}

async function* inflate(bytes: Bytes, stream: DecompressionStream, what: string): AsyncGenerator<Uint8Array> {
  const reader = stream.readable.getReader();
  const feeding = feed(bytes, stream);
  feeding.catch(() => undefined); // it is awaited below, unless the reader leaves earlier
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value;
    }
    await feeding;
  } catch (error) {
    // What the source failed with says more than that its end is missing.
    const cause = await feeding.then(
      () => error,
      (failure: unknown) => failure,
    );
    if (isOciError(cause)) throw cause;
    throw new OciError('PROTOCOL', `${what} is not encoded as it says`, { cause });
  } finally {
    await reader.cancel().catch(() => undefined);
    await feeding.catch(() => undefined);
  }
}

async function feed(bytes: Bytes, stream: DecompressionStream): Promise<void> {
  const writer = stream.writable.getWriter();
  try {
    for await (const chunk of bytes) await writer.write(chunk);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
}
