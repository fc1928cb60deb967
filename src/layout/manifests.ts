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
  const { digest, mediaType, size } = wanted;
  if (size !== undefined && size <= MAX_MANIFEST_BYTES) {
    // Reading a byte more than was announced tells as much as a look before it; what is wrong is looked at below.
    const bytes = await readBytes(tree, digest, size + 1, options);
    if (bytes === undefined) return undefined;
    if (bytes.length === size) return manifestFrom(bytes, mediaType, digest);
  }
  const found = await tree.stat(blobPath(digest));
  if (found === undefined) return undefined;
  if (size !== undefined && size !== found) {
    throw new OciError('SIZE_MISMATCH', `${tree.name}: ${digest} has ${found} bytes, not ${size}`, {
      digests: [digest],
    });
  }
  if (found > MAX_MANIFEST_BYTES)
    throw new OciError('TOO_LARGE', `${tree.name}: ${digest} is too large for a manifest`);
  const bytes = await readBytes(tree, digest, found, options);
  return bytes && manifestFrom(bytes, mediaType, digest);
}

/** The blob up to an end; undefined: there is none. */
async function readBytes(tree: ReadTree, digest: Digest, end: number, options: Call): Promise<Uint8Array | undefined> {
  const path = blobPath(digest);
  try {
    return await readAll(tree.read(path, 0, end, options), end, `${tree.name}/${path}`);
  } catch (error) {
    if (isOciError(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
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

/** What is known of the manifests of a layout. */
export interface KnownFacts {
  readonly facts: FactsOf;
  /** Takes note of a manifest that was just written: it need not be read for its facts. */
  readonly learn: (manifest: Manifest) => void;
}

/** What a digest names never changes, so that its facts are read once. */
export function rememberFacts(tree: ReadTree): KnownFacts {
  const known = new Map<Digest, ManifestFacts>();
  const learn = (manifest: Manifest): ManifestFacts => {
    const facts = factsOf(manifest);
    known.set(manifest.descriptor.digest, facts);
    return facts;
  };
  return {
    learn,
    async facts({ digest, mediaType }, options) {
      const remembered = known.get(digest);
      if (remembered !== undefined) return remembered;
      const manifest = await readManifest(tree, { digest, mediaType }, options).catch((error: unknown) => {
        if (isNoManifest(error)) return undefined;
        throw error;
      });
      return manifest && learn(manifest);
    },
  };
}

export function factsOf(manifest: Manifest): ManifestFacts {
  const children = manifest.links.filter(({ role }) => role === 'manifest').map(({ descriptor }) => descriptor);
  return { subject: manifest.subject?.digest, referrer: referrerDescriptor(manifest), children };
}
