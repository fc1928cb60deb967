/** Making content and manifests from bytes. */
import { digestOf } from '../bytes/hash.ts';
import { fromArray } from '../bytes/read.ts';
import { digestMismatch, verify } from '../bytes/verify.ts';
import type { Bytes } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, digestAlgorithm } from '../model/digest.ts';
import { type Manifest, parseManifestDocument } from '../model/manifest.ts';
import { OCTET_STREAM } from '../model/media-types.ts';
import type { Content, OpenOptions, Origin } from './types.ts';

/** How a place gives bytes `start` to `end` of something, unverified. */
export type ReadWindow = (start: number, end: number, options: OpenOptions) => Bytes;

/** Content over a place that can give any window of its bytes. */
export function contentOf(descriptor: Descriptor, read: ReadWindow, origin?: Origin, from?: string): Content {
  return {
    descriptor,
    origin,
    open(options = {}) {
      const { start = 0, end = descriptor.size, prefix } = options;
      const bytes = read(start, end, options);
      const whole = end >= descriptor.size && (start === 0 || prefix !== undefined);
      return whole ? verify(bytes, descriptor, { offset: start, prefix: prefix?.copy(), from }) : bytes;
    },
  };
}

/** Content of bytes in memory. */
export function contentFrom(
  bytes: Uint8Array,
  mediaType: string = OCTET_STREAM,
  extra: Partial<Descriptor> = {},
): Content {
  const descriptor: Descriptor = { ...extra, mediaType, digest: digestOf(bytes), size: bytes.length };
  return contentOf(descriptor, (start, end) => fromArray(bytes.subarray(start, end)));
}

/**
 * A manifest of its exact bytes.
 * @param expected the digest it was asked by: the bytes must have it.
 * @throws OciError `MANIFEST_INVALID`, `DESCRIPTOR_INVALID`, `DIGEST_INVALID`, `DIGEST_MISMATCH`
 */
export function manifestFrom(bytes: Uint8Array, contentType?: string, expected?: Digest): Manifest {
  const digest = digestOf(bytes, expected === undefined ? 'sha256' : digestAlgorithm(expected));
  if (expected !== undefined && digest !== expected) throw digestMismatch(expected, digest);
  const { mediaType, ...rest } = parseManifestDocument(bytes, contentType);
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes, ...rest };
}

/** A manifest of a document that we made; the order of its keys is kept. */
export function manifestFromDocument(document: object): Manifest {
  return manifestFrom(new TextEncoder().encode(JSON.stringify(document)));
}
