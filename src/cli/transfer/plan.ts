/** What a copy would send, found out without sending anything. */
import { OciError } from '../../errors.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Manifest } from '../../model/manifest.ts';
import { type CopyOptions, MAX_DEPTH } from '../../graph/copy.ts';
import { DIGEST_TAG_KINDS, digestTagged, isDigestTag } from '../../graph/digest-tags.ts';
import { DEFAULT_BOUNDS } from '../../graph/tasks.ts';
import { isForeign } from '../../store/links.ts';
import { overlay } from '../../store/overlay.ts';
import type { Source } from '../../store/types.ts';
import { collect, mapLimited } from '../../graph/collect.ts';

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

export interface PlanOptions extends Pick<CopyOptions, 'referrers' | 'foreignLayers' | 'tags' | 'standing'> {
  /** Bytes that the target has room for. Where all of it fits, it is not asked what it has: everything counts as sent. */
  readonly room?: number | undefined;
}

const CONCURRENCY = DEFAULT_BOUNDS.calls;
const MAX_MANIFESTS = 10_000;

/**
 * Reads every manifest under the root, and asks the target for it and its blobs, each once.
 * @param options as those of the copy: what is attached belongs to it, too, and a root that gets a new name is sent for that
 */
export async function planCopy(
  source: Source,
  root: Descriptor,
  target: Source,
  call: Call,
  { referrers, foreignLayers, tags = [], standing: known, room }: PlanOptions = {},
): Promise<Plan> {
  const wanted = typeof referrers === 'function' ? referrers : () => referrers === true;
  const manifests = await gather(
    source,
    root,
    async (manifest) => {
      const links = manifest.links.filter(({ role }) => role === 'manifest').map(({ descriptor }) => descriptor);
      const attached = (referrers ?? false) === false ? [] : await attachedTo(source, manifest.descriptor, call);
      return { manifest, next: [...links, ...attached.filter(wanted)] };
    },
    call,
  );
  const parts = [...partsOf(manifests, foreignLayers)];
  const sent = { objects: 0, bytes: 0 };
  const reused = { objects: 0, bytes: 0 };
  const plan: Plan = { source: overlay(source, { manifests }), sent, reused };
  const count = (amount: typeof sent, { size }: Descriptor): void => {
    amount.objects++;
    amount.bytes += size;
  };
  if (room !== undefined && room >= parts.reduce((bytes, { descriptor }) => bytes + descriptor.size, 0)) {
    for (const { descriptor } of parts) count(sent, descriptor);
    return plan;
  }
  // A tag that is made of a digest has come along with what it hangs on.
  const names = (referrers ?? false) === false ? tags : tags.filter((tag) => !isDigestTag(tag));
  const named = await Promise.all(
    names.map(async (tag) => (known?.has(tag) ? known.get(tag) : target.resolve(tag, call))),
  );
  const isNamed = named.every((one) => one?.digest === root.digest);
  const standing = mapLimited(parts, CONCURRENCY, async ({ descriptor, isManifest }) => {
    const found = await (isManifest ? target.resolve(descriptor.digest, call) : target.stat(descriptor.digest, call));
    const isSent = found === undefined || (descriptor.digest === root.digest && !isNamed);
    count(isSent ? sent : reused, descriptor);
  });
  for await (const _ of standing);
  return plan;
}

/** What names it as its subject, and what cosign keeps under tags of its digest. */
async function attachedTo(source: Source, subject: Descriptor, call: Call): Promise<Descriptor[]> {
  const tagged = await Promise.all(DIGEST_TAG_KINDS.map((kind) => digestTagged(source, subject.digest, kind, call)));
  const named = tagged.flatMap((one) => (one?.manifest === undefined ? [] : [one.descriptor]));
  return [...(await collect(source.referrers(subject, call))), ...named];
}

/** A manifest, and those that come with it. */
interface Gathered {
  readonly manifest: Manifest;
  readonly next: readonly Descriptor[];
}

/** Every manifest under the root once, level by level. */
async function gather(
  source: Source,
  root: Descriptor,
  look: (manifest: Manifest) => Promise<Gathered>,
  call: Call,
): Promise<readonly Manifest[]> {
  const found = new Map<string, Manifest>();
  let level: readonly Descriptor[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH || found.size > MAX_MANIFESTS)
      throw new OciError('LIMIT', `${root.digest} holds too many manifests`);
    const fresh = [
      ...new Map(level.filter(({ digest }) => !found.has(digest)).map((one) => [one.digest, one])).values(),
    ];
    const read = async (one: Descriptor): Promise<Gathered> => look(await source.manifest(one, call));
    const gathered = await collect(mapLimited(fresh, CONCURRENCY, read));
    for (const { manifest } of gathered) found.set(manifest.descriptor.digest, manifest);
    level = gathered.flatMap(({ next }) => next);
  }
  return [...found.values()];
}

function* partsOf(
  manifests: readonly Manifest[],
  foreignLayers: boolean = false,
): Generator<{ descriptor: Descriptor; isManifest: boolean }> {
  const seen = new Set<string>();
  for (const { descriptor, links } of manifests) {
    yield { descriptor, isManifest: true };
    for (const link of links) {
      const isBlob = link.role !== 'manifest' && (foreignLayers || !isForeign(link));
      if (!isBlob || seen.has(link.descriptor.digest)) continue;
      seen.add(link.descriptor.digest);
      yield { descriptor: link.descriptor, isManifest: false };
    }
  }
}
