/** Decompression by what the bytes are, not by what a media type says of them: mirrors and old tools mislabel layers. */
import type { Bytes } from '../model/call.ts';
import { gunzip, type InflateOptions, unzstd } from './compress.ts';
import { concat } from './read.ts';

export type Compression = 'gzip' | 'zstd' | 'none';

const MAGIC_LENGTH = 4;

/** Which compression the first bytes show. */
export function compressionOf(head: Uint8Array): Compression {
  const [a, b, c, d] = head;
  if (a === 0x1f && b === 0x8b) return 'gzip';
  const isFrame = a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd;
  // pzstd begins with a frame that is to be skipped, of one of sixteen kinds.
  const isSkipped = a !== undefined && a >> 4 === 5 && b === 0x2a && c === 0x4d && d === 0x18;
  return isFrame || isSkipped ? 'zstd' : 'none';
}

/**
 * The plain bytes of a layer, however it is compressed.
 * @throws OciError `LAYOUT_INVALID`, `TOO_LARGE`
 */
export async function* decompress(bytes: Bytes, options: InflateOptions = {}): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  try {
    const head = await readHead(iterator);
    const whole = prepend(head, iterator);
    const compression = compressionOf(head);
    if (compression === 'none') yield* whole;
    else yield* compression === 'gzip' ? gunzip(whole, options) : unzstd(whole, options);
  } finally {
    await iterator.return?.();
  }
}

async function readHead(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let size = 0; size < MAGIC_LENGTH; ) {
    const { done, value } = await iterator.next();
    if (done === true) break;
    chunks.push(value);
    size += value.length;
  }
  return concat(chunks);
}

async function* prepend(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  for (;;) {
    const { done, value } = await rest.next();
    if (done === true) return;
    yield value;
  }
}
