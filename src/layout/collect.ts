/** Garbage collection: what nothing in the index leads to is removed, under the lock, and what interrupted writers left. */
import { OciError, throwIfAborted } from '../errors.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, DIGEST_ALGORITHMS, isDigest } from '../model/digest.ts';
import { isIndexType, isManifestType } from '../model/media-types.ts';
import { indexReader } from './index-file.ts';
import { readManifest } from './manifests.ts';
import { blobFolder, blobPath } from './paths.ts';
import type { LayoutTree } from './tree.ts';

export interface CollectOptions extends Call {
  /** Only tell what would go. */
  readonly dryRun?: boolean | undefined;
}

/** What a collection did, or would do. */
export interface Collected {
  readonly removed: readonly Digest[];
  /** Bytes of the removed blobs, and of the leftovers of interrupted writers. */
  readonly bytes: number;
  /** Blobs that stay. */
  readonly kept: number;
}

const LEFTOVERS_MS = 24 * 60 * 60 * 1000;

/**
 * Removes the blobs that nothing reachable from the index refers to, and leftovers older than 24 hours.
 * When a manifest cannot be read, nothing is removed: what it refers to is not known.
 * @throws OciError `NOT_FOUND` (no layout), `LAYOUT_INVALID`, `DIGEST_MISMATCH`, `MANIFEST_INVALID`, `CONFLICT`
 */
export async function collectGarbage(tree: LayoutTree, options: CollectOptions = {}): Promise<Collected> {
  const { dryRun = false } = options;
  if ((await indexReader(tree).index(options)) === undefined) {
    throw new OciError('NOT_FOUND', `${tree.name} is not an image layout: it has no index.json`);
  }
  return tree.lock(async () => {
    const index = await indexReader(tree).index(options);
    const reachable = await reach(tree, index?.entries ?? [], options);
    const swept = await tree.sweep({ olderThanMs: LEFTOVERS_MS, dryRun });
    const removed: Digest[] = [];
    let bytes = swept;
    let kept = 0;
    for await (const digest of blobsOf(tree)) {
      throwIfAborted(options.signal);
      if (reachable.has(digest)) {
        kept++;
        continue;
      }
      bytes += (await tree.stat(blobPath(digest))) ?? 0;
      if (!dryRun) await tree.remove(blobPath(digest));
      removed.push(digest);
    }
    return { removed, bytes, kept };
  }, options);
}

/** All that the entries lead to. What is not known to be a manifest leads nowhere; what is missing neither. */
async function reach(tree: LayoutTree, entries: readonly Descriptor[], options: Call): Promise<Set<Digest>> {
  const manifests = new Set<Digest>();
  const blobs = new Set<Digest>();
  const left = [...entries];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    throwIfAborted(options.signal);
    const { digest, mediaType } = next;
    if (manifests.has(digest)) continue;
    manifests.add(digest);
    if (!isIndexType(mediaType) && !isManifestType(mediaType)) continue;
    const manifest = await readManifest(tree, { digest, mediaType }, options);
    for (const { role, descriptor } of manifest?.links ?? []) {
      if (role === 'manifest') left.push(descriptor);
      else blobs.add(descriptor.digest);
    }
  }
  return new Set([...manifests, ...blobs]);
}

/** The blobs that are there, by their file names; files of other names are nobody's business. */
async function* blobsOf(tree: LayoutTree): AsyncGenerator<Digest> {
  for (const algorithm of Object.keys(DIGEST_ALGORITHMS)) {
    for await (const name of tree.list(blobFolder(algorithm))) {
      const digest = `${algorithm}:${name}`;
      if (isDigest(digest)) yield digest;
    }
  }
}
