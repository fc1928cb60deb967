/** What a copy would send, found out without sending anything. */
import { OciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Manifest } from '../model/manifest.ts';
import { MAX_DEPTH } from '../graph/copy.ts';
import { isForeign } from '../store/links.ts';
import { overlay } from '../store/overlay.ts';
import type { Source } from '../store/types.ts';
import { collect, mapLimited } from '../graph/collect.ts';

export interface Amount {
  readonly objects: number;
  readonly bytes: number;
}

export interface Plan {
  /** The source, with the manifests that were read for the plan: a copy from it does not read them again. */
  readonly source: Source;
  readonly sent: Amount;
  readonly reused: Amount;
}

const CONCURRENCY = 6;
const MAX_MANIFESTS = 10_000;

/** Reads every manifest under the root, and asks the target for it and its blobs, each once. */
export async function planCopy(source: Source, root: Descriptor, target: Source, call: Call): Promise<Plan> {
  const manifests = await gather(source, root, call);
  const sent = { objects: 0, bytes: 0 };
  const reused = { objects: 0, bytes: 0 };
  const standing = mapLimited(partsOf(manifests), CONCURRENCY, async ({ descriptor, isManifest }) => {
    const found = await (isManifest ? target.resolve(descriptor.digest, call) : target.stat(descriptor.digest, call));
    return { size: descriptor.size, count: found === undefined ? sent : reused };
  });
  for await (const { size, count } of standing) {
    count.objects++;
    count.bytes += size;
  }
  return { source: overlay(source, { manifests }), sent, reused };
}

/** Every manifest under the root once, level by level. */
async function gather(source: Source, root: Descriptor, call: Call): Promise<readonly Manifest[]> {
  const found = new Map<string, Manifest>();
  let level: readonly Descriptor[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH || found.size > MAX_MANIFESTS)
      throw new OciError('LIMIT', `${root.digest} holds too many manifests`);
    const fresh = [
      ...new Map(level.filter(({ digest }) => !found.has(digest)).map((one) => [one.digest, one])).values(),
    ];
    const manifests = await collect(mapLimited(fresh, CONCURRENCY, (one) => source.manifest(one, call)));
    for (const manifest of manifests) found.set(manifest.descriptor.digest, manifest);
    const links = manifests.flatMap((manifest) => manifest.links);
    level = links.filter(({ role }) => role === 'manifest').map(({ descriptor }) => descriptor);
  }
  return [...found.values()];
}

function* partsOf(manifests: readonly Manifest[]): Generator<{ descriptor: Descriptor; isManifest: boolean }> {
  const seen = new Set<string>();
  for (const { descriptor, links } of manifests) {
    yield { descriptor, isManifest: true };
    for (const link of links) {
      const isBlob = link.role !== 'manifest' && !isForeign(link);
      if (!isBlob || seen.has(link.descriptor.digest)) continue;
      seen.add(link.descriptor.digest);
      yield { descriptor: link.descriptor, isManifest: false };
    }
  }
}
