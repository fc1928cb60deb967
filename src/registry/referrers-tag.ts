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

const MAX_ATTEMPTS = 5;

type IndexManifest = Manifest & { readonly document: ImageIndex };

/** Adds a manifest to the list of its subject. */
export function addToReferrersTag(place: Place, subject: Digest, added: Descriptor, call: Call): Promise<void> {
  return changeReferrersTag(place, subject, call, (entries) =>
    entries.some(({ digest }) => digest === added.digest) ? undefined : [...entries, added],
  );
}

/** Takes a manifest out of the list of its subject. */
export function removeFromReferrersTag(place: Place, subject: Digest, removed: Digest, call: Call): Promise<void> {
  return changeReferrersTag(place, subject, call, (entries) =>
    entries.some(({ digest }) => digest === removed) ? entries.filter(({ digest }) => digest !== removed) : undefined,
  );
}

/** undefined: it is as it should be. */
type Change = (entries: readonly Descriptor[]) => readonly Descriptor[] | undefined;

function changeReferrersTag(place: Place, subject: Digest, call: Call, change: Change): Promise<void> {
  const tag = referrersTag(subject);
  return place.session.exclusive(`${nameOf(place)}:${tag}`, async () => {
    const gone = new Set<string>();
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const current = await currentIndex(place, tag, call);
      const entries = change(current?.document.manifests ?? []);
      if (entries === undefined) return;
      const manifests = entries.filter(({ digest }) => !gone.has(digest));
      const next = manifestFromDocument({ ...(current?.document ?? emptyIndex), manifests });
      if (await replaced(place, tag, current, next, gone, call)) return;
      await place.session.clock.wait(50 * 2 ** attempt, call.signal);
    }
    throw new OciError(
      'CONFLICT',
      `others keep changing ${nameOf(place)}:${tag}, the list of referrers of ${subject}`,
      {
        hint: 'try again; the manifest itself is there',
      },
    );
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
