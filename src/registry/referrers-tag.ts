/**
 * Keeping up the fallback tag of a subject: read, change, write back, and look whether it stayed. Writers of this process
 * take turns; others are noticed by `If-Match` where the registry has ETags, else by a second look.
 */
import { isOciError, OciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Digest } from '../model/digest.ts';
import { type ImageIndex, isIndex, type Manifest } from '../model/manifest.ts';
import { OCI_INDEX } from '../model/media-types.ts';
import { manifestFromDocument } from '../store/content.ts';
import { pullManifest } from './manifest.ts';
import { referrersTag } from './referrers.ts';
import { headManifest } from './resolve.ts';
import { condition, sendManifest } from './send-manifest.ts';
import { type Kept, nameOf, type Place } from './session.ts';

const MAX_ATTEMPTS = 10;
/** Somebody else may take twice as long as we from reading the list to writing it: but no less than this, and no more. */
const SETTLE_MS = { least: 250, most: 2000 } as const;

type IndexManifest = Manifest & { readonly document: ImageIndex };

/**
 * Adds a manifest to the list of its subject. A moment later it has to be there still: who had read the list before it was added
 * writes it without, and does not notice. One call looks for all that this client has added meanwhile with the same signal.
 */
export async function addToReferrersTag(place: Place, subject: Digest, added: Descriptor, call: Call): Promise<void> {
  const { kept } = place.session;
  const list = listOf(place, subject);
  const tookMs = await changeReferrersTag(place, subject, call, adding([added]));
  if (tookMs === undefined) return;
  const all = kept.get(list) ?? new Set<Kept>();
  const other = [...all].find(({ signal }) => signal === call.signal);
  if (other !== undefined) return void other.entries.set(added.digest, added);
  const own: Kept = { signal: call.signal, entries: new Map([[added.digest, added]]) };
  kept.set(list, all.add(own));
  try {
    await keep(place, subject, own, Math.min(Math.max(2 * tookMs, SETTLE_MS.least), SETTLE_MS.most), call);
  } finally {
    all.delete(own);
    if (all.size === 0 && kept.get(list) === all) kept.delete(list);
  }
}

/** Looks until all is there, and nothing more has come. */
async function keep(place: Place, subject: Digest, own: Kept, settleMs: number, call: Call): Promise<void> {
  const { clock, kept } = place.session;
  const { entries } = own;
  for (let writes = 0; writes < MAX_ATTEMPTS; ) {
    const count = entries.size;
    // As much again at random: two that began together shall not keep step.
    await clock.wait(settleMs * (1 + Math.random()), call.signal);
    const tookMs = await changeReferrersTag(place, subject, call, adding([...entries.values()]));
    if (tookMs !== undefined) writes++;
    else if (entries.size === count) return void kept.get(listOf(place, subject))?.delete(own);
  }
  throw contended(place, subject);
}

function adding(added: readonly Descriptor[]): Change {
  return (entries) => {
    const known = new Set(entries.map(({ digest }) => digest));
    const missing = added.filter(({ digest }) => !known.has(digest));
    return missing.length === 0 ? undefined : [...entries, ...missing];
  };
}

/** Takes a manifest out of the list of its subject. */
export async function removeFromReferrersTag(
  place: Place,
  subject: Digest,
  removed: Digest,
  call: Call,
): Promise<void> {
  for (const { entries } of place.session.kept.get(listOf(place, subject)) ?? []) entries.delete(removed);
  await changeReferrersTag(place, subject, call, (entries) =>
    entries.some(({ digest }) => digest === removed) ? entries.filter(({ digest }) => digest !== removed) : undefined,
  );
}

/** undefined: it is as it should be. */
type Change = (entries: readonly Descriptor[]) => readonly Descriptor[] | undefined;

/** @returns how long it took from reading to having written, in milliseconds; undefined: there was nothing to change */
function changeReferrersTag(place: Place, subject: Digest, call: Call, change: Change): Promise<number | undefined> {
  const tag = referrersTag(subject);
  return place.session.exclusive(listOf(place, subject), async () => {
    const gone = new Set<string>();
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const startedMs = place.session.clock.now();
      const current = await currentIndex(place, tag, call);
      const entries = change(current?.document.manifests ?? []);
      if (entries === undefined) return undefined;
      const manifests = entries.filter(({ digest }) => !gone.has(digest));
      const next = manifestFromDocument({ ...(current?.document ?? emptyIndex), manifests });
      if (await replaced(place, tag, current, next, gone, call)) return place.session.clock.now() - startedMs;
      await place.session.clock.wait(Math.min(50 * 2 ** attempt, 1000) * (0.5 + Math.random()), call.signal);
    }
    throw contended(place, subject);
  });
}

function listOf(place: Place, subject: Digest): string {
  return `${nameOf(place)}:${referrersTag(subject)}`;
}

function contended(place: Place, subject: Digest): OciError {
  const problem = `others keep changing ${listOf(place, subject)}, the list of referrers of ${subject}`;
  return new OciError('CONFLICT', problem, { hint: 'try again; the manifest itself is there' });
}

const emptyIndex = { schemaVersion: 2, mediaType: OCI_INDEX };

async function currentIndex(place: Place, tag: string, call: Call): Promise<IndexManifest | undefined> {
  const current = await pullManifest(place, tag, call, 'push').catch((error: unknown) => {
    if (isOciError(error, 'NOT_FOUND')) return undefined;
    throw error;
  });
  if (current === undefined || isIndex(current)) return current;
  throw new OciError('CONFLICT', `${nameOf(place)}:${tag} should be a list of referrers, but is no index`, {
    hint: 'somebody uses that tag for something else: referrers cannot be listed before it is deleted',
  });
}

/** Writes the list. false: somebody else wrote it in between. That a registry sends ETags does not mean that it minds conditions. */
async function replaced(
  place: Place,
  tag: string,
  current: Manifest | undefined,
  next: Manifest,
  gone: Set<string>,
  call: Call,
): Promise<boolean> {
  const standing = current?.descriptor.digest;
  const headers = condition(current?.response && { response: current.response });
  try {
    await sendManifest(place, next, { reference: tag, standing, headers, ...call });
  } catch (error) {
    if (!isOciError(error, 'CONFLICT', 'MANIFEST_BLOB_UNKNOWN')) throw error;
    if (error.code === 'MANIFEST_BLOB_UNKNOWN' && error.digests.every((digest) => gone.has(digest))) throw error;
    // Some check that every entry exists, and somebody has deleted one without taking it out.
    error.digests.forEach((digest) => gone.add(digest));
    return false;
  }
  return (await headManifest(place, tag, call, 'push'))?.descriptor.digest === next.descriptor.digest;
}
