/** The layers of an image, each with what it unpacks to and the step of the history that made it, and an image with other layers. */
import { OciError } from '../../errors.ts';
import { type Descriptor, isObject } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import type { HistoryEntry } from '../../model/image-config.ts';
import { isDockerType } from '../../model/manifest.ts';
import { quote } from '../../model/quote.ts';
import type { Content } from '../../store/types.ts';
import type { ImageChange, ImageToChange } from '../change/change.ts';
import { leadingTo } from '../change/change-image.ts';
import { formOf } from './form.ts';
import { type Family, layerTypeOf, requireForm, withoutByteAnnotations } from './types.ts';
import type { NewLayer } from './layer.ts';

/** A layer of an image. */
export interface ImageLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  /** What holds its bytes, where its source does not. */
  readonly content?: Content | undefined;
}

/** The media types that an image's documents are of. */
export function familyOf({ manifest }: ImageToChange): Family {
  return isDockerType(manifest.descriptor.mediaType) ? 'docker' : 'oci';
}

/**
 * The layers of an image, the lowest first.
 * @throws OciError `MANIFEST_INVALID` when manifest and config disagree about them, `UNSUPPORTED` for another kind of file system
 */
export function layersOf({ manifest, config }: Pick<ImageToChange, 'manifest' | 'config'>): readonly ImageLayer[] {
  const { digest } = manifest.descriptor;
  const { layers } = manifest.document;
  const { type = 'layers', diff_ids: diffIds = [] } = config.rootfs ?? {};
  if (type !== 'layers') throw new OciError('UNSUPPORTED', `${digest} has a file system of the type ${quote(type)}`);
  if (layers.length !== diffIds.length) {
    throw new OciError(
      'MANIFEST_INVALID',
      `${digest} has ${layers.length} layers, but its config lists ${diffIds.length} diff ids`,
    );
  }
  return layers.flatMap((descriptor, at) => {
    const diffId = diffIds[at];
    return diffId === undefined ? [] : [{ descriptor, diffId }];
  });
}

/**
 * A layer once it has been written anew, in the media types of its image. Wherever it was kept, now it stands beside its manifest.
 * @throws OciError `UNSUPPORTED` for zstd, and for layers with a table of contents, in docker's family
 */
export function replaced(layer: Descriptor, { content, diffId, compression }: NewLayer, family: Family): ImageLayer {
  const mediaType = layerTypeOf({ family, compression, isForeign: false }, layer);
  const descriptor = withoutByteAnnotations(leadingTo(layer, { ...content.descriptor, mediaType }));
  const { annotations } = content.descriptor;
  if (annotations === undefined) return { descriptor, diffId, content };
  requireForm(formOf(content.descriptor, compression), family, layer);
  return { descriptor: { ...descriptor, annotations: { ...descriptor.annotations, ...annotations } }, diffId, content };
}

/** The image with these layers, and with this history where one is given. */
export function withLayers(
  { manifest, configDocument }: ImageToChange,
  layers: readonly ImageLayer[],
  history?: readonly unknown[],
): ImageChange {
  const rootfs = isObject(configDocument.rootfs) ? configDocument.rootfs : undefined;
  const isBare = rootfs === undefined && layers.length === 0;
  const diffIds = layers.map(({ diffId }) => diffId);
  const config = isBare
    ? configDocument
    : { ...configDocument, rootfs: { type: 'layers', ...rootfs, diff_ids: diffIds } };
  return {
    manifest: { ...manifest.document, layers: layers.map(({ descriptor }) => descriptor) },
    config: history === undefined ? config : { ...config, history },
    blobs: layers.flatMap(({ content }) => content ?? []),
  };
}

/** A step of the history, and the layer that it made. */
export interface Step {
  /** As it stands in the config. */
  readonly document: unknown;
  readonly told: HistoryEntry;
  /** The position of its layer, the lowest 0; undefined: it made none. */
  readonly layer: number | undefined;
}

/** The history, the oldest step first. Steps are matched with layers by counting: what does not say that it made none made one. */
export function stepsOf({ config, configDocument }: Pick<ImageToChange, 'config' | 'configDocument'>): readonly Step[] {
  const { history = [] } = config;
  const documents = Array.isArray(configDocument.history) ? (configDocument.history as unknown[]) : [];
  let layer = 0;
  return history.map((told, at) => ({
    document: documents[at] ?? told,
    told,
    layer: told.empty_layer === true ? undefined : layer++,
  }));
}
