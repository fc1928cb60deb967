/** Reading the manifests of a layout: verified, bounded, and what is known of them remembered by their digest. */
import { isOciError, OciError } from '../errors.ts';
import { readAll } from '../bytes/read.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Digest } from '../model/digest.ts';
import { type Manifest, MAX_MANIFEST_BYTES } from '../model/manifest.ts';
import { manifestFrom } from '../store/content.ts';
import { referrerDescriptor } from '../store/referrer.ts';
import { blobPath } from './paths.ts';
import type { ReadTree } from './tree.ts';

/** What a manifest is asked by. */
export interface ManifestName {
  readonly digest: Digest;
  /** As it was announced where the digest was found; its own media type must agree. */
  readonly mediaType?: string | undefined;
  readonly size?: number | undefined;
}

/**
 * @returns undefined: no such blob.
 * @throws OciError `MANIFEST_INVALID`, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `TOO_LARGE`
 */
export async function readManifest(tree: ReadTree, wanted: ManifestName, options: Call): Promise<Manifest | undefined> {
  const path = blobPath(wanted.digest);
  const size = await tree.stat(path);
  if (size === undefined) return undefined;
  if (wanted.size !== undefined && wanted.size !== size) {
    throw new OciError('SIZE_MISMATCH', `${tree.name}: ${wanted.digest} has ${size} bytes, not ${wanted.size}`, {
      digests: [wanted.digest],
    });
  }
  if (size > MAX_MANIFEST_BYTES)
    throw new OciError('TOO_LARGE', `${tree.name}: ${wanted.digest} is too large for a manifest`);
  const bytes = await readAll(tree.read(path, 0, size, options), MAX_MANIFEST_BYTES, `${tree.name}/${path}`);
  return manifestFrom(bytes, wanted.mediaType, wanted.digest);
}

/** Is this how a blob fails that is no manifest at all? */
export function isNoManifest(error: unknown): boolean {
  return isOciError(
    error,
    'MANIFEST_INVALID',
    'DESCRIPTOR_INVALID',
    'DIGEST_INVALID',
    'VERSION_UNSUPPORTED',
    'LIMIT',
    'TOO_LARGE',
  );
}

/** What lists and graphs want to know of a manifest. */
export interface ManifestFacts {
  readonly subject: Digest | undefined;
  /** As it stands in a list of referrers. */
  readonly referrer: Descriptor;
  /** The manifests that it consists of. */
  readonly children: readonly Descriptor[];
}

/** Facts of the manifest of a descriptor; undefined where it is missing or no manifest. */
export type FactsOf = (descriptor: Descriptor, options: Call) => Promise<ManifestFacts | undefined>;

/** What a digest names never changes, so that its facts are read once. */
export function rememberFacts(tree: ReadTree): FactsOf {
  const known = new Map<Digest, ManifestFacts>();
  return async ({ digest, mediaType }, options) => {
    const remembered = known.get(digest);
    if (remembered !== undefined) return remembered;
    const manifest = await readManifest(tree, { digest, mediaType }, options).catch((error: unknown) => {
      if (isNoManifest(error)) return undefined;
      throw error;
    });
    if (manifest === undefined) return undefined;
    const facts = factsOf(manifest);
    known.set(digest, facts);
    return facts;
  };
}

export function factsOf(manifest: Manifest): ManifestFacts {
  const children = manifest.links.filter(({ role }) => role === 'manifest').map(({ descriptor }) => descriptor);
  return { subject: manifest.subject?.digest, referrer: referrerDescriptor(manifest), children };
}
