/** Layers added on top of images: the same layers on every image that is meant, in the media types of each. */
import { OciError } from '../../errors.ts';
import { type Annotations, type Descriptor, isObject } from '../../model/descriptor.ts';
import { type ImageManifest, isDockerType } from '../../model/manifest.ts';
import { quote } from '../../model/quote.ts';
import type { Source } from '../../store/types.ts';
import { type Changed, changeImages, type ChangeOptions, type ImageChange, type ImageToChange } from './change.ts';
import { layerType, type NewLayer } from '../layer/layer.ts';
import { BASE_DIGEST, BASE_NAME } from './rebase.ts';
import { checkTime } from '../time.ts';
import { windowsLayer } from '../layer/windows.ts';

export interface AppendOptions extends ChangeOptions {
  /** What the history says of how the layers were made; `lading append` unless told. */
  readonly createdBy?: string | undefined;
  /**
   * When, in RFC 3339: the time of the layers in the history, and of the image. Unless told, the image keeps its own time and
   * the layers get that, so that the same layers on the same image are the same bytes whenever it is done.
   */
  readonly created?: string | undefined;
  /** Added to those of each changed manifest. */
  readonly annotations?: Annotations | undefined;
  /**
   * Note in each changed manifest what it stands on (image-spec, "Annotations"): the digest of what the reference stands for, and this
   * name of it. So it can be rebased, and asked whether its base has moved on.
   */
  readonly baseName?: string | undefined;
}

/**
 * Adds layers to an image, or to those of an index, the lowest first. Nothing is written: what comes of it is a source
 * to copy from. The same image and layers become the same digests. Images for Windows get the layers in the form that Windows takes.
 * @example
 * const layer = await readLayer('mydata.tar.gz');
 * const { source, root } = await append(repository, 'latest', [layer]);
 * await copy(source, root, repository, { tags: ['with-mydata'] });
 * @throws OciError `USAGE` without layers, for a time that is none, and for what is no image; `UNSUPPORTED` for zstd and
 * annotations in an image of docker's media types; and as {@link changeImages}
 */
export async function append(
  source: Source,
  reference: string | Descriptor,
  layers: readonly NewLayer[],
  options: AppendOptions = {},
): Promise<Changed> {
  if (layers.length === 0) throw new OciError('USAGE', 'there is no layer to append');
  if (options.created !== undefined) checkTime(options.created);
  const { baseName, signal, on } = options;
  const base = baseName === undefined ? undefined : await source.manifest(reference, { signal, on });
  const noted = base && { [BASE_NAME]: baseName ?? '', [BASE_DIGEST]: base.descriptor.digest };
  const all = {
    ...options,
    annotations: noted === undefined ? options.annotations : { ...noted, ...options.annotations },
  };
  let forWindows: Promise<readonly NewLayer[]> | undefined;
  return changeImages(source, base?.descriptor ?? reference, options, async (image) => {
    if (image.platform?.os !== 'windows') return withLayers(image, layers, all);
    forWindows ??= Promise.all(layers.map((layer) => windowsLayer(layer, { signal })));
    return withLayers(image, await forWindows, all);
  });
}

function withLayers(image: ImageToChange, layers: readonly NewLayer[], options: AppendOptions): ImageChange {
  return {
    manifest: manifestWith(image, layers, options.annotations),
    config: configWith(image, layers, options),
    blobs: layers.map(({ content }) => content),
  };
}

function manifestWith(
  { manifest: { document, descriptor } }: ImageToChange,
  layers: readonly NewLayer[],
  annotations: Annotations | undefined,
): ImageManifest {
  const family = isDockerType(descriptor.mediaType) ? 'docker' : 'oci';
  const more = { ...document, layers: [...document.layers, ...layers.map((layer) => descriptorOf(layer, family))] };
  if (annotations === undefined) return more;
  if (family === 'docker') {
    throw new OciError('UNSUPPORTED', `${descriptor.digest} is of docker's media types, which have no annotations`);
  }
  return { ...more, annotations: { ...document.annotations, ...annotations } };
}

function descriptorOf({ content, compression }: NewLayer, family: 'oci' | 'docker'): Descriptor {
  const { digest, size, annotations } = content.descriptor;
  const mediaType = layerType(family, compression);
  if (mediaType === undefined) {
    throw new OciError(
      'UNSUPPORTED',
      `layer ${digest} is compressed with ${compression}, and docker's media types have none for that`,
      {
        hint: 'compress it with gzip, or append it as a plain tar archive',
      },
    );
  }
  return { mediaType, digest, size, ...(annotations === undefined ? {} : { annotations }) };
}

function configWith(
  image: ImageToChange,
  layers: readonly NewLayer[],
  { created, createdBy = 'lading append' }: AppendOptions,
): ImageChange['config'] {
  const { config, configDocument } = image;
  const time = created ?? config.created;
  const step = { ...(time === undefined ? {} : { created: time }), created_by: createdBy };
  return {
    ...configDocument,
    ...(created === undefined ? {} : { created }),
    rootfs: rootFsWith(image, layers),
    history: [...historyOf(image), ...layers.map(() => step)],
  };
}

function rootFsWith({ manifest, config, configDocument }: ImageToChange, layers: readonly NewLayer[]): object {
  const { type = 'layers', diff_ids: known = [] } = config.rootfs ?? {};
  const { digest } = manifest.descriptor;
  const { length } = manifest.document.layers;
  if (type !== 'layers') throw new OciError('UNSUPPORTED', `${digest} has a file system of the type ${quote(type)}`);
  if (length !== known.length) {
    throw new OciError(
      'MANIFEST_INVALID',
      `${digest} has ${length} layers, but its config lists ${known.length} diff ids`,
    );
  }
  const rootfs = isObject(configDocument.rootfs) ? configDocument.rootfs : { type };
  return { ...rootfs, diff_ids: [...known, ...layers.map(({ diffId }) => diffId)] };
}

/** The steps so far. Readers match them with the layers by counting, so layers without a step get an empty one. */
function historyOf({ manifest, config, configDocument }: ImageToChange): readonly unknown[] {
  const steps = Array.isArray(configDocument.history) ? (configDocument.history as unknown[]) : [];
  const told = (config.history ?? []).filter(({ empty_layer: isEmpty }) => isEmpty !== true).length;
  const untold = Math.max(0, manifest.document.layers.length - told);
  return [...steps, ...Array.from({ length: untold }, () => ({}))];
}
