/**
 * A piece of a gzip layer, from the beginning of one deflate block to that of another, and how it is unpacked: node:zlib and the web's
 * DecompressionStream can only begin at a beginning, so the piece is made into a deflate stream of its own. Before it come a stored
 * block of what it may refer to, and empty blocks up to the bit that it begins at; behind it an empty last block. Any decoder takes that.
 */
import { gunzip, inflateRaw } from '../../bytes/compress.ts';
import { concat, fromArray, readAll } from '../../bytes/read.ts';
import type { Frame } from './chunk.ts';
import type { TableLimits } from './toc-table.ts';

/** How far back a block refers. */
export const WINDOW_BYTES: number = 32 * 1024;
/** The largest piece, in bytes of the layer and in plain ones: it is held in memory. */
export const MAX_PIECE: number = 16 * 1024 * 1024;

export interface GzipPiece {
  /** Where it begins and ends in the layer, in bits. */
  readonly from: number;
  readonly to: number;
  /** The byte that it begins in. */
  readonly head: number;
  /** It ends with its member, whose last block says so itself. */
  readonly isLast: boolean;
  /** Plain bytes before it in its member, at most {@link WINDOW_BYTES}, compressed. */
  readonly window: Uint8Array;
  readonly windowSize: number;
}

/** What is fetched of it: the byte that it shares with the piece before it is known. */
export function frameOf(piece: GzipPiece, limits: TableLimits): Frame {
  const [start, end] = [Math.ceil(piece.from / 8), Math.ceil(piece.to / 8)];
  return {
    start,
    end,
    async *unpack(bytes, { signal }) {
      const window = await readAll(unpackWindow(piece), WINDOW_BYTES, 'the window');
      const body = await readAll(bytes, end - start, 'a piece of a layer');
      yield* inflateRaw(fromArray(deflateStream(piece, window, body)), { ...limits, signal });
    },
  };
}

function unpackWindow({ window }: GzipPiece): ReturnType<typeof fromArray> {
  return window.length === 0 ? fromArray(window) : gunzip(fromArray(window));
}

/** The blocks stay as they are, bit for bit: a stored block among them would not survive to be moved. */
function deflateStream({ from, to, head, isLast }: GzipPiece, window: Uint8Array, body: Uint8Array): Uint8Array {
  const taken = from % 8;
  const first = bitsOf([...filler(taken), [head >>> taken, (8 - taken) % 8]]);
  const bytes = concat([storedBlock(window), first, body, new Uint8Array(isLast ? 0 : 2)]);
  if (!isLast) endAt(bytes, (bytes.length - 2) * 8 - ((8 - (to % 8)) % 8));
  return bytes;
}

function storedBlock(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length === 0) return bytes;
  const head = new Uint8Array([0, length & 0xff, length >>> 8, ~length & 0xff, (~length >>> 8) & 0xff]);
  return concat([head, bytes]);
}

/** A value, and in how many bits it is written. */
type Bits = readonly [value: number, count: number];

/** A block with the fixed codes that holds its end alone: 10 bits. The last one is the same with another first bit. */
const EMPTY: readonly Bits[] = [
  [0b010, 3],
  [0, 7],
];
const END = 0b011;
/**
 * A block with codes of its own that holds its end alone: 91 bits. Of 18 code lengths those of 18 and 1 are one bit; so told are 255
 * literals without a code, one more and the end with a bit each, and a distance with a bit.
 */
const ODD_EMPTY: readonly Bits[] = [
  [0b100, 3],
  [0, 5],
  [0, 5],
  [14, 4],
  [0, 6],
  [1, 3],
  [0, 42],
  [1, 3],
  [1, 1],
  [127, 7],
  [1, 1],
  [106, 7],
  [0, 3],
  [1, 1],
];

/** Empty blocks that end after so many bits of a byte. */
function filler(bits: number): readonly Bits[] {
  const blocks: Bits[] = bits % 2 === 0 ? [] : [...ODD_EMPTY];
  while ((blocks.reduce((sum, [, count]) => sum + count, 0) - bits) % 8 !== 0) blocks.push(...EMPTY);
  return blocks;
}

/** RFC 1951, 3.1.1: the lowest bit of a value comes first, and of a byte too. */
function bitsOf(bits: readonly Bits[]): Uint8Array {
  const bytes: number[] = [];
  let at = 0;
  for (const [value, count] of bits) {
    for (let bit = 0; bit < count; bit++, at++) {
      bytes[at >>> 3] = (bytes[at >>> 3] ?? 0) | ((bit < 31 ? (value >>> bit) & 1 : 0) << (at & 7));
    }
  }
  return Uint8Array.from(bytes);
}

/** Puts a last block at a bit, in the place of whatever is behind it. */
function endAt(bytes: Uint8Array, at: number): void {
  const [byte, bit] = [at >>> 3, at & 7];
  const kept = (bytes[byte] ?? 0) & ((1 << bit) - 1);
  bytes[byte] = (kept | (END << bit)) & 0xff;
  bytes[byte + 1] = (END << bit) >>> 8;
}
