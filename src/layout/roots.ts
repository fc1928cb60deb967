/**
 * Which entries `index.json` has: one a tag, and one without a name for each manifest that has no tag and that nothing else
 * in the list contains. A manifest that is attached to another (`subject`) keeps its entry: nothing else leads to it.
 */
import type { Call } from '../model/call.ts';
import type { Annotations, Descriptor } from '../model/descriptor.ts';
import type { Digest } from '../model/digest.ts';
import type { Manifest } from '../model/manifest.ts';
import { isIndexType } from '../model/media-types.ts';
import { referrerDescriptor } from '../store/referrer.ts';
import { type FactsOf, factsOf } from './manifests.ts';
import { nameOf, REF_NAME, unnamed } from './names.ts';

type Entries = readonly Descriptor[];

/** The entries once a manifest has been put under these names, or under none. The same list: nothing changes. */
export async function withManifest(
  entries: Entries,
  manifest: Manifest,
  tags: readonly string[],
  facts: FactsOf,
  options: Call,
): Promise<Entries> {
  const tagged = tags.reduce((list, tag) => withTag(list, entryFor(manifest, tag), tag), entries);
  const kept = tagged === entries ? tagged : [...tagged, ...(await attachedAmong(entries, tagged, facts, options))];
  const isRoot = !lists(kept, manifest.descriptor) && (await isLoose(kept, manifest, facts, options));
  const listed = isRoot ? [...kept, entryFor(manifest)] : kept;
  const pruned = await withoutNeedless(listed, manifest, facts, options);
  return pruned.length === listed.length ? listed : pruned;
}

function lists(entries: Entries, { digest }: Descriptor): boolean {
  return entries.some((entry) => entry.digest === digest);
}

/** Does nothing in the list lead to it? */
async function isLoose(entries: Entries, manifest: Manifest, facts: FactsOf, options: Call): Promise<boolean> {
  if (manifest.subject !== undefined) return true;
  return !(await contained(entries, facts, options)).has(manifest.descriptor.digest);
}

/** What was listed before and is no longer, but is attached to something: it stays, without a name. */
async function attachedAmong(before: Entries, after: Entries, facts: FactsOf, options: Call): Promise<Descriptor[]> {
  const listed = new Set(after.map(({ digest }) => digest));
  const found: Descriptor[] = [];
  for (const entry of before) {
    if (!listed.has(entry.digest) && (await isAttached(entry, facts, options))) found.push(unnamed(entry));
  }
  return found;
}

/** The tag's entry stays in its place; what it named before loses this name, as everywhere in the world of layouts. */
function withTag(entries: Entries, entry: Descriptor, tag: string): Entries {
  const named = entries.filter(({ annotations }) => annotations?.[REF_NAME] === tag);
  if (named.length === 1 && named[0]?.digest === entry.digest) return entries;
  const place = named[0];
  if (place === undefined) return [...entries, entry];
  return entries.flatMap((other) => (other === place ? [entry] : named.includes(other) ? [] : [other]));
}

function entryFor(manifest: Manifest, tag?: string): Descriptor {
  const { descriptor } = manifest;
  const plain = manifest.subject === undefined ? descriptor : unnamed(referrerDescriptor(manifest));
  if (tag === undefined) return plain;
  const annotations: Annotations = { ...plain.annotations, [REF_NAME]: tag };
  return { ...plain, annotations };
}

/** Drops entries without a name that the manifest makes needless: its own when it has a name, and those of what it contains. */
async function withoutNeedless(entries: Entries, manifest: Manifest, facts: FactsOf, options: Call): Promise<Entries> {
  const { digest } = manifest.descriptor;
  const hasName = entries.some((entry) => entry.digest === digest && nameOf(entry) !== undefined);
  const inside = await descendants(factsOf(manifest).children, facts, options);
  const kept: Descriptor[] = [];
  for (const entry of entries) {
    const isNeedless = nameOf(entry) === undefined && (entry.digest === digest ? hasName : inside.has(entry.digest));
    const goes = isNeedless && (entry.digest === digest || !(await isAttached(entry, facts, options)));
    if (!goes) kept.push(entry);
  }
  return kept;
}

async function isAttached(entry: Descriptor, facts: FactsOf, options: Call): Promise<boolean> {
  return (await facts(entry, options))?.subject !== undefined;
}

/** The entries once some have lost their name: a manifest that nothing else leads to stays, without one. */
export async function withoutNames(entries: Entries, named: Entries, facts: FactsOf, options: Call): Promise<Entries> {
  const left = entries.filter((entry) => !named.includes(entry));
  const reached = await contained(left, facts, options);
  const result: Descriptor[] = [];
  for (const entry of entries) {
    if (!named.includes(entry)) result.push(entry);
    else if (lists(left, entry) || lists(result, entry)) continue;
    else if (!reached.has(entry.digest) || (await isAttached(entry, facts, options))) result.push(unnamed(entry));
  }
  return result;
}

/** Everything that the listed manifests contain, but not themselves. */
async function contained(entries: Entries, facts: FactsOf, options: Call): Promise<Set<Digest>> {
  const inside = new Set<Digest>();
  for (const entry of entries) {
    const children = await childrenOf(entry, facts, options);
    for (const digest of await descendants(children, facts, options)) inside.add(digest);
  }
  return inside;
}

/** Manifests and all the manifests below them; each is looked into once, so that cycles end. */
async function descendants(manifests: Entries, facts: FactsOf, options: Call): Promise<Set<Digest>> {
  const seen = new Set<Digest>();
  const left = [...manifests];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (seen.has(next.digest)) continue;
    seen.add(next.digest);
    left.push(...(await childrenOf(next, facts, options)));
  }
  return seen;
}

/** Only an index has any: the many manifests of a large layout need not be opened. */
async function childrenOf(descriptor: Descriptor, facts: FactsOf, options: Call): Promise<Entries> {
  return isIndexType(descriptor.mediaType) ? ((await facts(descriptor, options))?.children ?? []) : [];
}
