/**
 * The blocks that make one header of an archive: its own, and before it the records (PAX, long names of GNU) that are for it. Blocks and
 * numbers are judged as by Go's archive/tar, which unpacks images everywhere: the library passes over what is refused here.
 */
import { OciError } from '../errors.ts';
import { type HeaderNumbers, invalid } from './tar-headers.ts';

export const BLOCK = 512;
/** Bytes of the records of one header together; as much as Go takes of one. */
const MAX_RECORDS = 1 << 20;
/** Types of headers whose body is a record. */
const RECORDS = 'xgLK';
const FOR_ALL = 'g';
const TYPE = 156;
const CHECKSUM = { at: 148, length: 8 } as const;

/**
 * The blocks of the next header.
 * @param next gives a block that is no part of a file's body, a shorter one at the end.
 * @returns undefined: the archive ends here, by two blocks of zeros or with its last byte
 * @throws OciError `LAYOUT_INVALID`, `LIMIT`
 */
export async function headerBlocks(next: () => Promise<Uint8Array>): Promise<readonly Uint8Array[] | undefined> {
  let blocks: Uint8Array[] = [];
  let records = 0;
  for (;;) {
    const block = await next();
    if (block.length === 0 && blocks.length === 0) return undefined;
    requireWhole(block);
    if (isEmpty(block)) {
      if (blocks.length > 0) throw cut();
      return requireEnd(await next());
    }
    blocks.push(block);
    const type = typeOf(block);
    if (!RECORDS.includes(type)) return blocks;
    const size = headerSize(block);
    records += size;
    if (records > MAX_RECORDS) throw tooLong();
    for (let left = size; left > 0; left -= BLOCK) blocks.push(requireWhole(await next()));
    // What is for all files (git-archive names its commit so) is for none, here as in Go, and nothing before it counts any more.
    if (type === FOR_ALL) [blocks, records] = [[], forgotten(block)];
  }
}

/** The letter of a type; NUL in archives of before POSIX. */
export function typeOf(block: Uint8Array): string {
  return String.fromCharCode(block[TYPE] ?? 0);
}

/** @throws OciError `LAYOUT_INVALID` where there is something else in the place of a number */
export function headerNumbers(block: Uint8Array): HeaderNumbers {
  const isOld = block[257] !== 0x75; // the u of "ustar"
  return {
    mode: numberAt(block, 100, 8),
    uid: numberAt(block, 108, 8),
    gid: numberAt(block, 116, 8),
    size: headerSize(block),
    mtime: numberAt(block, 136, 12),
    devmajor: isOld ? 0 : numberAt(block, 329, 8),
    devminor: isOld ? 0 : numberAt(block, 337, 8),
  };
}

/** Bytes that follow. @throws OciError `LAYOUT_INVALID` */
export function headerSize(block: Uint8Array): number {
  return numberAt(block, 124, 12);
}

/** Octal digits with spaces and NULs around them, or bits where the first one is set. */
function numberAt(block: Uint8Array, start: number, length: number): number {
  if (((block[start] ?? 0) & 0x80) !== 0) return bitsOf(block.subarray(start, start + length));
  let [at, end] = [start, start + length];
  while (at < end && isBlank(block[at])) at++;
  while (end > at && isBlank(block[end - 1])) end--;
  let number = 0;
  for (; at < end && block[at] !== 0; at++) {
    const digit = (block[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) throw invalid('a header has something else in the place of a number');
    number = number * 8 + digit;
  }
  return number;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0 || byte === 0x20;
}

/** In two's complement, behind the bit that says so. */
function bitsOf(bytes: Uint8Array): number {
  const bits = BigInt(bytes.length * 8 - 1);
  const number = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) & ((1n << bits) - 1n);
  const signed = BigInt.asIntN(Number(bits), number);
  if (BigInt.asIntN(64, signed) !== signed) throw invalid('a header has a number of more than 64 bits');
  return Number(signed);
}

function requireWhole(block: Uint8Array): Uint8Array {
  if (block.length < BLOCK) throw cut();
  return block;
}

/** After one block of zeros, Go and tar(1) look for a second one, and do not go on. */
function requireEnd(block: Uint8Array): undefined {
  if (block.length > 0 && !isEmpty(requireWhole(block))) throw invalid('it goes on after a block of zeros');
}

function isEmpty(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** The library, which checks all others, does not see it. */
function forgotten(block: Uint8Array): number {
  const { at, length } = CHECKSUM;
  const sum = block.reduce((total, byte, place) => total + (place >= at && place < at + length ? 0x20 : byte), 0);
  if (sum !== numberAt(block, at, length)) throw invalid('the checksum of a header is wrong');
  return 0;
}

function cut(): OciError {
  return invalid('it ends in the middle of a header');
}

function tooLong(): OciError {
  return new OciError('LIMIT', `a header of a tar archive has records of more than ${MAX_RECORDS} bytes`);
}
