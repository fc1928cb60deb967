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
import { type TagDigest, tagDigests } from './tag-digests.ts';
import { DEFAULT_BOUNDS } from './tasks.ts';
import { isUnreadable } from './unreadable.ts';

export interface PlanOptions extends Call {
  /** Requests at a time; 16 unless told. */
  readonly concurrency?: number | undefined;
}

/** A manifest that is to go, and the tags that go with it. */
export interface PlannedDeletion {
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** The indexes that list it and what it is attached to, as far as they are to go, too: while one of them stays, it is needed. */
  readonly neededBy: readonly Digest[];
}

export interface DeletionPlan {
  /** In the order of the store. */
  readonly tags: readonly string[];
  /** One step after the other; within a step the order is free. */
  readonly steps: readonly (readonly PlannedDeletion[])[];
}

/** A repository that nobody knows holds nothing. @throws OciError `UNAUTHORIZED`, `DENIED`, and whatever the store throws */
export async function planDeletion(source: Source, options: PlanOptions = {}): Promise<DeletionPlan> {
  const { concurrency = DEFAULT_BOUNDS.calls, signal, on } = options;
  const reading: Reading = { source, concurrency, call: { signal, on } };
  const tagged = await tagsOf(reading);
  const parts = await partsOf(reading, tagged);
  const names = new Map<Digest, string[]>();
  for (const { tag, descriptor } of tagged) {
    const others = names.get(descriptor.digest);
    if (others === undefined) names.set(descriptor.digest, [tag]);
    else others.push(tag);
  }
  const planned = ({ descriptor: { digest }, listedBy, attachedTo }: Part): PlannedDeletion => ({
    digest,
    tags: names.get(digest) ?? [],
    neededBy: [...new Set([...listedBy, ...attachedTo])],
  });
  return { tags: tagged.map(({ tag }) => tag), steps: inSteps(parts).map((step) => step.map(planned)) };
}

interface Reading {
  readonly source: Source;
  readonly concurrency: number;
  readonly call: Call;
}

/** A manifest, and those that have to go before it. */
interface Part {
  readonly descriptor: Descriptor;
  readonly listedBy: Set<Digest>;
  readonly attachedTo: Set<Digest>;
}

type Parts = ReadonlyMap<Digest, Part>;

async function tagsOf({ source, concurrency, call }: Reading): Promise<readonly TagDigest[]> {
  try {
    return await collect(tagDigests(source, { ...call, concurrency }));
  } catch (error) {
    if (isOciError(error, 'NOT_FOUND')) return [];
    throw error;
  }
}

/** What has a tag, what is below that and what is attached to it, however deep; each is looked into once. */
async function partsOf(reading: Reading, tagged: readonly TagDigest[]): Promise<Parts> {
  const parts = new Map<Digest, Part>();
  let level: Descriptor[] = [];
  const partOf = (descriptor: Descriptor): Part => {
    const known = parts.get(descriptor.digest);
    if (known !== undefined) return known;
    const part: Part = { descriptor, listedBy: new Set(), attachedTo: new Set() };
    parts.set(descriptor.digest, part);
    level.push(descriptor);
    return part;
  };
  for (const { descriptor } of tagged) partOf(descriptor);
  while (level.length > 0) {
    const looks = mapLimited(level, reading.concurrency, (one) => lookInto(reading, one));
    level = [];
    for await (const { digest, listed, attached } of looks) {
      for (const one of listed) partOf(one).listedBy.add(digest);
      for (const one of attached) partOf(one).attachedTo.add(digest);
    }
  }
  for (const { tag, descriptor } of tagged) {
    const subject = subjectNamedBy(tag);
    if (subject !== undefined && parts.has(subject)) partOf(descriptor).attachedTo.add(subject);
  }
  return parts;
}

/** The tags of cosign's signatures (`sha256-<hex>.sig`), and of the lists of referrers of registries that keep none, name their subject. */
function subjectNamedBy(tag: string): Digest | undefined {
  const hex = /^sha256-([0-9a-f]{64})(?:\.|$)/.exec(tag)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

interface Look {
  readonly digest: Digest;
  readonly listed: readonly Descriptor[];
  readonly attached: readonly Descriptor[];
}

async function lookInto(reading: Reading, descriptor: Descriptor): Promise<Look> {
  const { source, call } = reading;
  const listed = await childrenOf(reading, descriptor);
  return { digest: descriptor.digest, listed, attached: await collect(source.referrers(descriptor, call)) };
}

/** The manifests that an index lists. What is damaged can be deleted all the same. */
async function childrenOf({ source, call }: Reading, descriptor: Descriptor): Promise<readonly Descriptor[]> {
  if (!isIndexType(descriptor.mediaType)) return [];
  try {
    const { links } = await source.manifest(descriptor, call);
    return links.filter(({ role }) => role === 'manifest').map((link) => link.descriptor);
  } catch (error) {
    if (isUnreadable(error)) return [];
    throw error;
  }
}

/** Each after all that has to go before it. An index may be attached to an image that it lists: that it lists it weighs more. */
function inSteps(parts: Parts): readonly (readonly Part[])[] {
  const steps: (readonly Part[])[] = [];
  const left = new Map(parts);
  const isGone = (digest: Digest): boolean => !left.has(digest);
  while (left.size > 0) {
    const rest = [...left.values()];
    const unlisted = rest.filter(({ listedBy }) => [...listedBy].every(isGone));
    const free = unlisted.filter(({ attachedTo }) => [...attachedTo].every(isGone));
    const step = [free, unlisted, rest].find((some) => some.length > 0) ?? [];
    for (const { descriptor } of step) left.delete(descriptor.digest);
    steps.push(step);
  }
  return steps;
}
