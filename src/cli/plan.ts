/** What a copy would send, found out without sending anything. */
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { walk } from '../graph/walk.ts';
import type { Source } from '../store/types.ts';
import { isForeign } from '../store/links.ts';
import { mapLimited } from './collect.ts';

export interface Plan {
  readonly sent: { readonly objects: number; readonly bytes: number };
  readonly reused: { readonly objects: number; readonly bytes: number };
}

/** Asks the target for every manifest and blob under the root, each once. */
export async function planCopy(source: Source, root: Descriptor, target: Source, call: Call): Promise<Plan> {
  const sent = { objects: 0, bytes: 0 };
  const reused = { objects: 0, bytes: 0 };
  for await (const { descriptor, exists } of mapLimited(parts(source, root, call), 6, async (part) => {
    const standing = part.isManifest
      ? target.resolve(part.descriptor.digest, call)
      : target.stat(part.descriptor.digest, call);
    return { descriptor: part.descriptor, exists: (await standing) !== undefined };
  })) {
    const count = exists ? reused : sent;
    count.objects++;
    count.bytes += descriptor.size;
  }
  return { sent, reused };
}

async function* parts(
  source: Source,
  root: Descriptor,
  call: Call,
): AsyncGenerator<{ descriptor: Descriptor; isManifest: boolean }> {
  const seen = new Set<string>();
  for await (const { manifest } of walk(source, root, call)) {
    yield { descriptor: manifest.descriptor, isManifest: true };
    for (const link of manifest.links) {
      const { digest } = link.descriptor;
      if (link.role === 'manifest' || isForeign(link) || seen.has(digest)) continue;
      seen.add(digest);
      yield { descriptor: link.descriptor, isManifest: false };
    }
  }
}
