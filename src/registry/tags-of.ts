/** The tags that stand for a digest: asked only where a registry makes us, for it means to ask for each tag. */
import type { Call } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';
import { atOnce } from './at-once.ts';
import { listTags } from './list.ts';
import { headManifest } from './resolve.ts';
import type { Place } from './session.ts';

const CONCURRENCY = 6;
/** Tags that are looked at. */
const MAX_TAGS = 2000;

export async function tagsOf(place: Place, digest: Digest, call: Call): Promise<readonly string[]> {
  const tags: string[] = [];
  for await (const tag of listTags(place, call)) if (tags.push(tag) >= MAX_TAGS) break;
  const heads = await atOnce(CONCURRENCY, tags, (tag) => headManifest(place, tag, call, 'push'));
  return tags.filter((_, at) => heads[at]?.descriptor.digest === digest);
}
