/** The tags that stand for a digest: asked only where a registry makes us, for it means to ask for each tag. */
import pLimit from 'p-limit';
import type { Call } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';
import { listTags } from './list.ts';
import { headManifest } from './resolve.ts';
import type { Place } from './session.ts';

const CONCURRENCY = 6;
/** Tags that are looked at. */
const MAX_TAGS = 2000;

export async function tagsOf(place: Place, digest: Digest, call: Call): Promise<readonly string[]> {
  const limit = pLimit(CONCURRENCY);
  const looking: Promise<string | undefined>[] = [];
  for await (const tag of listTags(place, call)) {
    looking.push(
      limit(async () => {
        const head = await headManifest(place, tag, call, 'push');
        return head?.descriptor.digest === digest ? tag : undefined;
      }),
    );
    if (looking.length >= MAX_TAGS) break;
  }
  const found = await Promise.all(looking);
  return found.filter((tag) => tag !== undefined);
}
