/** Layers that unpack to far more than they are: an archive with one large file of zeros, in every compression. */
import { gzipSync } from 'node:zlib';
import { concat } from '../../src/bytes/read.ts';
import { file, tarOf } from './layered.ts';

const BLOCK = 128 * 1024;

/** The header of `big`, with so many bytes of content to come. */
async function headerOf(size: number): Promise<Uint8Array> {
  const head = (await tarOf([file('big', '')])).slice(0, 512);
  const text = new TextEncoder();
  head.set(text.encode(`${size.toString(8).padStart(11, '0')}\0`), 124);
  head.set(text.encode('        '), 148);
  const sum = head.reduce((all, byte) => all + byte, 0);
  head.set(text.encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return head;
}

/** 1029 bytes of each byte: the most that gzip can. */
export async function gzipBomb(size: number): Promise<Uint8Array> {
  const archive = new Uint8Array(512 + size + 1024);
  archive.set(await headerOf(size));
  return gzipSync(archive, { level: 9 });
}

/** 32 768 of each: blocks of zstd that say only which byte they repeat (RFC 8878, RLE blocks). */
export async function zstdBomb(size: number): Promise<Uint8Array> {
  const head = await headerOf(size);
  const parts = [new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x00, 7 << 3]), block(0, head.length), head];
  for (let at = 0; at < size; at += BLOCK) parts.push(block(1, BLOCK), new Uint8Array(1));
  return concat([...parts, block(1, 1024, true), new Uint8Array(1)]);
}

/** The header of a block: raw (0) or repeated (1). */
function block(type: 0 | 1, size: number, isLast = false): Uint8Array {
  const bits = Number(isLast) | (type << 1) | (size << 3);
  return new Uint8Array([bits & 0xff, (bits >> 8) & 0xff, bits >> 16]);
}

/** One file of mostly zeros, about 300 to 1: as images of disks and databases are. */
export async function sparseLayer(size: number, seed: Uint8Array): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  for (let at = 0, part = 0; at + 192 < size; at += 64 * 1024, part += 96)
    bytes.set(seed.subarray(part, part + 96), at);
  return gzipSync(await tarOf([file('disk.img', bytes)]));
}
