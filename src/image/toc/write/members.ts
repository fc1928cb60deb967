/**
 * Compressed data that is read in parts: a row of members (gzip) or frames (zstd), each of which is unpacked by itself. The bodies of
 * files have their own, one for each chunk; what stands between them goes together. What they mean is written down by others.
 */
import { byteReader } from '../../../bytes/byte-reader.ts';
import { createHasher, hashing } from '../../../bytes/hash.ts';
import { concat, readAll } from '../../../bytes/read.ts';
import type { Bytes } from '../../../model/call.ts';
import type { Digest } from '../../../model/digest.ts';
import { compressLayer, compressPart } from '../../layer/compress.ts';

export interface MembersOptions {
  readonly compression: 'gzip' | 'zstd';
  readonly level?: number | undefined;
  /** Bytes of a file in one member, at most; 4 MiB unless told, as stargz-snapshotter has it. */
  readonly chunkSize?: number | undefined;
}

/** A piece of a file that is a member. */
export interface MemberChunk {
  /** Where the member starts in the layer, and where it ends. */
  readonly start: number;
  readonly end: number;
  /** Where the chunk starts in the file. */
  readonly at: number;
  readonly size: number;
  readonly digest: Digest;
}

/** What became of a file; one that is empty has no chunks. */
export interface MemberFile {
  readonly chunks: readonly MemberChunk[];
  /** Of all of its bytes; undefined when there are none. */
  readonly digest: Digest | undefined;
}

export interface Members {
  /** Bytes of no file, which come out with those that follow, or when they are many. */
  loose(bytes: Uint8Array): AsyncGenerator<Uint8Array>;
  /** All of the bytes of a file. */
  file(body: Bytes, size: number): AsyncGenerator<Uint8Array, MemberFile>;
  /** Whatever has not come out yet. */
  flush(): AsyncGenerator<Uint8Array>;
  /** How many compressed bytes have come out. */
  position(): number;
  /** What all of them unpack to; they can be written no more. */
  archive(): { readonly diffId: Digest; readonly size: number };
}

const CHUNK_SIZE: number = 4 * 2 ** 20;
/** Headers of so many bytes need not wait for a file. */
const MANY = 2 ** 20;
/** Of so many bytes it takes less to hold them. */
const SMALL = 128 * 1024;

export function members({ compression, level, chunkSize = CHUNK_SIZE }: MembersOptions): Members {
  const archive = createHasher('sha256');
  let position = 0;
  let size = 0;
  let loose: Uint8Array[] = [];
  let looseSize = 0;

  const counted = async function* (bytes: Bytes): AsyncGenerator<Uint8Array> {
    for await (const chunk of hashing(bytes, archive)) {
      size += chunk.length;
      yield chunk;
    }
  };
  const member = async function* (bytes: Bytes): AsyncGenerator<Uint8Array> {
    for await (const chunk of compressLayer(counted(bytes), compression, level)) {
      position += chunk.length;
      yield chunk;
    }
  };
  const part = async function* (bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    archive.update(bytes);
    size += bytes.length;
    const packed = await compressPart(bytes, compression, level);
    position += packed.length;
    yield packed;
  };
  const flush = async function* (): AsyncGenerator<Uint8Array> {
    if (looseSize === 0) return;
    const bytes = concat(loose, looseSize);
    [loose, looseSize] = [[], 0];
    yield* part(bytes);
  };
  return {
    flush,
    position: () => position,
    archive: () => ({ diffId: archive.digest(), size }),
    async *loose(bytes) {
      loose.push(bytes);
      looseSize += bytes.length;
      if (looseSize >= MANY) yield* flush();
    },
    async *file(body, length) {
      if (length === 0) return { chunks: [], digest: undefined };
      yield* flush();
      const chunks: MemberChunk[] = [];
      const whole = length > chunkSize ? createHasher('sha256') : undefined;
      const parts = cut(whole === undefined ? body : hashing(body, whole), chunkSize);
      for (let at = 0; at < length; at += chunkSize) {
        const chunkLength = Math.min(chunkSize, length - at);
        const own = createHasher('sha256');
        const start = position;
        const chunk = hashing(parts(), own);
        yield* chunkLength > SMALL ? member(chunk) : part(await readAll(chunk, chunkLength, 'a chunk'));
        chunks.push({ start, end: position, at, size: chunkLength, digest: own.digest() });
      }
      return { chunks, digest: whole?.digest() ?? chunks[0]?.digest };
    },
  };
}

/** Gives a stream in parts of a size, each time that it is asked. */
function cut(bytes: Bytes, size: number): () => Bytes {
  const reader = byteReader(bytes);
  return async function* () {
    for (let left = size; left > 0; ) {
      const chunk = await reader.some(left);
      if (chunk === undefined) return;
      left -= chunk.length;
      yield chunk;
    }
  };
}
