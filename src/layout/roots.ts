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
  const { digest } = manifest.descriptor;
  const tagged = tags.reduce((list, tag) => withTag(list, entryFor(manifest, tag), tag), entries);
  const isListed = tagged.some((entry) => entry.digest === digest);
  const isRoot =
    !isListed && (manifest.subject !== undefined || !(await contained(tagged, facts, options)).has(digest));
  const listed = isRoot ? [...tagged, entryFor(manifest)] : tagged;
  const pruned = await withoutNeedless(listed, manifest, facts, options);
  return pruned.length === listed.length ? listed : pruned;
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
    const isNeedless = entry.digest === digest ? hasName : inside.has(entry.digest);
    if (nameOf(entry) === undefined && isNeedless && !(await isAttached(entry, digest, facts, options))) continue;
    kept.push(entry);
  }
  return kept;
}

async function isAttached(entry: Descriptor, own: Digest, facts: FactsOf, options: Call): Promise<boolean> {
  return entry.digest !== own && (await facts(entry, options))?.subject !== undefined;
}

/** The entries once some have lost their name: a manifest that nothing else leads to stays, without one. */
export async function withoutNames(entries: Entries, named: Entries, facts: FactsOf, options: Call): Promise<Entries> {
  const others = entries.filter((entry) => !named.includes(entry));
  const reached = await contained(others, facts, options);
  const isKept = (entry: Descriptor, at: number): boolean =>
    !reached.has(entry.digest) &&
    !others.some(({ digest }) => digest === entry.digest) &&
    named.findIndex(({ digest }) => digest === entry.digest) === at;
  return entries.flatMap((entry) => {
    const at = named.indexOf(entry);
    if (at === -1) return [entry];
    return isKept(entry, at) ? [unnamed(entry)] : [];
  });
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
