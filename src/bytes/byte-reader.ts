/** A stream that is read by the number of bytes wanted, not by the chunk. */
import type { Bytes } from '../model/call.ts';
import { concat } from './read.ts';

export interface ByteReader {
  /** Exactly so many bytes, or what is left. */
  take(length: number): Promise<Uint8Array>;
  /** What is at hand, at most so many bytes; undefined at the end. */
  some(most: number): Promise<Uint8Array | undefined>;
  /** How many bytes it has given. */
  given(): number;
  /** Closes the stream. */
  close(): Promise<void>;
}

export function byteReader(bytes: Bytes): ByteReader {
  const chunks = bytes[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array(0);
  let given = 0;
  const some = async (most: number): Promise<Uint8Array | undefined> => {
    while (held.length === 0) {
      const { done, value } = await chunks.next();
      if (done === true) return undefined;
      held = value;
    }
    const part = held.subarray(0, most);
    held = held.subarray(most);
    given += part.length;
    return part;
  };
  return {
    some,
    given: () => given,
    async take(length) {
      const parts: Uint8Array[] = [];
      for (let left = length; left > 0; ) {
        const part = await some(left);
        if (part === undefined) break;
        parts.push(part);
        left -= part.length;
      }
      return concat(parts);
    },
    async close() {
      await chunks.return?.();
    },
  };
}
