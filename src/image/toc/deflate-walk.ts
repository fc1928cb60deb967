/**
 * Walks through the blocks of a deflate stream (RFC 1951) without unpacking it: where each begins, in bits, and how many bytes stand
 * before it. That is all that an index needs and no library tells; the bytes themselves are for the runtime's own zlib.
 * It believes nothing: where the stream makes no sense to it, it is lost, and says so.
 */
import { concat } from '../../bytes/read.ts';
import {
  assignCodes,
  codeLengths,
  type DeflateCodes,
  deflateCodes,
  DISTANCE,
  DISTANCE_BITS,
  distanceExtra,
  END,
  EXTRA,
  longSymbol,
  MATCH_BASES,
  matchExtra,
  MORE,
  SYMBOL_BITS,
} from './deflate-codes.ts';

/** Bytes that a literal or match with its distance is sure to stand in. Behind the last one there are 8 of a gzip trailer. */
const SYMBOL_BYTES = 8;
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Thrown by what reads beyond the bytes at hand: to be done again when there are more. */
export const STARVED: unique symbol = Symbol('starved');

/** The bits of a stream as far as they are there. */
export interface BitBuffer {
  /** Where the first bit at hand stands, in bits from the beginning of the stream. */
  base: number;
  /** The next bit, from there. */
  at: number;
  bytes: Uint8Array;
  view: DataView;
}

export function bitBuffer(): BitBuffer {
  const bytes = new Uint8Array(0);
  return { base: 0, at: 0, bytes, view: new DataView(bytes.buffer) };
}

