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
import { nameOf, type Place } from './session.ts';

const MAX_ATTEMPTS = 10;
/** Somebody else takes about as long as we from reading the list to writing it: but no less than this, and no more. */
const SETTLE_MS = { least: 50, most: 2000 } as const;

type IndexManifest = Manifest & { readonly document: ImageIndex };

/**
 * Adds a manifest to the list of its subject. A moment later it has to be there still: who had read the list before it was added
 * writes it without, and does not notice.
 */
export async function addToReferrersTag(place: Place, subject: Digest, added: Descriptor, call: Call): Promise<void> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const tookMs = await changeReferrersTag(place, subject, call, (entries) =>
      entries.some(({ digest }) => digest === added.digest) ? undefined : [...entries, added],
    );
    if (tookMs === undefined) return;
    const settleMs = Math.min(Math.max(tookMs, SETTLE_MS.least), SETTLE_MS.most);
    // As much again at random: two that began together shall not keep step.
    await place.session.clock.wait(settleMs * (1 + Math.random()), call.signal);
  }
  throw contended(place, subject);
}

/** Takes a manifest out of the list of its subject. */
export async function removeFromReferrersTag(
  place: Place,
  subject: Digest,
  removed: Digest,
  call: Call,
): Promise<void> {
  await changeReferrersTag(place, subject, call, (entries) =>
    entries.some(({ digest }) => digest === removed) ? entries.filter(({ digest }) => digest !== removed) : undefined,
  );
}

/** undefined: it is as it should be. */
type Change = (entries: readonly Descriptor[]) => readonly Descriptor[] | undefined;

/** @returns how long it took from reading to having written, in milliseconds; undefined: there was nothing to change */
function changeReferrersTag(place: Place, subject: Digest, call: Call, change: Change): Promise<number | undefined> {
  const tag = referrersTag(subject);
  return place.session.exclusive(`${nameOf(place)}:${tag}`, async () => {
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

function contended(place: Place, subject: Digest): OciError {
  const list = `${nameOf(place)}:${referrersTag(subject)}`;
  return new OciError('CONFLICT', `others keep changing ${list}, the list of referrers of ${subject}`, {
    hint: 'try again; the manifest itself is there',
  });
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
