/**
 * Answers that say they are compressed although nobody asked (Pulp labels blobs `x-gzip`, Red Hat's and Harbor's proxies
 * compress JSON, mirrors say gzip and send plain bytes). The digest decides which reading is meant, where it can.
 */
import { OciError } from '../errors.ts';
import { digestOf } from '../bytes/hash.ts';
import { fromArray, readAll } from '../bytes/read.ts';
import type { HttpResponse } from '../http/types.ts';
import type { Bytes } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, digestAlgorithm } from '../model/digest.ts';
import { encodingOf } from './requests.ts';

const formats: Readonly<Record<string, 'gzip' | 'deflate'>> = { gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate' };

/** The ways to read a body: as it came and, where that makes sense, decoded. The decoded one has at most `limit` bytes. */
export async function readings(
  received: Uint8Array,
  encoding: string | undefined,
  limit: number,
): Promise<readonly [Uint8Array, ...Uint8Array[]]> {
  const format = formats[encoding ?? ''];
  if (format === undefined) return [received];
  try {
    return [received, await readAll(decode(fromArray(received), format), limit, 'a compressed document')];
  } catch (error) {
    if (error instanceof OciError) throw error;
    return [received]; // labelled, but plain
  }
}

/** The reading with a digest, if there is one. */
export function readingOf(candidates: readonly Uint8Array[], digest: Digest): Uint8Array | undefined {
  return candidates.find((bytes) => digestOf(bytes, digestAlgorithm(digest)) === digest);
}

const MAX_TRIED = 8 * 1024 * 1024;

/** The bytes of a blob, however its answer was encoded. */
export function decodedBody(response: HttpResponse, descriptor: Descriptor): Bytes {
  const encoding = encodingOf(response.headers);
  if (encoding === undefined) return response.body;
  return descriptor.size <= MAX_TRIED
    ? tryBoth(response, descriptor, encoding)
    : guess(response, descriptor, formats[encoding]);
}

async function* tryBoth(
  { body }: HttpResponse,
  { size, digest }: Descriptor,
  encoding: string,
): AsyncGenerator<Uint8Array> {
  const received = await readAll(body, size * 2 + 65_536, digest);
  const candidates = await readings(received, encoding, size + 1);
  yield* fromArray(readingOf(candidates, digest) ?? received);
}

/** Too large to be tried: its length tells, or whether it looks compressed at all, or what is known of its content. */
async function* guess(
  response: HttpResponse,
  { size, mediaType }: Descriptor,
  format: 'gzip' | 'deflate' | undefined,
): AsyncGenerator<Uint8Array> {
  const length = Number(response.headers['content-length'] ?? Number.NaN);
  const meant = length === size || (Number.isNaN(length) && /gzip/.test(mediaType));
  if (format === undefined || meant) return yield* response.body;
  const chunks = response.body[Symbol.asyncIterator]();
  const first = await chunks.next();
  const rest = resumed(first, chunks);
  const looksPlain = format === 'gzip' && !(first.value?.[0] === 0x1f && first.value[1] === 0x8b);
  yield* looksPlain ? rest : decode(rest, format);
}

async function* resumed(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** Decodes with what every runtime has; whoever stops reading stops the source. */
async function* decode(bytes: Bytes, format: 'gzip' | 'deflate'): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new DecompressionStream(format);
  const reader = (readable as ReadableStream<Uint8Array>).getReader();
  const feeding = feed(bytes, writable.getWriter());
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined);
    await feeding;
  }
}

/** Never rejects: what goes wrong here is read at the other end. */
async function feed(bytes: Bytes, writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of bytes) await writer.write(chunk);
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
  }
}
