/** The `#hash` seam over node:crypto (Node, Bun, Deno). */
import type { Hash } from 'node:crypto';
import type { DigestAlgorithm } from '../model/digest.ts';
import type { Hasher } from './hash.ts';

export function createHasher(algorithm: DigestAlgorithm): Hasher {
  // Not imported: it takes milliseconds to load, and who only asks whether something is there hashes nothing.
  return wrap(algorithm, process.getBuiltinModule('node:crypto').createHash(algorithm));
}

function wrap(algorithm: DigestAlgorithm, hash: Hash): Hasher {
  return {
    update(chunk) {
      hash.update(chunk);
    },
    digest: () => `${algorithm}:${hash.digest('hex')}`,
    copy: () => wrap(algorithm, hash.copy()),
  };
}
