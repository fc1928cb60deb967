/**
 * Indexes (image-spec, "Image Index") made of images, and images added to them. Nothing is written: what comes of it is an
 * overlay, which a copy publishes. The images in an index are changed elsewhere.
 */
import type { Call } from '../../model/call.ts';
import { type Annotations, type Descriptor, plainDescriptor } from '../../model/descriptor.ts';
import { DOCKER_LIST, OCI_INDEX } from '../../model/media-types.ts';
import { normalizePlatform, type Platform } from '../../model/platform.ts';
import { manifestFromDocument } from '../../store/content.ts';
import { createMemoryStore } from '../../store/memory.ts';
import { overlay } from '../../store/overlay.ts';
import type { Source } from '../../store/types.ts';
import { type ChangedIndex, rebuilt, requireFamily } from './document.ts';
import { isFor, readIndex, withoutEntries } from './entries.ts';
import { type Gathered, gatherItems, type IndexItem } from './items.ts';
import { editMap } from '../change/map-edits.ts';

export type { ChangedIndex } from './document.ts';
export type { EntryChoice } from './entries.ts';
export type { IndexItem } from './items.ts';
export { annotateIndex, type EntryEdits, filterIndex, type IndexEdits, removeFromIndex } from './edits.ts';

export interface GatherOptions extends Call {
  /** Images read at a time; 4 unless told. */
  readonly concurrency?: number | undefined;
}

export interface CreateIndexOptions extends GatherOptions {
  /** The media types of the index; `oci` unless told. A docker list holds docker's images only. */
  readonly family?: 'oci' | 'docker' | undefined;
  readonly annotations?: Annotations | undefined;
  readonly artifactType?: string | undefined;
  /** What the index is attached to. */
  readonly subject?: Descriptor | undefined;
}

/**
 * Makes an index of images, which may come from several places: a copy takes each from its own. Without any it is empty.
 * @example
 * const { source, root } = await createIndex([{ source: builds, reference: 'amd64' }, { source: builds, reference: 'arm64' }]);
 * await copy(source, root, repository, { tags: ['1.0'] });
 * @throws OciError `UNSUPPORTED` for what a docker list cannot hold, `NOT_FOUND`, and whatever the sources throw
 */
export async function createIndex(
  items: readonly IndexItem[],
  options: CreateIndexOptions = {},
): Promise<ChangedIndex> {
  const { family = 'oci', annotations, artifactType, subject } = options;
  const gathered = await gather(items, options);
  const manifests = withEntries([], gathered.entries);
  const index = manifestFromDocument({
    schemaVersion: 2,
    mediaType: family === 'oci' ? OCI_INDEX : DOCKER_LIST,
    artifactType,
    manifests,
    subject: subject && plainDescriptor(subject),
    annotations: editMap({}, annotations),
  });
  requireFamily(index);
  const additions = { manifests: [index, ...gathered.manifests], blobs: gathered.blobs };
  const source = overlay(createMemoryStore(), additions);
  return { source, root: index.descriptor, added: manifests, removed: [] };
}

export interface AddOptions extends GatherOptions {
  /** Entries for the platforms of what is added go, with what is attested of them. */
  readonly replace?: boolean | undefined;
}

/**
 * Adds images to an index, after those that it has. One that stands there already, for the same platform, is not added again.
 * @throws OciError `USAGE` for what is no index, and as {@link createIndex}
 */
export async function addToIndex(
  source: Source,
  reference: string | Descriptor,
  items: readonly IndexItem[],
  options: AddOptions = {},
): Promise<ChangedIndex> {
  const { signal, on, replace } = options;
  const root = await readIndex(source, reference, { signal, on });
  const before = root.document.manifests;
  const { entries, manifests, blobs } = await gather(items, options);
  const platforms = entries.flatMap(({ platform }) => (platform ? [platform] : []));
  const isReplaced = (old: Descriptor): boolean =>
    platforms.some((platform) => isFor(old, platform)) && !entries.some((entry) => isSameEntry(old, entry));
  const left = replace === true ? withoutEntries(before, new Set(before.filter(isReplaced))) : before;
  const changed = rebuilt(source, root, { ...root.document, manifests: withEntries(left, entries) });
  return { ...changed, source: overlay(changed.source, { manifests, blobs }) };
}

function gather(items: readonly IndexItem[], { concurrency = 4, signal, on }: GatherOptions): Promise<Gathered> {
  return gatherItems(items, concurrency, { signal, on });
}

/** The entries, and those of the others that are not among them. */
function withEntries(entries: readonly Descriptor[], others: readonly Descriptor[]): readonly Descriptor[] {
  const all = [...entries];
  for (const other of others) if (!all.some((entry) => isSameEntry(entry, other))) all.push(other);
  return all;
}

/** One image may stand for several platforms. */
function isSameEntry(a: Descriptor, b: Descriptor): boolean {
  if (a.digest !== b.digest) return false;
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

function canonical({ platform }: Descriptor): Platform | undefined {
  return platform ? normalizePlatform(platform) : undefined;
}
