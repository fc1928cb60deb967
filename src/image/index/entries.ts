/** The entries of an index: which are meant by a platform or digest, and which attest something of others. */
import { OciError } from '../../errors.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import { type ImageIndex, isIndex, type Link, type Manifest } from '../../model/manifest.ts';
import { isIndexType } from '../../model/media-types.ts';
import { formatPlatform, matchPlatform, normalizePlatform, type Platform } from '../../model/platform.ts';
import { MAX_DEPTH } from '../../graph/copy.ts';
import { entryFor, nameOf } from '../../graph/select.ts';
import type { Source } from '../../store/types.ts';

export type Index = Manifest & { readonly document: ImageIndex };

/** @throws OciError `USAGE` for what is no index */
export async function readIndex(source: Source, reference: string | Descriptor, call: Call): Promise<Index> {
  const manifest = await source.manifest(reference, call);
  if (isIndex(manifest)) return manifest;
  throw new OciError('USAGE', `${nameOf(source, manifest, reference)} is a single image, not an index`, {
    hint: 'an index is made of images first',
  });
}

/**
 * What an index lists, with that of the indexes in it in their place, of each once.
 * @throws OciError `LIMIT`, and whatever the source throws
 */
export function leavesOf(source: Source, index: Manifest, call: Call): Promise<readonly Link[]> {
  return leavesBelow(source, index, call, { depth: 1, seen: new Set([index.descriptor.digest]) });
}

async function leavesBelow(
  source: Source,
  { links }: Manifest,
  call: Call,
  { depth, seen }: { readonly depth: number; readonly seen: Set<Digest> },
): Promise<readonly Link[]> {
  const leaves: Link[] = [];
  for (const link of links) {
    const { digest, mediaType } = link.descriptor;
    if (link.role !== 'manifest' || !isIndexType(mediaType)) {
      leaves.push(link);
      continue;
    }
    if (seen.has(digest)) continue;
    if (depth > MAX_DEPTH || seen.add(digest).size > MAX_INDEXES) {
      throw new OciError('LIMIT', `${digest} is nested too deep, or in too many indexes`);
    }
    const nested = await source.manifest(link.descriptor, call);
    leaves.push(...(await leavesBelow(source, nested, call, { depth: depth + 1, seen })));
  }
  return leaves;
}

const MAX_INDEXES = 1000;

/** The image that an entry attests something of; BuildKit lists provenance and SBOMs beside the images. */
export function attestedBy({ annotations }: Descriptor): string | undefined {
  return annotations?.['vnd.docker.reference.digest'];
}

/**
 * The entries for platforms, and what is attested of them, in their order. An index may have several for one: for versions of
 * Windows, in compressions of different kinds. All of those are meant.
 * @throws OciError `NOT_FOUND` naming the platforms that there are
 */
export function entriesFor(
  entries: readonly Descriptor[],
  platforms: readonly Platform[],
  name: string,
): readonly Descriptor[] {
  const images = entries.filter((entry) => attestedBy(entry) === undefined && entry.platform?.os !== 'unknown');
  return withAttestations(entries, new Set(platforms.flatMap((platform) => imagesFor(images, platform, name))));
}

/**
 * The images for a platform among the images of an index: all that are for the one that fits best.
 * @throws OciError `NOT_FOUND` naming the platforms that there are
 */
export function imagesFor(images: readonly Descriptor[], platform: Platform, name: string): readonly Descriptor[] {
  const { platform: best } = entryFor(images, platform, name);
  return images.filter((image) => isOf(image, best ?? platform) && fits(image, platform));
}

/** Some entries of an index. */
export interface EntryChoice {
  readonly digests?: readonly Digest[] | undefined;
  /** Exactly these; a version of the system counts where one is told. */
  readonly platforms?: readonly Platform[] | undefined;
}

/** The entries that are meant. @throws OciError `NOT_FOUND` when one is not there */
export function chosenEntries(
  entries: readonly Descriptor[],
  { digests = [], platforms = [] }: EntryChoice,
  name: string,
): ReadonlySet<Descriptor> {
  const byDigest = digests.flatMap((digest) =>
    required(
      entries.filter((entry) => entry.digest === digest),
      `${digest} is not in ${name}`,
    ),
  );
  const byPlatform = platforms.flatMap((platform) => {
    const found = entries.filter((entry) => isFor(entry, platform));
    return required(found, `there is no ${formatPlatform(platform)} in ${name}`);
  });
  return new Set([...byDigest, ...byPlatform]);
}

function required(found: readonly Descriptor[], problem: string): readonly Descriptor[] {
  if (found.length > 0) return found;
  throw new OciError('NOT_FOUND', problem, { hint: 'its entries are what "lading index list" shows' });
}

/** Of all entries the chosen ones, and what is attested of them. */
export function withAttestations(
  entries: readonly Descriptor[],
  chosen: ReadonlySet<Descriptor>,
): readonly Descriptor[] {
  const digests = new Set<string>(Array.from(chosen, ({ digest }) => digest));
  return entries.filter((entry) => chosen.has(entry) || digests.has(attestedBy(entry) ?? ''));
}

/** The entries without some, and without what is attested of images that are then gone. */
export function withoutEntries(
  entries: readonly Descriptor[],
  removed: ReadonlySet<Descriptor>,
): readonly Descriptor[] {
  const left = entries.filter((entry) => !removed.has(entry));
  const standing = new Set<string>(left.map(({ digest }) => digest));
  const gone = new Set<string>(Array.from(removed, ({ digest }) => digest).filter((digest) => !standing.has(digest)));
  return left.filter((entry) => !gone.has(attestedBy(entry) ?? ''));
}

/** Is an entry for exactly this platform? Versions and features of the system count where they are told. */
export function isFor(entry: Descriptor, platform: Platform): boolean {
  return isOf(entry, platform) && fits(entry, platform);
}

/** System, architecture and variant are the same, in whatever form they are written. */
function isOf({ platform }: Descriptor, wanted: Platform): boolean {
  if (!platform) return false;
  const [a, b] = [normalizePlatform(platform), normalizePlatform(wanted)];
  return a.os === b.os && a.architecture === b.architecture && a.variant === b.variant;
}

function fits(entry: Descriptor, platform: Platform): boolean {
  return matchPlatform([entry], platform, (one) => one.platform) !== undefined;
}
