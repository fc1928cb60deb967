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
/** Each chunk is a trip to another thread, so small ones go together; and of a frame that ends before so many, the whole is known. */
const GATHER = 512 * 1024;
const RLE = 1;
/** The most that comes out of a block, as a power of two. */
const BLOCK_LOG = 17;

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
      if (number === FRAME) yield* frame(reader, magic);
      else if ((number & ~15) >>> 0 === SKIPPABLE) await drop(reader, littleEndian(await exactly(reader, 4)));
      else throw notCompressed('zstd', new Error('no frame begins so'));
    }
  } finally {
    await reader.close();
  }
}

async function* frame(reader: ByteReader, magic: Uint8Array): AsyncGenerator<Uint8Array> {
  const head = await frameHead(reader, magic);
  let gathered = [head.bytes];
  let size = head.bytes.length;
  let blocks = 0;
  for await (const { bytes, isBlock } of frameBody(reader, head.hasChecksum)) {
    if (isBlock) blocks++;
    gathered.push(bytes);
    size += bytes.length;
    if (size < GATHER) continue;
    yield concat(gathered, size);
    [gathered, size] = [[], 0];
  }
  if (gathered[0] === head.bytes) head.narrow(blocks);
  if (size > 0) yield concat(gathered, size);
}

interface FrameHead {
  readonly bytes: Uint8Array;
  readonly hasChecksum: boolean;
  /** A frame of so few blocks needs no large window, which fzstd moves as a whole at each block. */
  narrow(blocks: number): void;
}

async function frameHead(reader: ByteReader, magic: Uint8Array): Promise<FrameHead> {
  const descriptor = await exactly(reader, 1);
  const flags = descriptor[0] ?? 0;
  const isSingleSegment = (flags & 0x20) !== 0;
  const window = await exactly(reader, isSingleSegment ? 0 : 1);
  const dictionary = await exactly(reader, [0, 1, 2, 4][flags & 3] ?? 0);
  const size = await exactly(reader, [isSingleSegment ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0);
  // The format has no way to bring it along, and fzstd goes on without.
  if (littleEndian(dictionary) > 0) throw notCompressed('zstd', new Error('it needs a dictionary'));
  const windowSize = isSingleSegment ? littleEndian(size) : 2 ** (10 + ((window[0] ?? 0) >> 3));
  if (windowSize > 2 ** ZSTD_MAX_WINDOW_LOG) {
    throw new OciError('TOO_LARGE', `zstd data asks for a window of more than 2^${ZSTD_MAX_WINDOW_LOG} bytes`);
  }
  const bytes = concat([magic, descriptor, window, dictionary, size]);
  return {
    bytes,
    hasChecksum: (flags & 4) !== 0,
    narrow(blocks) {
      const enough = (BLOCK_LOG + Math.ceil(Math.log2(blocks)) - 10) << 3;
      if (enough < (window[0] ?? 0)) bytes[5] = enough;
    },
  };
}

async function* frameBody(
  reader: ByteReader,
  hasChecksum: boolean,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly isBlock: boolean }> {
  for (let isLast = false; !isLast; ) {
    const head = await exactly(reader, 3);
    const block = littleEndian(head);
    isLast = (block & 1) === 1;
    yield { bytes: head, isBlock: true };
    for (let left = ((block >> 1) & 3) === RLE ? 1 : block >> 3; left > 0; ) {
      const bytes = await some(reader, left);
      left -= bytes.length;
      yield { bytes, isBlock: false };
    }
  }
  if (hasChecksum) yield { bytes: await exactly(reader, 4), isBlock: false };
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
