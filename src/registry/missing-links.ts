/** Which of the things that a manifest refers to a repository has not got. */
import type { Call } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';
import type { Link, Manifest } from '../model/manifest.ts';
import { isForeign } from '../store/links.ts';
import { atOnce } from './at-once.ts';
import { headManifest } from './resolve.ts';
import type { Place } from './session.ts';
import { blobIsThere } from './stat.ts';

const CONCURRENCY = 6;
/** An index may have thousands. */
const MAX_LINKS = 500;

/** Asked after a refusal, so that the error can tell all of them, and not only the first. */
export async function missingLinks(place: Place, manifest: Manifest, call: Call): Promise<readonly Digest[]> {
  const links = manifest.links.filter((link) => !isForeign(link)).slice(0, MAX_LINKS);
  const there = await atOnce(CONCURRENCY, links, (link) => isThere(place, link, call));
  const missing = links.filter((_, at) => there[at] === false).map(({ descriptor }) => descriptor.digest);
  return [...new Set(missing)];
}

async function isThere(place: Place, { role, descriptor }: Link, call: Call): Promise<boolean> {
  if (role !== 'manifest') return blobIsThere(place, descriptor, call);
  return (await headManifest(place, descriptor.digest, call, 'push')) !== undefined;
}
