/**
 * The mechanism of every change to images (layers added, settings changed, media types converted): each image that a
 * reference leads to is handed to a function, and what it answers becomes an overlay on the source, which a copy
 * publishes. What a change is, others decide.
 */
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { isIndex, type Manifest } from '../../model/manifest.ts';
import type { Platform } from '../../model/platform.ts';
import { entryFor, nameOf } from '../../graph/select.ts';
import { overlay } from '../../store/overlay.ts';
import type { Source } from '../../store/types.ts';
import {
  type Change,
  type ChangedImage,
  changeImage,
  type ChangeRun,
  type ImageToChange,
  noImage,
  readImage,
} from './change-image.ts';
import { changeIndex, type RebuiltIndex } from './change-index.ts';

export type { Change, ChangedImage, ImageChange, ImageToChange } from './change-image.ts';

export interface ChangeOptions extends Call {
  /**
   * Change the images of these platforms only, what else an index holds stays as it is; all of them unless told. An index may have
   * several for one, e.g. for versions of Windows: then each of those is changed.
   */
  readonly platforms?: readonly Platform[] | undefined;
  /** Images at a time; 4 unless told. */
  readonly concurrency?: number | undefined;
}

export interface Changed {
  /** The source, and everything new laid over it: `copy(source, root, target, { tags })` publishes it. */
  readonly source: Source;
  /** The changed image or index; what it was before where nothing has changed. */
  readonly root: Descriptor;
  readonly images: readonly ChangedImage[];
  /** Entries of indexes that were left out: what was attested of images that are there no longer. */
  readonly dropped: readonly Descriptor[];
}

/**
 * Changes an image, or those of an index, of nested ones, too. Nothing is written anywhere.
 *
 * An index keeps its media type, its fields and the entries that have not changed; of the others all but digest and size.
 * What BuildKit attests of an image that has changed (provenance, SBOMs: the entries whose annotation
 * `vnd.docker.reference.digest` names it) is left out, for it speaks of other content. Artifacts in an index are passed over.
 * @throws OciError `NOT_FOUND` when a platform is not there, `USAGE` when there is no image to change, `MANIFEST_INVALID`,
 * `LIMIT`, `VERSION_UNSUPPORTED` (schema 1), `UNSUPPORTED` for documents that cannot be written again as they are, and whatever the
 * source and the change throw
 */
export async function changeImages(
  source: Source,
  reference: string | Descriptor,
  options: ChangeOptions,
  change: Change,
): Promise<Changed> {
  const { platforms = [], concurrency = 4, signal, on } = options;
  const call: Call = { signal, on };
  const before = await source.manifest(reference, call);
  const run: ChangeRun = { source, name: nameOf(source, before, reference), change, platforms, concurrency, call };
  const { root, images, indexes, dropped } = await changeRoot(run, before);
  const manifests = [...images.map(({ manifest }) => manifest), ...indexes];
  const blobs = images.flatMap((image) => image.blobs);
  return {
    source: images.length === 0 ? source : overlay(source, { manifests, blobs }),
    root: root.descriptor,
    images: images.map(({ platform, from, to }) => ({ platform, from, to })),
    dropped,
  };
}

async function changeRoot(run: ChangeRun, root: Manifest): Promise<RebuiltIndex> {
  if (isIndex(root)) return changeIndex(run, root);
  const image = await readImage(run, root);
  if (image === undefined) throw noImage(root);
  requirePlatforms(run, image);
  const made = await changeImage(run, image);
  const images = made === undefined ? [] : [made];
  return { root: made?.manifest ?? root, images, indexes: [], dropped: [] };
}

/** An image that tells no platform is for any. */
function requirePlatforms({ platforms, name }: ChangeRun, { manifest, platform }: ImageToChange): void {
  if (platform === undefined) return;
  for (const wanted of platforms) entryFor([{ ...manifest.descriptor, platform }], wanted, name);
}
