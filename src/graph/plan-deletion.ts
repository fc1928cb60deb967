/**
 * What a repository holds, in the order in which it can be deleted: an index before its images (Google's registries refuse an image that
 * an index lists), and what is attached to something after it. Nothing but indexes is read.
 */
import { isOciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Digest } from '../model/digest.ts';
import { isIndexType } from '../model/media-types.ts';
import type { Source } from '../store/types.ts';
import { collect, mapLimited } from './collect.ts';
import { MAX_DEPTH } from './copy.ts';
import { type TagDigest, tagDigests } from './tag-digests.ts';

export interface PlanOptions extends Call {
  /** Requests at a time; 4 unless told. */
  readonly concurrency?: number | undefined;
}

/** A manifest that is to go, and the tags that go with it. */
export interface PlannedDeletion {
  readonly digest: Digest;
  readonly tags: readonly string[];
}

export interface DeletionPlan {
  /** In the order of the store. */
  readonly tags: readonly string[];
  /** One step after the other; within a step the order is free. */
  readonly steps: readonly (readonly PlannedDeletion[])[];
}

/** A repository that nobody knows holds nothing. @throws OciError `UNAUTHORIZED`, `DENIED`, and whatever the store throws */
export async function planDeletion(source: Source, options: PlanOptions = {}): Promise<DeletionPlan> {
  const { concurrency = 4, signal, on } = options;
  const reading: Reading = { source, concurrency, call: { signal, on }, known: new Set() };
  const tagged = await tagsOf(reading);
  const steps: Descriptor[][] = [];
  let roots = unique(tagged.map(({ descriptor }) => descriptor));
  for (let depth = 0; roots.length > 0 && depth <= MAX_DEPTH; depth++) {
    const levels = await levelsBelow(reading, roots);
    steps.push(...levels);
    roots = await attachedTo(reading, levels.flat());
  }
  const names = new Map<Digest, string[]>();
  for (const { tag, descriptor } of tagged)
    names.set(descriptor.digest, [...(names.get(descriptor.digest) ?? []), tag]);
  return {
    tags: tagged.map(({ tag }) => tag),
    steps: steps.map((step) => step.map(({ digest }) => ({ digest, tags: names.get(digest) ?? [] }))),
  };
}

interface Reading {
  readonly source: Source;
  readonly concurrency: number;
  readonly call: Call;
  /** What has its place in the plan. */
  readonly known: Set<Digest>;
}

async function tagsOf({ source, concurrency, call }: Reading): Promise<readonly TagDigest[]> {
  try {
    return await collect(tagDigests(source, { ...call, concurrency }));
  } catch (error) {
    if (isOciError(error, 'NOT_FOUND')) return [];
    throw error;
  }
}

/** Some manifests and all below them: each as deep as its deepest parent has it, so that none comes before an index that lists it. */
async function levelsBelow(reading: Reading, roots: readonly Descriptor[]): Promise<Descriptor[][]> {
  const depths = new Map<Digest, { readonly descriptor: Descriptor; readonly depth: number }>();
  const read = new Map<Digest, readonly Descriptor[]>();
  let level = roots;
  for (let depth = 0; level.length > 0 && depth <= MAX_DEPTH; depth++) {
    for (const descriptor of level) depths.set(descriptor.digest, { descriptor, depth });
    const children = mapLimited(level, reading.concurrency, async (descriptor) => {
      const entries = read.get(descriptor.digest) ?? (await childrenOf(reading, descriptor));
      read.set(descriptor.digest, entries);
      return entries;
    });
    level = unique((await collect(children)).flat()).filter(({ digest }) => !reading.known.has(digest));
  }
  const levels: Descriptor[][] = [];
  for (const { descriptor, depth } of depths.values()) {
    reading.known.add(descriptor.digest);
    (levels[depth] ??= []).push(descriptor);
  }
  // Where all have moved deeper there is a hole.
  return levels.filter((one) => one !== undefined);
}

/** The manifests that an index lists. What is damaged can be deleted all the same. */
async function childrenOf({ source, call }: Reading, descriptor: Descriptor): Promise<readonly Descriptor[]> {
  if (!isIndexType(descriptor.mediaType)) return [];
  try {
    const { links } = await source.manifest(descriptor, call);
    return links.filter(({ role }) => role === 'manifest').map((link) => link.descriptor);
  } catch (error) {
    if (isOciError(error, ...UNREADABLE)) return [];
    throw error;
  }
}

const UNREADABLE = [
  'NOT_FOUND',
  'MANIFEST_INVALID',
  'DESCRIPTOR_INVALID',
  'DIGEST_INVALID',
  'DIGEST_MISMATCH',
  'SIZE_MISMATCH',
  'TOO_LARGE',
  'LIMIT',
] as const;

async function attachedTo(reading: Reading, subjects: readonly Descriptor[]): Promise<readonly Descriptor[]> {
  const { source, concurrency, call, known } = reading;
  const found = await collect(mapLimited(subjects, concurrency, (one) => collect(source.referrers(one, call))));
  return unique(found.flat()).filter(({ digest }) => !known.has(digest));
}

function unique(descriptors: readonly Descriptor[]): readonly Descriptor[] {
  return [...new Map(descriptors.map((descriptor) => [descriptor.digest, descriptor])).values()];
}
