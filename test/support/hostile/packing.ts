/** What archives are packed in: several streams in a row, what stands behind them, windows and dictionaries, bombs. */
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../../src/bytes/hash.ts';
import { concat } from '../../../src/bytes/read.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import { encode, file, tarOf } from '../layered.ts';
import { storedZstd } from '../stored-zstd.ts';
import { type Case, type Packed, refused, twin } from './case.ts';

const own = { mode: 0o644, uid: 31, gid: 32, mtime: 555_555_555 };
const entries = [file('a', 'x', own), file('b', 'y'.repeat(3000), own)];
const archive = await tarOf(entries);
const half = 1024;
const skippable = concat([new Uint8Array([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0]), encode('skip')]);
const zeros = 64 << 20;

const whole = (what: string, packed: Uint8Array): Case =>
  twin('streams', what, () => [{ packed, diffId: digestOf(archive) }], entries);

function broken(trick: string, what: string, packed: () => Uint8Array, code: ErrorCode = 'LAYOUT_INVALID'): Case {
  const layer = (): Packed => ({ packed: packed(), diffId: digestOf(archive) });
  return refused(trick, what, () => [layer()], { at: 'bytes', code });
}

/** A frame of zstd whose head asks for this. */
function frame(...head: number[]): Uint8Array {
  return concat([new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, ...head]), storedZstd(archive).subarray(9)]);
}

/** A frame that repeats one byte: 128 KiB of four bytes. */
function zstdBomb(): Uint8Array {
  const blocks = zeros >> 17;
  const bytes = new Uint8Array(6 + blocks * 4);
  bytes.set([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]);
  for (let at = 0; at < blocks; at++) {
    const block = ((1 << 17) << 3) | 2 | Number(at === blocks - 1);
    bytes.set([block & 0xff, (block >> 8) & 0xff, block >> 16, 0], 6 + at * 4);
  }
  return bytes;
}

export const packing: readonly Case[] = [
  whole('of gzip, two in a row', concat([gzipSync(archive.subarray(0, half)), gzipSync(archive.subarray(half))])),
  whole('of gzip, with zeros behind them', concat([gzipSync(archive), new Uint8Array(512)])),
  whole('of gzip, with a name and a comment', named(gzipSync(archive))),
  whole('of zstd', storedZstd(archive)),
  whole('of zstd, two in a row', concat([storedZstd(archive.subarray(0, half)), storedZstd(archive.subarray(half))])),
  whole('of zstd, with frames to skip', concat([storedZstd(archive), skippable])),
  whole('of nothing', archive),
  broken('streams', 'of gzip, cut', () => gzipSync(archive).subarray(0, -20)),
  broken('streams', 'of gzip, and of a wrong sum', () => {
    const bytes = gzipSync(archive);
    bytes.writeUInt32LE(7, bytes.length - 8);
    return bytes;
  }),
  broken('streams', 'of gzip, in gzip', () => gzipSync(gzipSync(archive))),
  broken('streams', 'of zstd, cut', () => storedZstd(archive).subarray(0, -20)),
  broken('windows and dictionaries', 'a window of 2 GiB', () => frame(0x00, 21 << 3), 'TOO_LARGE'),
  broken('windows and dictionaries', 'a dictionary that is not there', () => frame(0x03, 0x38, 1, 2, 3, 4)),
  broken('bombs', 'of zstd, 32 000 to 1', zstdBomb, 'TOO_LARGE'),
  twin('bombs', 'of gzip, 1000 to 1, which is a file of zeros', () => [[file('zeros', new Uint8Array(1 << 20), own)]]),
];

/** The flags of both, and both, behind the ten bytes of the head. */
function named(bytes: Uint8Array): Uint8Array {
  const head = bytes.slice(0, 10);
  head[3] = 0x18;
  return concat([head, encode('layer.tar\0comment\0'), bytes.subarray(10)]);
}
