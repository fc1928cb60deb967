/** zstd data without any compression in it (RFC 8878, raw blocks): any runtime can make that. */
import { concat } from '../../src/bytes/read.ts';

const BLOCK = 128 * 1024;

export function storedZstd(bytes: Uint8Array): Uint8Array {
  const head = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0]);
  new DataView(head.buffer).setUint32(5, bytes.length, true);
  const parts: Uint8Array[] = [head];
  for (let at = 0; at === 0 || at < bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK);
    const isLast = at + BLOCK >= bytes.length;
    const size = (block.length << 3) | Number(isLast);
    parts.push(new Uint8Array([size & 0xff, (size >> 8) & 0xff, size >> 16]), block);
  }
  return concat(parts);
}
