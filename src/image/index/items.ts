/**
 * What is to stand in an index: images and indexes of any sources become entries, and all that they consist of is made known,
 * each piece from its own source, for a copy to take along.
 */
import { OciError } from '../../errors.ts';
import type { Call } from '../../model/call.ts';
import type { Annotations, Descriptor } from '../../model/descriptor.ts';
import { type ImageManifest, isIndex, type Link, type Manifest } from '../../model/manifest.ts';
import { isImageConfigType } from '../../model/media-types.ts';
import { matchPlatform, type Platform } from '../../model/platform.ts';
import { collect, mapLimited } from '../../graph/collect.ts';
import { nameOf, platformOfImage, requirePlatform } from '../../graph/select.ts';
import { walk } from '../../graph/walk.ts';
import { overlay } from '../../store/overlay.ts';
import type { Content, Source } from '../../store/types.ts';
import { attestedBy, entriesFor, leavesOf } from './entries.ts';

/** An image or index that is to stand in an index. */
export interface IndexItem {
  readonly source: Source;
  readonly reference: string | Descriptor;
  /** Only these platforms of it, and what is attested of them. */
  readonly platforms?: readonly Platform[] | undefined;
  /** An index stands as one entry; unless told, the entries of it are taken, those of indexes in it, too. */
  readonly nested?: boolean | undefined;
  /** What a single image is for, in place of what its config says. */
  readonly platform?: Platform | undefined;
  /** Added to those of its entries. */
  readonly annotations?: Annotations | undefined;
}

/** What items come to. */
export interface Gathered {
  readonly entries: readonly Descriptor[];
  readonly manifests: readonly Manifest[];
  /** Lazy, and with the origin that they have: in the same registry they are mounted. */
  readonly blobs: readonly Content[];
}

/**
 * Reads the manifests of items, so many at a time. The platform of an entry is that of the index it comes from, or else what
 * the image's config says; none is made up.
 * @throws OciError `NOT_FOUND` when a platform is not there, `USAGE` for one platform of many images, and whatever the sources throw
 */
export async function gatherItems(items: readonly IndexItem[], concurrency: number, call: Call): Promise<Gathered> {
  const parts = await collect(mapLimited(items, concurrency, (item) => partsOf(item, call)));
  const gathered = await collect(mapLimited(parts.flat(), concurrency, (part) => gatherPart(part, call)));
  return {
    entries: gathered.flatMap(({ entries }) => entries),
    manifests: gathered.flatMap(({ manifests }) => manifests),
    blobs: gathered.flatMap(({ blobs }) => blobs),
  };
}

/** What becomes one entry. */
interface Part {
  readonly item: IndexItem;
  /** That of the item, with what has been read of it. */
  readonly source: Source;
  readonly link: Link;
}

async function partsOf(item: IndexItem, call: Call): Promise<readonly Part[]> {
  const { reference, platforms = [] } = item;
  const root = await item.source.manifest(reference, call);
  const source = overlay(item.source, { manifests: [root] });
  const name = nameOf(item.source, root, reference);
  if (!isIndex(root) || item.nested === true) {
    if (!isIndex(root)) await requireOne(source, root, platforms, name, call);
    const type = artifactTypeOf(root);
    const descriptor = { ...root.descriptor, ...(type === undefined ? {} : { artifactType: type }) };
    return [{ item, source, link: { role: 'manifest', descriptor } }];
  }
  if (item.platform !== undefined) {
    throw new OciError('USAGE', `${name} is an index: its images cannot all be for the same platform`);
  }
  const leaves = await leavesOf(source, root, call);
  const entries = leaves.map(({ descriptor }) => descriptor);
  const chosen = new Set(platforms.length === 0 ? entries : entriesFor(entries, platforms, name));
  return leaves.filter(({ descriptor }) => chosen.has(descriptor)).map((link) => ({ item, source, link }));
}

/** An image on its own is for one of the platforms that are wanted of all of them. */
async function requireOne(
  source: Source,
  image: Manifest,
  platforms: readonly Platform[],
  name: string,
  call: Call,
): Promise<void> {
  const [first] = platforms;
  if (first === undefined) return;
  const own = await platformOfImage(source, image, call);
  const fits = own === undefined || platforms.some((wanted) => matchPlatform([own], wanted, (one) => one));
  if (!fits) await requirePlatform(source, image, first, name, call);
}

async function gatherPart({ item, source, link }: Part, call: Call): Promise<Gathered> {
  const { role, descriptor } = link;
  // BuildKit's caches list bare layers.
  if (role !== 'manifest') return { entries: [descriptor], manifests: [], blobs: [source.blob(descriptor)] };
  const root = await source.manifest(descriptor, call);
  const manifests: Manifest[] = [];
  for await (const { manifest } of walk(overlay(source, { manifests: [root] }), descriptor, call))
    manifests.push(manifest);
  const blobs = manifests
    .flatMap(({ links }) => links)
    .flatMap((one) => (one.role === 'manifest' ? [] : [source.blob(one.descriptor)]));
  return { entries: [await entryOf(item, descriptor, root, call)], manifests, blobs };
}

/** The entry, with the platform that a reader of the index chooses by. */
async function entryOf(item: IndexItem, entry: Descriptor, manifest: Manifest, call: Call): Promise<Descriptor> {
  if (attestedBy(entry) !== undefined) return entry;
  const { source, annotations } = item;
  const platform = item.platform ?? entry.platform ?? (await platformOfImage(source, manifest, call));
  return {
    ...entry,
    ...(platform === undefined ? {} : { platform }),
    ...(annotations === undefined ? {} : { annotations: { ...entry.annotations, ...annotations } }),
  };
}

/** Of an image none: its media type tells. */
function artifactTypeOf(manifest: Manifest): string | undefined {
  const { artifactType } = manifest.document;
  if (artifactType || isIndex(manifest)) return artifactType || undefined;
  const { mediaType } = (manifest.document as ImageManifest).config;
  return isImageConfigType(mediaType) ? undefined : mediaType;
}
