/**
 * Which bytes of an answer are the manifest, and what its digest is. A body may have several readings: as it came or
 * decoded, with the signatures of schema 1 or without. What was said of it is compared, and never believed.
 */
import { digestOf } from '../bytes/hash.ts';
import { digestMismatch } from '../bytes/verify.ts';
import { OciError } from '../errors.ts';
import { type Digest, digestAlgorithm, isDigest } from '../model/digest.ts';
import { MANIFEST_TYPES } from '../model/media-types.ts';
import { schema1Payload } from '../model/schema1.ts';

/** A way to read a body. */
export interface Reading {
  readonly bytes: Uint8Array;
  /** What its digest is of, where that is not all the bytes. */
  readonly payload?: Uint8Array | undefined;
}

/** A body, and what its answer says of it. */
export interface Announced {
  readonly candidates: readonly Reading[];
  readonly digest: Digest | undefined;
  /** Bytes that came, and bytes that were announced. */
  readonly size: number;
  readonly length: number | undefined;
}

/** What is announced as a manifest of today is looked into by nobody: its digest is that of its bytes. */
export function readingsOf(bytes: Uint8Array, mediaType: string | undefined): readonly Reading[] {
  const payload = MANIFEST_TYPES.includes(mediaType ?? '') ? undefined : schema1Payload(bytes);
  return payload === undefined ? [{ bytes }] : [{ bytes, payload }, { bytes }];
}

/**
 * The reading that is the manifest, with its digest: the one it was asked by, the one told if it is true, or sha256.
 * @throws OciError `DIGEST_MISMATCH` for what was asked for by its digest
 */
export function identify(
  { candidates, digest: told }: Announced,
  target: string,
  from: string,
): Reading & { readonly digest: Digest } {
  const named = isDigest(target) ? target : told;
  const reading = named === undefined ? undefined : readingWith(candidates, named);
  if (!isDigest(target)) {
    if (reading !== undefined && named !== undefined) return { ...reading, digest: named };
    const likely = likeliest(candidates);
    return { ...likely, digest: readingDigest(likely) };
  }
  if (reading === undefined) throw digestMismatch(target, readingDigest(likeliest(candidates), target), from);
  const comparable = told !== undefined && digestAlgorithm(told) === digestAlgorithm(target);
  if (comparable && told !== target) throw digestMismatch(target, told, from);
  return { ...reading, digest: target };
}

/** What was said of a manifest that is known by a tag only, and is not true of it: the error that it may be. */
export function doubtOf({ digest: told, size, length }: Announced, digest: Digest, name: string): OciError | undefined {
  if (told === digest) return undefined;
  const hint = 'the manifest was changed or damaged where it is kept, or on the way';
  if (told !== undefined) {
    const text = `${name} has the digest ${digest}, but was announced as ${told}`;
    return new OciError('DIGEST_MISMATCH', text, { hint, digests: [told] });
  }
  if (length === undefined || length === size) return undefined;
  return new OciError('SIZE_MISMATCH', `${name} has ${size} bytes, but was announced with ${length}`, { hint });
}

/** Has one of them this digest? */
export function hasDigest(candidates: readonly Reading[], digest: Digest): boolean {
  return readingWith(candidates, digest) !== undefined;
}

function readingWith(candidates: readonly Reading[], digest: Digest): Reading | undefined {
  return candidates.find((one) => readingDigest(one, digest) === digest);
}

/** The one that begins as JSON does. */
function likeliest(candidates: readonly Reading[]): Reading {
  const [first = { bytes: new Uint8Array() }] = candidates;
  return candidates.find(({ bytes }) => bytes[0] === 0x7b) ?? first;
}

/** By the algorithm of another digest; sha256 unless told. */
function readingDigest({ bytes, payload = bytes }: Reading, like?: Digest): Digest {
  return digestOf(payload, like === undefined ? 'sha256' : digestAlgorithm(like));
}
