/** The images that an index stands for. */
import { OciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Manifest } from '../model/manifest.ts';
import { isIndexType } from '../model/media-types.ts';
import type { Source } from '../store/types.ts';
import { MAX_DEPTH } from './copy.ts';
import { MAX_MANIFESTS } from './walk.ts';

/**
 * The entries of an index that are images, in its order, those of indexes in it included. Attestations are none.
 * Nothing but indexes is read.
 * @throws OciError `NOT_FOUND`, `LIMIT`
 */
export async function* imageEntries(source: Source, index: Manifest, call: Call = {}): AsyncGenerator<Descriptor> {
  let images = 0;
  for await (const entry of entriesBelow(source, index, call, new Set([index.descriptor.digest]), 1)) {
    if (++images > MAX_MANIFESTS) throw tooMany(index);
    yield entry;
  }
}

async function* entriesBelow(
  source: Source,
  index: Manifest,
  call: Call,
  seen: Set<string>,
  depth: number,
): AsyncGenerator<Descriptor> {
  for (const { role, descriptor } of index.links) {
    const { digest, mediaType } = descriptor;
    if (role !== 'manifest' || isAttestation(descriptor) || seen.has(digest)) continue;
    if (!isIndexType(mediaType)) {
      yield descriptor;
      continue;
    }
    if (depth > MAX_DEPTH) throw new OciError('LIMIT', `${digest} is nested deeper than ${MAX_DEPTH} indexes`);
    if (seen.add(digest).size > MAX_MANIFESTS) throw tooMany(index);
    yield* entriesBelow(source, await source.manifest(descriptor, call), call, seen, depth + 1);
  }
}

function tooMany({ descriptor }: Manifest): OciError {
  return new OciError('LIMIT', `${descriptor.digest} holds more than ${MAX_MANIFESTS} manifests`);
}

/** The image that an entry is about: BuildKit lists what it attests of an image beside it. */
export function attestedDigest({ annotations }: Descriptor): string | undefined {
  return annotations?.['vnd.docker.reference.digest'];
}

/** BuildKit lists provenance and SBOMs beside the images, as of the platform unknown/unknown. */
function isAttestation({ platform, annotations }: Descriptor): boolean {
  return platform?.os === 'unknown' || annotations?.['vnd.docker.reference.type'] !== undefined;
}
