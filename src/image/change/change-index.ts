/** Changing the images of an index: the indexes below it are read, the images in them changed, and the indexes made anew. */
import { OciError } from '../../errors.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import { type ImageIndex, isIndex, type Manifest } from '../../model/manifest.ts';
import { isIndexType } from '../../model/media-types.ts';
import { collect, mapLimited } from '../../graph/collect.ts';
import { MAX_DEPTH } from '../../graph/copy.ts';
import { attestedDigest, imageEntries } from '../../graph/entries.ts';
import { MAX_MANIFESTS } from '../../graph/walk.ts';
import { overlay } from '../../store/overlay.ts';
import { changeImage, type ChangeRun, leadingTo, type Made, manifestOf, noImage, readImage } from './change-image.ts';
import { imagesFor } from '../index/entries.ts';

type Index = Manifest & { readonly document: ImageIndex };
type Indexes = ReadonlyMap<Digest, Index>;

/** What became of an index. */
export interface RebuiltIndex {
  readonly root: Manifest;
  readonly images: readonly Made[];
  /** The indexes as they are now, the root among them. */
  readonly indexes: readonly Manifest[];
  /** Entries that were left out. */
  readonly dropped: readonly Descriptor[];
}

/** Changes those images of an index that are wanted. */
export async function changeIndex(run: ChangeRun, root: Index): Promise<RebuiltIndex> {
  const indexes = await indexesUnder(run, root);
  const known = overlay(run.source, { manifests: [...indexes.values()] });
  const entries = await collect(imageEntries(known, root, run.call));
  const { platforms, name } = run;
  const chosen = platforms.length === 0 ? entries : platforms.flatMap((platform) => imagesFor(entries, platform, name));
  const made = await changeEntries(run, root, chosen);
  const all: Rebuilding = { indexes, made, chosen: new Set(chosen), rebuilt: new Map(), dropped: [] };
  return {
    root: rebuild(root, all),
    images: [...made.values()],
    indexes: [...all.rebuilt.values()],
    dropped: all.dropped,
  };
}

/** The root and every index below it, by digest. */
async function indexesUnder({ source, call, concurrency }: ChangeRun, root: Index): Promise<Indexes> {
  const found = new Map<Digest, Index>([[root.descriptor.digest, root]]);
  let level: readonly Index[] = [root];
  for (let depth = 1; level.length > 0; depth++) {
    const links = level.flatMap((index) => index.links).map(({ descriptor }) => descriptor);
    const nested = distinct(links.filter(({ mediaType, digest }) => isIndexType(mediaType) && !found.has(digest)));
    if (nested.length > 0 && (depth > MAX_DEPTH || found.size + nested.length > MAX_MANIFESTS)) {
      throw new OciError('LIMIT', `${root.descriptor.digest} holds too many indexes, or nests them too deep`);
    }
    const manifests = await collect(mapLimited(nested, concurrency, (one) => source.manifest(one, call)));
    level = manifests.filter(isIndex);
    for (const index of level) found.set(index.descriptor.digest, index);
  }
  return found;
}

/** Changes the images behind entries, each manifest once. Where all are meant, what is no image is passed over. */
async function changeEntries(
  run: ChangeRun,
  root: Index,
  chosen: readonly Descriptor[],
): Promise<ReadonlyMap<Digest, Made>> {
  const made = new Map<Digest, Made>();
  let images = 0;
  const results = mapLimited(distinct(chosen), run.concurrency, async (entry) => {
    const manifest = await run.source.manifest(entry, run.call);
    const image = await readImage(run, manifest, entry.platform ?? undefined);
    if (image === undefined && run.platforms.length > 0) throw noImage(manifest);
    if (image === undefined) return undefined;
    images++;
    return changeImage(run, image);
  });
  for await (const one of results) if (one !== undefined) made.set(one.from.digest, one);
  if (images === 0) throw noImage(root);
  return made;
}

interface Rebuilding {
  readonly indexes: Indexes;
  readonly made: ReadonlyMap<Digest, Made>;
  /** The very objects that stand in the indexes: another entry may lead to the same image, and not be meant. */
  readonly chosen: ReadonlySet<Descriptor>;
  /** What indexes have become so far, by their old digests. */
  readonly rebuilt: Map<Digest, Manifest>;
  readonly dropped: Descriptor[];
}

/** The index, its entries led to what has become of them. */
function rebuild(index: Index, all: Rebuilding): Manifest {
  const { digest } = index.descriptor;
  const known = all.rebuilt.get(digest);
  if (known !== undefined) return known;
  const { manifests: entries } = index.document;
  const followed = entries.map((entry) => follow(entry, all));
  const isChanged = followed.some((entry, at) => entry !== entries[at]);
  const document: ImageIndex = { ...index.document, manifests: withoutStale(entries, followed, all) };
  const manifest = isChanged ? manifestOf(document, index) : index;
  all.rebuilt.set(digest, manifest);
  return manifest;
}

function follow(entry: Descriptor, all: Rebuilding): Descriptor {
  const nested = all.indexes.get(entry.digest);
  const image = all.chosen.has(entry) ? all.made.get(entry.digest) : undefined;
  const next = nested === undefined ? image?.to : rebuild(nested, all).descriptor;
  if (next === undefined || next.digest === entry.digest) return entry;
  const platform = image?.newPlatform;
  return { ...leadingTo(entry, next), ...(platform === undefined ? {} : { platform }) };
}

/** Leaves out what is attested of images that are there no longer. */
function withoutStale(
  before: readonly Descriptor[],
  after: readonly Descriptor[],
  { dropped }: Rebuilding,
): readonly Descriptor[] {
  const left = new Set(after.map(({ digest }) => digest));
  const gone = new Set<string>(before.map(({ digest }) => digest).filter((digest) => !left.has(digest)));
  const isStale = (entry: Descriptor): boolean => gone.has(attestedDigest(entry) ?? '');
  dropped.push(...after.filter(isStale));
  return after.filter((entry) => !isStale(entry));
}

/** Each digest once. */
function distinct(descriptors: readonly Descriptor[]): readonly Descriptor[] {
  const seen = new Set<Digest>();
  return descriptors.filter(({ digest }) => seen.size < seen.add(digest).size);
}
