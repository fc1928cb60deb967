/** Everything on an image that may be a signature or an attestation. That it hangs there proves nothing: anybody who may push can have put it. */
import { lookups, type Found, MAX_LISTED } from '../../image/attached/attached-lookup.ts';
import { attestedBy, leavesOf } from '../../image/index/entries.ts';
import { collect, mapLimited } from '../../graph/collect.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { Source } from '../../store/types.ts';
import { reasonOf } from './refusal.ts';
import { SIMPLE_SIGNING } from './simple-signing.ts';

/** How it is written: cosign's signatures, envelopes (DSSE), sigstore's bundles. */
export type SignedFormat = 'simple-signing' | 'envelope' | 'bundle';

/** A layer that claims to be one. */
export interface Candidate {
  readonly format: SignedFormat;
  readonly layer: Descriptor;
  /** The manifest that it stands in, and how that was found. */
  readonly found: Found;
}

/** What could not be read. */
export interface Unread {
  readonly found: Found;
  readonly reason: string;
}

export interface Candidates {
  readonly candidates: readonly Candidate[];
  readonly unread: readonly Unread[];
  /** There are more than are looked at. */
  readonly isCut: boolean;
}

/** What one verification looks at, at most. */
const MAX_MANIFESTS = 500;
const MAX_CANDIDATES = 500;
const MAX_BYTES = 256 * 1024 * 1024;

/** The image that is verified, with the index that it was taken from: who signs an index signs all that it lists. */
export type Subjects = readonly [image: Manifest, ...index: readonly Manifest[]];

/** @param from where it is kept */
export async function findCandidates(
  source: Source,
  subjects: Subjects,
  from: Source,
  formats: readonly SignedFormat[],
  { concurrency, ...call }: Call & { readonly concurrency: number },
): Promise<Candidates> {
  const attestations = await attestationsOf(source, subjects, call);
  const looks = subjects.flatMap(({ descriptor }, at) =>
    lookups({ descriptor, attestations: at === 0 ? attestations : [] }),
  );
  const found = (await collect(mapLimited(looks, concurrency, (look) => look(from, call)))).flat();
  const isListCut = found.length >= MAX_LISTED;
  const signed = distinct(found).filter(looksSigned);
  const read = await collect(
    mapLimited(signed.slice(0, MAX_MANIFESTS), concurrency, (one) => candidatesIn(from, one, formats, call)),
  );
  const all = read.flatMap((one) => ('reason' in one ? [] : one));
  const candidates = withinBounds(all);
  return {
    candidates,
    unread: read.flatMap((one) => ('reason' in one ? one : [])),
    isCut: isListCut || candidates.length < all.length || signed.length > MAX_MANIFESTS,
  };
}

/** What BuildKit keeps in the index about the image. */
async function attestationsOf(source: Source, [image, index]: Subjects, call: Call): Promise<readonly Descriptor[]> {
  if (index === undefined) return [];
  const leaves = await leavesOf(source, index, call);
  return leaves.flatMap(({ descriptor }) => (attestedBy(descriptor) === image.descriptor.digest ? [descriptor] : []));
}

function distinct(found: readonly Found[]): readonly Found[] {
  return [...new Map<Digest, Found>(found.map((one) => [one.descriptor.digest, one])).values()];
}

/** What says that it is something else is left; cosign 3 calls its bundles empty in some lists. */
function looksSigned({ descriptor: { artifactType: type } }: Found): boolean {
  return type === undefined || /sigstore|cosign|dsse|in-toto|\.empty\.|\.config\./.test(type);
}

async function candidatesIn(
  from: Source,
  found: Found,
  formats: readonly SignedFormat[],
  call: Call,
): Promise<readonly Candidate[] | Unread> {
  try {
    const manifest = found.manifest ?? (await from.manifest(found.descriptor, call));
    return manifest.links.flatMap(({ role, descriptor: layer }): Candidate[] => {
      const format = role === 'layer' ? formatOf(layer) : undefined;
      return format !== undefined && formats.includes(format) ? [{ format, layer, found }] : [];
    });
  } catch (error) {
    return { found, reason: reasonOf(error) };
  }
}

function formatOf({ mediaType }: Descriptor): SignedFormat | undefined {
  if (mediaType === SIMPLE_SIGNING) return 'simple-signing';
  if (mediaType.startsWith('application/vnd.dev.sigstore.bundle')) return 'bundle';
  return mediaType === 'application/vnd.dsse.envelope.v1+json' || mediaType.endsWith('+dsse') ? 'envelope' : undefined;
}

function withinBounds(all: readonly Candidate[]): readonly Candidate[] {
  let bytes = 0;
  return all.slice(0, MAX_CANDIDATES).filter(({ layer }) => {
    if (bytes + layer.size > MAX_BYTES) return false;
    bytes += layer.size;
    return true;
  });
}
