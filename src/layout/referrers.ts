/**
 * What is attached to a manifest: the entries of the index with that `subject`, and the list that clients without the
 * referrers API keep under the tag `sha256-<hex>` (distribution-spec, "Referrers Tag Schema").
 */
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, digestAlgorithm, digestHex } from '../model/digest.ts';
import { type FactsOf } from './manifests.ts';
import { entriesNamed } from './names.ts';

/** Each once, in the order of the index. */
export async function* referrersIn(
  { facts }: { readonly facts: FactsOf },
  entries: readonly Descriptor[],
  subject: Digest,
  options: Call,
): AsyncGenerator<Descriptor> {
  const seen = new Set<Digest>();
  for (const entry of [...entries, ...(await fallbackList(facts, entries, subject, options))]) {
    if (seen.has(entry.digest)) continue;
    seen.add(entry.digest);
    const known = await facts(entry, options);
    if (known?.subject === subject) yield known.referrer;
  }
}

async function fallbackList(
  facts: FactsOf,
  entries: readonly Descriptor[],
  subject: Digest,
  options: Call,
): Promise<readonly Descriptor[]> {
  const tag = `${digestAlgorithm(subject)}-${digestHex(subject)}`;
  const list = entriesNamed(entries, tag).at(-1);
  return list === undefined ? [] : ((await facts(list, options))?.children ?? []);
}
