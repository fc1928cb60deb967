/** gzip data of every make, and the index that its first reading leaves. */
import { constants, createGzip, gzipSync, type ZlibOptions } from 'node:zlib';
import { concat, fromArray, readAll } from '../../src/bytes/read.ts';
import { gunzip } from '../../src/bytes/compress.ts';
import { readTar } from '../../src/bytes/tar.ts';
import { type GzipIndex, gzipRecorder } from '../../src/image/toc/gzip-recorder.ts';

const LIMIT = 1 << 28;

/** Compressed with flushes in between: each ends a block, and some are followed by an empty one. */
export async function flushedGzip(parts: readonly Uint8Array[], options: ZlibOptions = {}): Promise<Uint8Array> {
  const stream = createGzip(options);
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise((resolve) => stream.once('end', resolve));
  const kinds = [constants.Z_SYNC_FLUSH, constants.Z_FULL_FLUSH, constants.Z_BLOCK, constants.Z_PARTIAL_FLUSH];
  for (const [at, part] of parts.entries()) {
    stream.write(part);
    await new Promise<void>((resolve) => stream.flush(kinds[at % kinds.length], () => resolve()));
  }
  stream.end();
  await ended;
  return new Uint8Array(Buffer.concat(chunks));
}

/** A member whose header has all that a header may have (RFC 1952). */
export function longHeaded(bytes: Uint8Array): Uint8Array {
  const packed = new Uint8Array(gzipSync(bytes));
  const head = packed.slice(0, 10);
  head[3] = 2 | 4 | 8 | 16;
  const extra = new Uint8Array([5, 0, 1, 2, 3, 4, 5]);
  const names = new TextEncoder().encode('layer.tar\0a comment\0');
  const fields = concat([head, extra, names]);
  const checksum = crc32(fields) & 0xffff;
  return concat([fields, new Uint8Array([checksum & 0xff, checksum >>> 8]), packed.subarray(10)]);
}

function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}

/**
 * Reads a layer as its first reader does.
 * @param spacing of the places to begin at: 1 makes every block one.
 * @param chunkSize of what comes from the wire.
 */
export async function indexOf(
  packed: Uint8Array,
  spacing?: number,
  chunkSize: number = 64 * 1024,
): Promise<GzipIndex | undefined> {
  const recorder = gzipRecorder(packed.length, spacing);
  const passing = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < packed.length; at += chunkSize) {
      const chunk = packed.subarray(at, at + chunkSize);
      recorder.packed(chunk);
      yield chunk;
    }
  };
  const plain = await readAll(gunzip(passing()), LIMIT, 'archive');
  for (let at = 0; at < plain.length; at += chunkSize * 3) recorder.unpacked(plain.subarray(at, at + chunkSize * 3));
  for await (const { body: _body, ...place } of readTar(fromArray(plain))) recorder.entry(place);
  return recorder.finish();
}
