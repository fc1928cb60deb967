/**
 * Answers that say they are compressed although nobody asked (Pulp labels blobs `x-gzip`, Red Hat's and Harbor's proxies
 * compress JSON, mirrors say gzip and send plain bytes). The digest decides which reading is meant, where it can.
 */
import { isOciError } from '../errors.ts';
import { digestOf } from '../bytes/hash.ts';
import { fromArray, readAll } from '../bytes/read.ts';
import { decodeBody } from '../http/decode.ts';
import type { HttpResponse } from '../http/types.ts';
import type { Bytes } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, digestAlgorithm } from '../model/digest.ts';
import { encodingOf } from './requests.ts';

/**
 * The ways to read a body: as it came and, where it can be decoded, decoded.
 * @throws OciError `TOO_LARGE` when the decoded one has more than `limit` bytes
 */
export async function readings(
  response: HttpResponse,
  received: Uint8Array,
  limit: number,
): Promise<readonly [Uint8Array, ...Uint8Array[]]> {
  if (encodingOf(response.headers) === undefined) return [received];
  try {
    const decoded = decodeBody({ ...response, body: fromArray(received) }, 'the body');
    return [received, await readAll(decoded, limit, 'a compressed document')];
  } catch (error) {
    if (isOciError(error, 'TOO_LARGE')) throw error;
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
  if (encodingOf(response.headers) === undefined) return response.body;
  return descriptor.size <= MAX_TRIED ? tryBoth(response, descriptor) : guess(response, descriptor);
}

async function* tryBoth(response: HttpResponse, { size, digest }: Descriptor): AsyncGenerator<Uint8Array> {
  const received = await readAll(response.body, size * 2 + 65_536, digest);
  const candidates = await readings(response, received, size + 1);
  yield* fromArray(readingOf(candidates, digest) ?? received);
}

/** Too large to be tried: its length tells, or whether it looks compressed at all, or what is known of its content. */
async function* guess(response: HttpResponse, { size, mediaType, digest }: Descriptor): AsyncGenerator<Uint8Array> {
  const length = Number(response.headers['content-length'] ?? Number.NaN);
  const meantAsItIs = length === size || (Number.isNaN(length) && mediaType.includes('gzip'));
  if (meantAsItIs) return yield* response.body;
  const chunks = response.body[Symbol.asyncIterator]();
  const first = await chunks.next();
  const body = resumed(first, chunks);
  const looksPlain = encodingOf(response.headers) !== 'deflate' && !isGzip(first.value);
  yield* looksPlain ? body : decodeBody({ ...response, body }, digest);
}

function isGzip(chunk: unknown): boolean {
  return chunk instanceof Uint8Array && chunk[0] === 0x1f && chunk[1] === 0x8b;
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
