/** An image with one layer, which unpacks to what all of its layers do: what they hide from each other is gone. */
import { OciError } from '../errors.ts';
import { createHasher, hashing } from '../bytes/hash.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Source } from '../store/types.ts';
import type { ImageChange, ImageToChange } from './change.ts';
import { type ChangedLayers, changeLayers, type ChangeLayersOptions, type LayerWork } from './change-layers.ts';
import { compressLayer } from './compress-layer.ts';
import { exportTar } from './files/export.ts';
import { openFileSystem } from './files/file-system.ts';
import { familyOf, layersOf, withLayers } from './image-layers.ts';
import { layerTypeOf } from './layer-types.ts';
import type { Relayered } from './relayer.ts';
import { checkTime } from './time.ts';

export interface FlattenOptions extends ChangeLayersOptions {
  /** What the history says of how the layer was made; `lading flatten` unless told. */
  readonly createdBy?: string | undefined;
  /** When, in RFC 3339: the time of the layer in the history, and of the image. Unless told, the image keeps its own, and the layer gets it. */
  readonly created?: string | undefined;
}

/**
 * Makes one layer of all, compressed with gzip unless told. Of the history one step is left; everything else in the config stays.
 * Nothing is published: what comes of it is a source to copy from. The same image becomes the same digest.
 * @example
 * const { source, root, close } = await flatten(repository, 'latest', { spool: spoolToDisk() });
 * try {
 *   await copy(source, root, repository, { tags: ['flat'] });
 * } finally {
 *   await close();
 * }
 * @throws OciError `UNSUPPORTED` for images for Windows, whose layers are no plain files, for writing zstd before Node.js 22.15 and for
 * zstd in docker's media types; `LAYOUT_INVALID`, `DIGEST_MISMATCH`, `TOO_LARGE`, `LIMIT`; and as `changeImages`
 */
export async function flatten(
  source: Source,
  reference: string | Descriptor,
  options: FlattenOptions = {},
): Promise<ChangedLayers> {
  if (options.created !== undefined) checkTime(options.created);
  return changeLayers(source, reference, { ...options, compression: options.compression ?? 'gzip' }, (image, work) =>
    flattened(source, image, work, options),
  );
}

async function flattened(
  source: Source,
  image: ImageToChange,
  work: LayerWork,
  options: FlattenOptions,
): Promise<ImageChange | undefined> {
  const { digest } = image.manifest.descriptor;
  if (image.config.os === 'windows') {
    throw new OciError('UNSUPPORTED', `${digest} is for Windows: its layers cannot become one`);
  }
  const stack = layersOf(image).map(({ descriptor }) => descriptor.digest);
  if (stack.length === 0) return undefined;
  const { content, diffId, compression } = await work.once(stack.join(), () => oneLayer(source, image, work, options));
  const mediaType = layerTypeOf({ family: familyOf(image), compression, isForeign: false }, content.descriptor);
  const { created = image.config.created, createdBy = 'lading flatten' } = options;
  const step = { ...(created === undefined ? {} : { created }), created_by: createdBy };
  const layer = { descriptor: { ...content.descriptor, mediaType }, diffId, content };
  const change = withLayers(image, [layer], [step]);
  return options.created === undefined ? change : { ...change, config: { ...change.config, created: options.created } };
}

async function oneLayer(
  source: Source,
  { manifest }: ImageToChange,
  { spool, call }: LayerWork,
  { compression = 'gzip', level }: FlattenOptions,
): Promise<Relayered> {
  const files = openFileSystem(source, manifest, { spool });
  try {
    const hasher = createHasher('sha256');
    const archive = hashing(exportTar(files, call), hasher);
    const mediaType = layerTypeOf({ family: 'oci', compression, isForeign: false }, manifest.descriptor);
    const packed = compressLayer(archive, compression, level);
    const kept = await spool(packed, { mediaType, signal: call.signal });
    const { content } = kept;
    return { content, diffId: hasher.digest(), compression, isChanged: true, close: () => kept.close() };
  } finally {
    await files.close();
  }
}
