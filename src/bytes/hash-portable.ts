/** The `#hash` seam where there is no node:crypto: browsers, workers. */
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { DigestAlgorithm } from '../model/digest.ts';
import type { Hasher } from './hash.ts';

const algorithms = { sha256, sha384, sha512 };
type State = ReturnType<(typeof algorithms)[DigestAlgorithm]['create']>;

export function createHasher(algorithm: DigestAlgorithm): Hasher {
  return wrap(algorithm, algorithms[algorithm].create());
}

function wrap(algorithm: DigestAlgorithm, state: State): Hasher {
  return {
    update(chunk) {
      state.update(chunk);
    },
    digest: () => `${algorithm}:${bytesToHex(state.digest())}`,
    copy: () => wrap(algorithm, state.clone()),
  };
}
