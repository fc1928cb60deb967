/** Bytes that look random and are always the same: a keystream of AES, which can be entered at any place. */
import { createCipheriv, createHash } from 'node:crypto';
import { createHasher } from '../bytes/hash.ts';
import { OCTET_STREAM } from '../model/media-types.ts';
import { contentOf } from '../store/content.ts';
import type { Content } from '../store/types.ts';

const BLOCK = 16;
const CHUNK = 256 * 1024;

/**
 * Incompressible bytes, the same for the same seed on every machine.
 * @param size bytes.
 */
export function seededBytes(size: number, seed: string | number): Uint8Array {
  return keystream(seed, 0, size);
}

/**
 * Content of {@link seededBytes} that is made while it is read: larger than memory, if need be. Its digest is
 * computed once, before this returns.
 * @param size bytes.
 */
export function seededContent(size: number, seed: string | number, mediaType: string = OCTET_STREAM): Content {
  const hasher = createHasher('sha256');
  for (let at = 0; at < size; at += CHUNK) hasher.update(keystream(seed, at, Math.min(at + CHUNK, size)));
  const descriptor = { mediaType, digest: hasher.digest(), size };
  return contentOf(descriptor, (start, end) => chunks(seed, start, end));
}

async function* chunks(seed: string | number, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; at += CHUNK) yield keystream(seed, at, Math.min(at + CHUNK, end));
}

function keystream(seed: string | number, start: number, end: number): Uint8Array {
  const skipped = start % BLOCK;
  const counter = Buffer.alloc(BLOCK);
  counter.writeBigUInt64BE(BigInt((start - skipped) / BLOCK), 8);
  const key = createHash('sha256').update(String(seed)).digest();
  const cipher = createCipheriv('aes-256-ctr', key, counter);
  return new Uint8Array(cipher.update(Buffer.alloc(end - start + skipped))).subarray(skipped);
}
