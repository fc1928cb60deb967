/** The settings and annotations of images, changed. How each is edited stands in files of its own. */
import { OciError } from '../../errors.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { ImageManifest } from '../../model/manifest.ts';
import type { Source } from '../../store/types.ts';
import { editAnnotations } from './annotation-edits.ts';
import { type Changed, changeImages, type ChangeOptions, type ImageChange, type ImageToChange } from './change.ts';
import { type ConfigEdits, editConfig } from './config-edits.ts';
import { annotateIndex } from '../index/edits.ts';
import type { MapEdits } from './map-edits.ts';
import { sharedAnnotations } from './shared-annotations.ts';

/** What is to become of an image: what is left out stays, null removes. */
export interface ImageEdits extends Omit<ConfigEdits, 'clear'> {
  /** Of the manifest of each image. */
  readonly annotations?: MapEdits | undefined;
  /** The labels of each image become annotations of its manifest, too; `annotations` has the last word. */
  readonly labelsToAnnotations?: boolean | undefined;
  /** Of the index itself, which the reference has to name. */
  readonly indexAnnotations?: MapEdits | undefined;
  /** What all images of the index then have for annotations, the index gets, too; `indexAnnotations` has the last word. */
  readonly promoteAnnotations?: boolean | undefined;
  /** What is emptied before it is edited: with new values beside it, these replace all that there were. */
  readonly clear?:
    | readonly (NonNullable<ConfigEdits['clear']>[number] | 'annotations' | 'indexAnnotations')[]
    | undefined;
}

/**
 * Changes the settings and annotations of an image, or of those of an index. Nothing is written: what comes of it is a source
 * to copy from. The same edits of the same image become the same digest, and edits that change nothing leave it its own.
 * @example
 * const { source, root } = await mutate(repository, 'latest', { env: { MODE: 'production', DEBUG: null } });
 * await copy(source, root, repository, { tags: ['production'] });
 * @throws OciError `USAGE` for names, ports and times that are none, for one platform of several images, and for annotations
 * of an index where there is none; `UNSUPPORTED` for annotations in docker's media types; and as {@link changeImages}
 */
export async function mutate(
  source: Source,
  reference: string | Descriptor,
  edits: ImageEdits,
  options: ChangeOptions = {},
): Promise<Changed> {
  const changed = await mutateImages(source, reference, edits, options);
  const annotations = await indexAnnotationsOf(changed, edits, options);
  const clearAnnotations = edits.clear?.includes('indexAnnotations') === true;
  if (annotations === undefined && !clearAnnotations) return changed;
  const { signal, on } = options;
  const index = await annotateIndex(changed.source, changed.root, { annotations, clearAnnotations }, { signal, on });
  return { ...changed, source: index.source, root: index.root };
}

async function indexAnnotationsOf(
  { source, root }: Changed,
  { promoteAnnotations, indexAnnotations }: ImageEdits,
  { signal, on, concurrency }: ChangeOptions,
): Promise<MapEdits | undefined> {
  if (promoteAnnotations !== true) return indexAnnotations;
  return { ...(await sharedAnnotations(source, root, { signal, on, concurrency })), ...indexAnnotations };
}

async function mutateImages(
  source: Source,
  reference: string | Descriptor,
  edits: ImageEdits,
  options: ChangeOptions,
): Promise<Changed> {
  if (!changesImages(edits)) {
    const { descriptor: root } = await source.manifest(reference, options);
    return { source, root, images: [], dropped: [] };
  }
  let images = 0;
  const changed = await changeImages(source, reference, options, (image) => {
    images++;
    return edited(image, edits);
  });
  // One of them may be for that platform already.
  if (edits.platform !== undefined && images > 1) {
    throw new OciError('USAGE', `${images} images cannot all be for the same platform`, {
      hint: 'choose one of them by its platform',
    });
  }
  return changed;
}

/** Do edits change images? An index of which only its own annotations change keeps them, and what is attested of them. */
export function changesImages(all: ImageEdits): boolean {
  const { indexAnnotations: _, promoteAnnotations: __, clear = [], ...edits } = all;
  return Object.values(edits).some((edit) => edit !== undefined) || clear.some((what) => what !== 'indexAnnotations');
}

function edited(image: ImageToChange, edits: ImageEdits): ImageChange {
  const clear = new Set(edits.clear);
  const clearsAnnotations = clear.delete('annotations');
  clear.delete('indexAnnotations');
  const config = editConfig(image, { ...edits, clear: [...clear] as ConfigEdits['clear'] });
  const annotations =
    edits.labelsToAnnotations === true ? { ...labelsOf(config), ...edits.annotations } : edits.annotations;
  const manifest: ImageManifest = editAnnotations(
    image.manifest,
    image.manifest.document,
    annotations,
    clearsAnnotations,
  );
  return { manifest, config };
}

function labelsOf(config: ImageChange['config']): MapEdits {
  return (config.config as { readonly Labels?: MapEdits } | undefined)?.Labels ?? {};
}
