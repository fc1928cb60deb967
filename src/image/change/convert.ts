/**
 * Images in the other family of media types, with their layers compressed otherwise: what is so already stays byte for byte. What an
 * image unpacks to never changes.
 */
import { OciError } from '../../errors.ts';
import type { Call } from '../../model/call.ts';
import type { Annotations, Descriptor } from '../../model/descriptor.ts';
import { type ImageManifest, isIndex } from '../../model/manifest.ts';
import { DOCKER_CONFIG, DOCKER_MANIFEST, OCI_CONFIG, OCI_MANIFEST } from '../../model/media-types.ts';
import { isForeign } from '../../store/links.ts';
import type { Source } from '../../store/types.ts';
import type { ImageChange, ImageToChange } from './change.ts';
import { type ChangedLayers, changeLayers, type ChangeLayersOptions, type LayerWork } from './change-layers.ts';
import { convertIndex, inMediaType } from './convert-index.ts';
import { familyOf, type ImageLayer, layersOf, replaced, withLayers } from '../layer/image-layers.ts';
import { formOf } from '../layer/form.ts';
import { type Family, inFamily, layerKind, layerTypeOf, requireForm } from '../layer/types.ts';
import { recompress } from '../layer/recompress.ts';

export interface ConvertOptions extends ChangeLayersOptions {
  /** The media types of manifests, indexes, configs and layers; unless told, each image keeps its own. */
  readonly family?: Family | undefined;
  /** Compress those layers anew, too, that are so compressed already. */
  readonly force?: boolean | undefined;
  /** Layers that are kept elsewhere become ordinary ones: they lose their `urls`, and a copy takes them along. */
  readonly removeUrls?: boolean | undefined;
}

export interface Converted extends ChangedLayers {
  /** The names of annotations that were left out, because docker's documents have no place for them. */
  readonly lostAnnotations: readonly string[];
}

const types = {
  oci: { manifest: OCI_MANIFEST, config: OCI_CONFIG },
  docker: { manifest: DOCKER_MANIFEST, config: DOCKER_CONFIG },
} as const;

interface Conversion {
  readonly source: Source;
  readonly options: ConvertOptions;
  readonly work: LayerWork;
  readonly lost: Set<string>;
}

/**
 * Converts an image, or those of an index, and the index with them, unless only some platforms are meant. Nothing is published: what
 * comes of it is a source to copy from. Layers that are kept elsewhere keep their bytes.
 *
 * Into docker's media types, annotations are left out and told, and so is what BuildKit attests. What is attached to something
 * (`subject`), and layers that no type of docker's fits, are refused.
 * @example
 * const { source, root, close } = await convert(repository, '1', { family: 'docker', compression: 'gzip', spool: spoolToDisk() });
 * try {
 *   await copy(source, root, repository, { tags: ['1-docker'] });
 * } finally {
 *   await close();
 * }
 * @throws OciError `UNSUPPORTED` for what docker's media types have no place for, and for writing zstd before Node.js 22.15;
 * `USAGE` for a level that there is not, and for one, or `force`, without a compression; `DIGEST_MISMATCH`, `LAYOUT_INVALID`, `TOO_LARGE`; and as `changeImages`
 */
export async function convert(
  source: Source,
  reference: string | Descriptor,
  options: ConvertOptions = {},
): Promise<Converted> {
  requireCompression(options);
  const lost = new Set<string>();
  const changed = await changeLayers(source, reference, options, (image, work) =>
    converted(image, { source, options, work, lost }),
  );
  try {
    return await withIndex(changed, options, lost);
  } catch (error) {
    await changed.close();
    throw error;
  }
}

/** What only goes with a compression is not passed over without one. */
function requireCompression({ compression, level, force }: ConvertOptions): void {
  if (compression !== undefined || (level === undefined && force !== true)) return;
  throw new OciError('USAGE', 'it is not said how the layers are to be compressed', {
    hint: 'a level, and compressing anew, go with a compression (--compression)',
  });
}

