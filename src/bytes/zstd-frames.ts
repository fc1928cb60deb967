/**
 * The frames of zstd data (RFC 8878, 3.1), for decoders that know one frame at a time: node:zlib stops at the end of the first one when
 * a write goes beyond it (Node.js 24), and layers of kind zstd:chunked are thousands of frames. What is in a block is the decoder's affair.
 */
import { OciError } from '../errors.ts';
import type { Bytes } from '../model/call.ts';
import { type ByteReader, byteReader } from './byte-reader.ts';
import { notCompressed } from './inflation.ts';
import { concat } from './read.ts';

/** What `zstd --long=27` makes; the format goes to 2 TiB, all of it allocated at once. */
export const ZSTD_MAX_WINDOW_LOG = 27;

const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const GATHER = 64 * 1024;
const RLE = 1;

/**
 * Passes frames on so that no chunk goes beyond the end of a frame; what is to be skipped is left out.
 * @throws OciError `LAYOUT_INVALID`, `TOO_LARGE` for a frame that would take hundreds of megabytes before a byte is unpacked
 */
export async function* frameByFrame(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const reader = byteReader(bytes);
  try {
    for (;;) {
      const magic = await reader.take(4);
      if (magic.length === 0) return;
      const number = littleEndian(magic);
      if (number === FRAME) yield* gathered(frame(reader, magic));
      else if ((number & ~15) >>> 0 === SKIPPABLE) await drop(reader, littleEndian(await exactly(reader, 4)));
      else throw notCompressed('zstd', new Error('no frame begins so'));
    }
  } finally {
    await reader.close();
  }
}

async function* frame(reader: ByteReader, magic: Uint8Array): AsyncGenerator<Uint8Array> {
  const descriptor = await exactly(reader, 1);
  const flags = descriptor[0] ?? 0;
  const isSingleSegment = (flags & 0x20) !== 0;
  const window = await exactly(reader, isSingleSegment ? 0 : 1);
  const dictionary = await exactly(reader, [0, 1, 2, 4][flags & 3] ?? 0);
  const size = await exactly(reader, [isSingleSegment ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0);
  const windowSize = isSingleSegment ? littleEndian(size) : 2 ** (10 + ((window[0] ?? 0) >> 3));
  if (windowSize > 2 ** ZSTD_MAX_WINDOW_LOG) {
    throw new OciError('TOO_LARGE', `zstd data asks for a window of more than 2^${ZSTD_MAX_WINDOW_LOG} bytes`);
  }
  yield concat([magic, descriptor, window, dictionary, size]);
  for (let isLast = false; !isLast; ) {
    const head = await exactly(reader, 3);
    const block = littleEndian(head);
    isLast = (block & 1) === 1;
    yield head;
    for (let left = ((block >> 1) & 3) === RLE ? 1 : block >> 3; left > 0; ) {
      const chunk = await some(reader, left);
      left -= chunk.length;
      yield chunk;
    }
  }
  if ((flags & 4) !== 0) yield await exactly(reader, 4);
}

/** Each chunk is a trip to another thread: small ones go together. */
async function* gathered(bytes: Bytes): AsyncGenerator<Uint8Array> {
  let chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    chunks.push(chunk);
    size += chunk.length;
    if (size < GATHER) continue;
    yield concat(chunks, size);
    [chunks, size] = [[], 0];
  }
  if (size > 0) yield concat(chunks, size);
}

async function drop(reader: ByteReader, length: number): Promise<void> {
  for (let left = length; left > 0; ) left -= (await some(reader, left)).length;
}

async function some(reader: ByteReader, most: number): Promise<Uint8Array> {
  const chunk = await reader.some(most);
  if (chunk === undefined) throw notCompressed('zstd', new Error('it ends in the middle of a frame'));
  return chunk;
}

async function exactly(reader: ByteReader, length: number): Promise<Uint8Array> {
  const bytes = await reader.take(length);
  if (bytes.length < length) throw notCompressed('zstd', new Error('it ends in the middle of a frame'));
  return bytes;
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((number, byte) => number * 256 + byte, 0);
}