/** Forgets what was read, and puts bytes behind the rest. */
export function addBytes(buffer: BitBuffer, chunk: Uint8Array): void {
  const read = buffer.at >>> 3;
  const bytes = concat([buffer.bytes.subarray(read), chunk]);
  buffer.base += read * 8;
  buffer.at &= 7;
  buffer.bytes = bytes;
  buffer.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The next bits, at most 16, the first of them lowest. */
export function takeBits(buffer: BitBuffer, count: number): number {
  const { at, bytes } = buffer;
  if (at + count > bytes.length * 8) throw STARVED;
  const byte = at >>> 3;
  const three = (bytes[byte] ?? 0) | ((bytes[byte + 1] ?? 0) << 8) | ((bytes[byte + 2] ?? 0) << 16);
  buffer.at += count;
  return (three >>> (at & 7)) & ((1 << count) - 1);
}

export interface DeflateWalk {
  /** Plain bytes that what was walked through stands for. */
  out: number;
  /** Begins a block, when its header is there. @throws {@link STARVED} */
  open(): void;
  /** Goes on in a block as far as the bytes go. @returns `open`: it goes on; `last`: it is over, and so is the stream. */
  walk(): 'open' | 'closed' | 'last';
}

/** @throws Error (when it walks) where it is lost */
export function deflateWalk(buffer: BitBuffer): DeflateWalk {
  const dynamic = deflateCodes();
  const fixed = fixedCodes();
  const lengths = new Uint8Array(320);
  let codes: DeflateCodes | undefined;
  let stored = 0;
  let isLast = false;
  const walk: DeflateWalk = {
    out: 0,
    open() {
      isLast = takeBits(buffer, 1) === 1;
      const type = takeBits(buffer, 2);
      codes = [undefined, fixed, dynamic][type];
      if (type === 3) throw new Error('there is no such block');
      if (type === 0) stored = storedLength(buffer);
      if (type === 2) readCodes(buffer, dynamic, lengths);
    },
    walk() {
      const isOver = codes === undefined ? passStored() : passSymbols(buffer, codes, walk);
      return isOver ? (isLast ? 'last' : 'closed') : 'open';
    },
  };
  const passStored = (): boolean => {
    const length = Math.min(stored, buffer.bytes.length - (buffer.at >>> 3));
    stored -= length;
    buffer.at += length * 8;
    walk.out += length;
    return stored === 0;
  };
  return walk;
}

function storedLength(buffer: BitBuffer): number {
  buffer.at = (buffer.at + 7) & ~7;
  const length = takeBits(buffer, 16);
  if ((takeBits(buffer, 16) ^ length) !== 0xffff) throw new Error('a stored block has two lengths');
  return length;
}

function fixedCodes(): DeflateCodes {
  const lengths = new Uint8Array(320)
    .fill(8, 0, 144)
    .fill(9, 144, 256)
    .fill(7, 256, 280)
    .fill(8, 280, 288)
    .fill(5, 288);
  const codes = deflateCodes();
  codes.fill(lengths, 288, 32);
  return codes;
}

/** The header of a block with codes of its own (3.2.7). */
function readCodes(buffer: BitBuffer, codes: DeflateCodes, lengths: Uint8Array): void {
  const literals = takeBits(buffer, 5) + 257;
  const distances = takeBits(buffer, 5) + 1;
  const count = takeBits(buffer, 4) + 4;
  const own = new Uint8Array(19);
  for (const symbol of ORDER.slice(0, count)) own[symbol] = takeBits(buffer, 3);
  const known = codeLengths(19);
  assignCodes(known, own, 0, () => {});
  for (let at = 0; at < literals + distances; ) {
    const symbol = takeSymbol(buffer, known);
    const [value, times] = repeated(buffer, symbol, lengths[at - 1] ?? 0);
    if (at + times > literals + distances) throw new Error('there are too many code lengths');
    lengths.fill(value, at, at + times);
    at += times;
  }
  codes.fill(lengths, literals, distances);
}

function repeated(buffer: BitBuffer, symbol: number, before: number): [value: number, times: number] {
  if (symbol < 16) return [symbol, 1];
  if (symbol === 16) return [before, 3 + takeBits(buffer, 2)];
  return [0, symbol === 17 ? 3 + takeBits(buffer, 3) : 11 + takeBits(buffer, 7)];
}

function takeSymbol(buffer: BitBuffer, known: ReturnType<typeof codeLengths>): number {
  const left = buffer.bytes.length * 8 - buffer.at;
  const ahead = Math.min(left, 15);
  const found = longSymbol(known, takeBits(buffer, ahead));
  if (found === undefined || (found & 15) > ahead) throw ahead < 15 ? STARVED : new Error('there is no such code');
  buffer.at += (found & 15) - ahead;
  return found >> 4;
}

/** @returns whether the block is over. */
function passSymbols(buffer: BitBuffer, codes: DeflateCodes, walk: DeflateWalk): boolean {
  const { view } = buffer;
  const { symbols, distances } = codes;
  const end = view.byteLength - SYMBOL_BYTES;
  let { at } = buffer;
  let { out } = walk;
  let isOver = false;
  for (let byte = at >>> 3; byte <= end; byte = at >>> 3) {
    let bits = view.getInt32(byte, true) >>> (at & 7);
    const entry = symbols[bits & ((1 << SYMBOL_BITS) - 1)] ?? 0;
    let used = entry & 31;
    let next = (entry >> 15) & 7;
    out += (entry >> 5) & 1023;
    if (next === EXTRA) {
      const extra = entry >> 18;
      out += (bits >>> used) & ((1 << extra) - 1);
      used += extra;
    } else if (next > EXTRA) {
      const found = sure(longSymbol(codes.longSymbols, bits));
      const symbol = found >> 4;
      used = found & 15;
      next = symbol < 256 ? MORE : symbol === 256 ? END : DISTANCE;
      if (next === MORE) out++;
      if (next === DISTANCE) {
        const extra = matchExtra(symbol);
        out += (MATCH_BASES[symbol - 257] ?? 0) + ((bits >>> used) & ((1 << extra) - 1));
        used += extra;
      }
    }
    at += used;
    if (next === MORE) continue;
    isOver = next === END;
    if (isOver) break;
    bits = view.getInt32(at >>> 3, true) >>> (at & 7);
    const distance = distances[bits & ((1 << DISTANCE_BITS) - 1)] ?? 0;
    at += distance === 0 ? longDistance(codes, bits) : distance;
  }
  buffer.at = at;
  walk.out = out;
  return isOver;
}

function longDistance(codes: DeflateCodes, bits: number): number {
  const found = sure(longSymbol(codes.longDistances, bits));
  return (found & 15) + distanceExtra(found >> 4);
}

function sure(found: number | undefined): number {
  if (found === undefined) throw new Error('there is no such code');
  return found;
}