async function withIndex(changed: ChangedLayers, options: ConvertOptions, lost: Set<string>): Promise<Converted> {
  const { family, platforms = [], signal, on } = options;
  const call: Call = { signal, on };
  const root = await changed.source.manifest(changed.root, call);
  if (family === undefined || platforms.length > 0 || !isIndex(root)) return { ...changed, lostAnnotations: [...lost] };
  const index = await convertIndex(changed, root, family, call);
  for (const name of index.lostAnnotations) lost.add(name);
  const dropped = [...changed.dropped, ...index.dropped];
  return { ...changed, source: index.source, root: index.root, dropped, lostAnnotations: [...lost] };
}

async function converted(image: ImageToChange, conversion: Conversion): Promise<ImageChange> {
  const family = conversion.options.family ?? familyOf(image);
  if (family === 'docker') requireConvertible(image);
  const layers = await Promise.all(layersOf(image).map((layer) => convertedLayer(layer, family, conversion)));
  const next = withLayers(image, layers);
  return { ...next, manifest: manifestIn(next.manifest, image, family, conversion.lost) };
}

function requireConvertible({ manifest: { descriptor, document } }: ImageToChange): void {
  const { subject, artifactType } = document;
  if (subject === undefined && artifactType === undefined) return;
  const what = subject === undefined ? `an artifact type, ${artifactType}` : `a subject, ${subject.digest}`;
  throw new OciError('UNSUPPORTED', `docker's manifests have no place for what ${descriptor.digest} has: ${what}`);
}

async function convertedLayer(
  layer: ImageLayer,
  family: Family,
  { source, options, work }: Conversion,
): Promise<ImageLayer> {
  const { descriptor, diffId } = layer;
  const kind = layerKind(descriptor.mediaType);
  const isElsewhere = isForeign({ role: 'layer', descriptor });
  if (kind === undefined || (isElsewhere && options.removeUrls !== true))
    return retyped(layer, inFamily(descriptor, family));
  const { compression, level, force = false } = options;
  if (compression !== undefined && (force || formOf(descriptor, kind.compression) !== compression)) {
    requireForm(compression, family, descriptor);
    const { spool, call } = work;
    const next = await work.once(descriptor.digest, () =>
      recompress(source.blob(descriptor), layer, { ...call, compression, level, spool }),
    );
    return replaced(descriptor, next, family);
  }
  if (!isElsewhere) return retyped(layer, inFamily(descriptor, family));
  const { urls: _, ...own } = descriptor;
  const mediaType = layerTypeOf({ ...kind, family, isForeign: false }, descriptor);
  // It is fetched from where it is kept.
  return {
    descriptor: { ...own, mediaType },
    diffId,
    content: { ...source.blob(descriptor), descriptor: { ...own, mediaType } },
  };
}

function retyped(layer: ImageLayer, mediaType: string | undefined): ImageLayer {
  return mediaType === undefined ? layer : { ...layer, descriptor: { ...layer.descriptor, mediaType } };
}

function manifestIn(
  document: ImageManifest,
  { manifest: { descriptor } }: ImageToChange,
  family: Family,
  lost: Set<string>,
): ImageManifest {
  const { manifest, config } = types[family];
  const next = {
    ...(descriptor.mediaType === manifest ? document : inMediaType(document, manifest)),
    config: document.config.mediaType === config ? document.config : { ...document.config, mediaType: config },
  };
  if (family === 'oci') return next;
  return {
    ...withoutAnnotations(next, lost),
    config: withoutAnnotations(next.config, lost),
    layers: next.layers.map((layer) => withoutAnnotations(layer, lost)),
  };
}

/** What docker's documents have no place for; the names of what goes are noted. */
function withoutAnnotations<T extends { readonly annotations?: Annotations }>(document: T, lost: Set<string>): T {
  const { annotations, ...rest } = document;
  if (annotations === undefined) return document;
  for (const name of Object.keys(annotations)) lost.add(name);
  return rest as T;
}
