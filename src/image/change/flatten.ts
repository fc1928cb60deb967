/** An image with one layer, which unpacks to what all of its layers do: what they hide from each other is gone. */
import { OciError } from '../../errors.ts';
import { type Descriptor, plainDescriptor } from '../../model/descriptor.ts';
import type { Source } from '../../store/types.ts';
import type { ImageChange, ImageToChange } from './change.ts';
import { type ChangedLayers, changeLayers, type ChangeLayersOptions, type LayerWork } from './change-layers.ts';
import { exportTar } from '../files/export.ts';
import { openFileSystem } from '../files/file-system.ts';
import { familyOf, layersOf, replaced, withLayers } from '../layer/image-layers.ts';
import { formOf } from '../layer/form.ts';
import { layerKind, requireForm } from '../layer/types.ts';
import { type PackedLayer, packLayer } from '../layer/pack.ts';
import { checkTime } from '../time.ts';

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
  requireForm(options.compression ?? 'gzip', familyOf(image), image.manifest.descriptor);
  const packed = await work.once(stack.join(), () => oneLayer(source, image, work, options));
  const { created = image.config.created, createdBy = 'lading flatten' } = options;
  const step = { ...(created === undefined ? {} : { created }), created_by: createdBy };
  const layer = replaced(plainDescriptor(packed.content.descriptor), packed, familyOf(image));
  const change = withLayers(image, [layer], [step]);
  return options.created === undefined ? change : { ...change, config: { ...change.config, created: options.created } };
}

async function oneLayer(
  source: Source,
  { manifest }: ImageToChange,
  { spool, call }: LayerWork,
  { compression = 'gzip', level }: FlattenOptions,
): Promise<PackedLayer> {
  // All of it is needed, and the archives tell more than their tables of contents do.
  const files = openFileSystem(source, manifest, { spool, whole: true });
  const forms = manifest.document.layers.map((layer) =>
    formOf(layer, layerKind(layer.mediaType)?.compression ?? 'none'),
  );
  const before = forms.find((form) => form === 'estargz');
  try {
    const options = { form: compression, before, level, spool, signal: call.signal, layer: manifest.descriptor };
    return await packLayer(exportTar(files, call), options);
  } finally {
    await files.close();
  }
}
