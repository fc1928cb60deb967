/** What an index lists and says of itself, changed: entries removed, filtered, annotated. Nothing is written. */
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { type ImageIndex, isIndex, type Manifest } from '../../model/manifest.ts';
import { matchPlatform, type Platform } from '../../model/platform.ts';
import { nameOf, platformOfImage, requirePlatform } from '../../graph/select.ts';
import type { Source } from '../../store/types.ts';
import { editAnnotations } from '../change/annotation-edits.ts';
import { type ChangedIndex, rebuilt, without } from './document.ts';
import { chosenEntries, entriesFor, type EntryChoice, leavesOf, readIndex, withoutEntries } from './entries.ts';
import type { MapEdits } from '../change/map-edits.ts';

/**
 * Removes entries, and what is attested of images that are then gone.
 * @throws OciError `NOT_FOUND` when one is not there, `USAGE` for what is no index
 */
export async function removeFromIndex(
  source: Source,
  reference: string | Descriptor,
  choice: EntryChoice,
  options: Call = {},
): Promise<ChangedIndex> {
  const root = await readIndex(source, reference, options);
  const { manifests: entries } = root.document;
  const removed = chosenEntries(entries, choice, nameOf(source, root, reference));
  return rebuilt(source, root, { ...root.document, manifests: withoutEntries(entries, removed) });
}

/**
 * Keeps the entries for some platforms, and what is attested of them. Indexes in the index are taken apart where that leaves
 * something out. A single image that is for one of these platforms stays what it is: so a list of platforms serves for images of either
 * kind (crane's filter refuses single ones).
 * @throws OciError `NOT_FOUND` naming the platforms that there are
 */
export async function filterIndex(
  source: Source,
  reference: string | Descriptor,
  platforms: readonly Platform[],
  options: Call = {},
): Promise<ChangedIndex> {
  const root = await source.manifest(reference, options);
  const name = nameOf(source, root, reference);
  if (!isIndex(root)) return single(source, root, platforms, name, options);
  const entries = (await leavesOf(source, root, options)).map(({ descriptor }) => descriptor);
  const kept = entriesFor(entries, platforms, name);
  const manifests = kept.length === entries.length ? root.document.manifests : kept;
  const changed = rebuilt(source, root, { ...root.document, manifests });
  return { ...changed, added: [], removed: without(entries, kept) };
}

/** What is to become of an index and of its entries: what is left out stays, null removes. */
export interface IndexEdits {
  readonly annotations?: MapEdits | undefined;
  /** None of the annotations that there were are left. */
  readonly clearAnnotations?: boolean | undefined;
  readonly artifactType?: string | null | undefined;
  /** Annotations of the entries themselves. */
  readonly entries?: readonly EntryEdits[] | undefined;
}

export interface EntryEdits extends EntryChoice, Pick<IndexEdits, 'annotations' | 'clearAnnotations'> {}

/**
 * Changes what an index says of itself and of its entries.
 * @throws OciError `UNSUPPORTED` for docker's media types, `NOT_FOUND` when an entry is not there, `USAGE` for what is no index
 */
export async function annotateIndex(
  source: Source,
  reference: string | Descriptor,
  edits: IndexEdits,
  options: Call = {},
): Promise<ChangedIndex> {
  const root = await readIndex(source, reference, options);
  const name = nameOf(source, root, reference);
  const { manifests: before } = root.document;
  const manifests = (edits.entries ?? []).reduce<readonly Descriptor[]>((entries, edit) => {
    const chosen = chosenEntries(entries, edit, name);
    return entries.map((entry) =>
      chosen.has(entry) ? editAnnotations(root, entry, edit.annotations, edit.clearAnnotations) : entry,
    );
  }, before);
  const { artifactType = root.document.artifactType } = edits;
  const typed: ImageIndex = { ...root.document, artifactType: artifactType || undefined, manifests } as ImageIndex;
  const document = editAnnotations(root, typed, edits.annotations, edits.clearAnnotations);
  return { ...rebuilt(source, root, document), added: [], removed: [] };
}

async function single(
  source: Source,
  image: Manifest,
  platforms: readonly Platform[],
  name: string,
  call: Call,
): Promise<ChangedIndex> {
  const own = await platformOfImage(source, image, call);
  const isFor = platforms.some((wanted) => own === undefined || matchPlatform([own], wanted, (one) => one));
  if (!isFor) for (const wanted of platforms) await requirePlatform(source, image, wanted, name, call);
  return { source, root: image.descriptor, added: [], removed: [] };
}
