/** Which of the things that a manifest refers to a repository has not got. */
import pLimit from 'p-limit';
import type { Call } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';
import type { Link, Manifest } from '../model/manifest.ts';
import { isForeign } from '../store/links.ts';
import { headManifest } from './resolve.ts';
import type { Place } from './session.ts';
import { blobIsThere } from './stat.ts';

const CONCURRENCY = 6;

/** Asked after a refusal, so that the error can tell all of them, and not only the first. */
export async function missingLinks(place: Place, manifest: Manifest, call: Call): Promise<readonly Digest[]> {
  const limit = pLimit(CONCURRENCY);
  const there = await Promise.all(
    manifest.links.map((link) => limit(async () => isForeign(link) || (await isThere(place, link, call)))),
  );
  const missing = manifest.links.filter((_, at) => there[at] === false).map(({ descriptor }) => descriptor.digest);
  return [...new Set(missing)];
}

async function isThere(place: Place, { role, descriptor }: Link, call: Call): Promise<boolean> {
  if (role !== 'manifest') return blobIsThere(place, descriptor, call);
  return (await headManifest(place, descriptor.digest, call, 'push')) !== undefined;
}
