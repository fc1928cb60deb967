/**
 * Digests (image-spec, "Descriptors", section Digests): parsed once by an anchored grammar, so that no digest
 * from outside becomes a path or a URL unread.
 */
import { OciError } from '../errors.ts';
import { quote } from './quote.ts';

/** `algorithm:hex`; only {@link parseDigest} makes one from a string of unknown origin. */
export type Digest = `${string}:${string}`;

/** The registered algorithms, and the length of their hex. */
export const DIGEST_ALGORITHMS = { sha256: 64, sha384: 96, sha512: 128 } as const;
export type DigestAlgorithm = keyof typeof DIGEST_ALGORITHMS;

const grammar = /^(sha256|sha384|sha512):([0-9a-f]+)$/;

/** Is this string a digest of a supported algorithm, in its canonical lower-case form? */
export function isDigest(value: unknown): value is Digest {
  if (typeof value !== 'string' || value.length > 140) return false;
  const match = grammar.exec(value);
  return match !== null && match[2]?.length === DIGEST_ALGORITHMS[match[1] as DigestAlgorithm];
}

/**
 * Reads a digest.
 * @throws OciError `DIGEST_INVALID`
 */
export function parseDigest(value: unknown): Digest {
  if (isDigest(value)) return value;
  throw new OciError('DIGEST_INVALID', `${quote(value)} is not a digest`, {
    hint: 'a digest is sha256: or sha512: and its lower-case hex',
  });
}

/** The part before the colon. */
export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.slice(0, digest.indexOf(':')) as DigestAlgorithm;
}

/** The part after the colon. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}
