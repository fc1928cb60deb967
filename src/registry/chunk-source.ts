/**
 * The bytes of a content in consecutive chunks, read once and verified as a whole. When a chunk has to be sent again, or
 * only a part of it has arrived, reading starts anew from there; what stands before is hashed again where its hash is not known.
 */
import { type Hasher, hasherFor } from '../bytes/hash.ts';
import type { Bytes, Call } from '../model/call.ts';
import type { Content } from '../store/types.ts';

export interface ChunkSource {
  /** The bytes from `at` on, `length` of them. Fails before the end of the last chunk when the content is not what it should be. */
  open(at: number, length: number): Bytes;
  close(): Promise<void>;
}

/** Where the hash of everything before is known. */
interface Mark {
  readonly at: number;
  readonly hasher: Hasher;
}

export function chunkSource(content: Content, call: Call): ChunkSource {
  const { digest } = content.descriptor;
  let live: AsyncIterator<Uint8Array> | undefined;
  let position = 0;
  let rest: Uint8Array = new Uint8Array();
  let hasher = hasherFor(digest);
  let mark: Mark = { at: 0, hasher: hasherFor(digest) };

  const close = async (): Promise<void> => {
    const closing = live;
    live = undefined;
    await closing?.return?.();
  };
  const seek = async (at: number): Promise<void> => {
    if (live !== undefined && position === at) return;
    await close();
    if (mark.at > at) mark = { at: 0, hasher: hasherFor(digest) };
    hasher = mark.hasher.copy();
    if (at > mark.at) {
      for await (const chunk of content.open({ ...call, start: mark.at, end: at })) hasher.update(chunk);
    }
    live = content.open({ ...call, start: at, prefix: hasher })[Symbol.asyncIterator]();
    position = at;
    rest = new Uint8Array();
  };
  const next = async (): Promise<Uint8Array | undefined> => {
    if (rest.length > 0) return rest;
    const result = await live?.next();
    return result === undefined || result.done === true ? undefined : result.value;
  };

  return {
    close,
    async *open(at, length) {
      await seek(at);
      mark = { at, hasher: hasher.copy() };
      while (position < at + length) {
        const chunk = await next();
        if (chunk === undefined) return;
        const taken = chunk.subarray(0, at + length - position);
        rest = chunk.subarray(taken.length);
        hasher.update(taken);
        position += taken.length;
        yield taken;
      }
    },
  };
}
