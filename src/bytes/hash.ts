/** Hashing, over whatever the runtime has (the `#hash` seam). */
import { createHasher } from '#hash';
import type { Bytes } from '../model/call.ts';
import { digestAlgorithm, type Digest, type DigestAlgorithm } from '../model/digest.ts';

/** A hash in the making. */
export interface Hasher {
  update(chunk: Uint8Array): void;
  /** The digest of all bytes so far; the hasher can be used no more. */
  digest(): Digest;
  /** A second hasher in the same state. */
  copy(): Hasher;
}

export { createHasher };

/** The digest of bytes in memory. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  const hasher = createHasher(algorithm);
  hasher.update(bytes);
  return hasher.digest();
}

/** A hasher for the algorithm of a digest. */
export function hasherFor(digest: Digest): Hasher {
  return createHasher(digestAlgorithm(digest));
}

/** Passes bytes on, and each of them into a hasher first. */
export async function* hashing(bytes: Bytes, hasher: Hasher): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    hasher.update(chunk);
    yield chunk;
  }
}
