/**
 * An image put on another base: the layers and the history of the old one are taken out, those of the new one put in their place. What
 * the image says of itself stays; what it runs on, the new base says.
 */
import { OciError } from '../../errors.ts';
import type { Call } from '../../model/call.ts';
import type { Annotations, Descriptor } from '../../model/descriptor.ts';
import { type Digest, parseDigest } from '../../model/digest.ts';
import { type ImageManifest, isIndex, type Manifest } from '../../model/manifest.ts';
import type { Platform } from '../../model/platform.ts';
import { overlay } from '../../store/overlay.ts';
import type { Source } from '../../store/types.ts';
import { type Changed, changeImages, type ChangeOptions, type ImageChange, type ImageToChange } from './change.ts';
import { noImage, readImage } from './change-image.ts';
import { chooseImage } from '../choose.ts';
import { familyOf, type ImageLayer, layersOf, stepsOf, withLayers } from '../layer/image-layers.ts';
import { annotateIndex } from '../index/image-index.ts';
import { type Family, inFamily } from '../layer/types.ts';
import { checkTime } from '../time.ts';

/** An image that others stand on: of an index, that for the platform of each is taken. */
export interface BaseImage {
  readonly source: Source;
  readonly reference: string | Descriptor;
}

export interface RebaseOptions extends ChangeOptions {
  readonly newBase: BaseImage;
  /**
   * What the image stands on. Without a reference, what its own annotation {@link BASE_DIGEST} says, each image of an index its own; unless
   * told, that is looked for beside the new base.
   */
  readonly oldBase?: { readonly source: Source; readonly reference?: string | Descriptor | undefined } | undefined;
  /** The new base's whole name, for the annotation {@link BASE_NAME}, which stays what it is unless this is told. */
  readonly baseName?: string | undefined;
  /** When, in RFC 3339; the image keeps its own time unless told. */
  readonly created?: string | undefined;
}

/** The annotations of an image about its base (image-spec, "Annotations"). */
export const BASE_DIGEST = 'org.opencontainers.image.base.digest';
export const BASE_NAME = 'org.opencontainers.image.base.name';

/** What an image, or else the index that lists it, says of its base. */
export function baseAnnotation(name: string, ...documents: readonly Manifest['document'][]): string | undefined {
  return documents.map(({ annotations }) => annotations?.[name]).find((value) => value !== undefined);
}

/**
 * Puts an image, or those of an index, on another base. As with crane, settings stay the image's own, those too that it once got from
 * its old base; operating system, architecture and version become the new base's. Images of OCI's media types are annotated with the
 * new base, so that the next time only that has to be told. Nothing is published: what comes of it is a source to copy from.
 * @example
 * const { source, root } = await rebase(repository, '1', {
 *   oldBase: { source: alpine, reference: '3.19' },
 *   newBase: { source: alpine, reference: '3.20' },
 * });
 * await copy(source, root, repository, { tags: ['1-alpine3.20'] });
 * @throws OciError `CONFLICT` when an image does not stand on the old base, telling where they differ; `USAGE` when it is told
 * nowhere; `NOT_FOUND` when a base is not there, or not for a platform; `UNSUPPORTED` for layers of the new base that docker's media
 * types have no place for; and as `changeImages`
 */
export async function rebase(source: Source, reference: string | Descriptor, options: RebaseOptions): Promise<Changed> {
  const { newBase, signal, on } = options;
  if (options.created !== undefined) checkTime(options.created);
  const call: Call = { signal, on };
  const [root, base] = await Promise.all([
    source.manifest(reference, call),
    newBase.source.manifest(newBase.reference, call),
  ]);
  const annotations = annotationsFor(base.descriptor.digest, options);
  const known = overlay(source, { manifests: [root] });
  const changed = await changeImages(known, root.descriptor, options, async (image, own) => {
    const oldBase = oldBaseOf(image, root, options);
    const [old, next] = [await baseOf(oldBase, image, own), await baseOf(newBase, image, own)];
    requireBase(image, old);
    return rebased(image, old, next, { source: newBase.source, annotations, created: options.created });
  });
  // Of some of its images only, what an index tells of its base is still true of the others.
  const isWhole = isIndex(root) && (options.platforms ?? []).length === 0;
  return isWhole ? withIndexAnnotations(changed, root, annotations, call) : changed;
}

function annotationsFor(digest: Digest, { baseName }: RebaseOptions): Annotations {
  return { [BASE_DIGEST]: digest, ...(baseName === undefined ? {} : { [BASE_NAME]: baseName }) };
}

function oldBaseOf(image: ImageToChange, root: Manifest, { oldBase, newBase }: RebaseOptions): BaseImage {
  const { source, reference } = oldBase ?? { source: newBase.source };
  return reference === undefined ? toldBase(image, root, source) : { source, reference };
}

function toldBase({ manifest }: ImageToChange, root: Manifest, source: Source): BaseImage {
  const digest = baseAnnotation(BASE_DIGEST, manifest.document, root.document);
  if (digest !== undefined) return { source, reference: parseDigest(digest) };
  throw new OciError('USAGE', `${manifest.descriptor.digest} does not tell what it stands on`, {
    hint: `name its old base: there is no annotation ${BASE_DIGEST}`,
  });
}

/** The image for the same platform that a base stands for. */
export async function baseOf(
  { source, reference }: BaseImage,
  { platform }: ImageToChange,
  call: Call,
): Promise<ImageToChange> {
  const wanted = platform === undefined ? undefined : anyBuildOf(platform);
  const { image } = await chooseImage(source, reference, { ...call, platform: wanted });
  const base = await readImage({ source, call }, image);
  if (base === undefined) throw noImage(image);
  return base;
}

/** Windows: the last number of a version is that of an update, and bases get them. */
export function anyBuildOf(platform: Platform): Platform {
  const { 'os.version': version, ...rest } = platform;
  return version === undefined ? platform : { ...rest, 'os.version': version.split('.').slice(0, 3).join('.') };
}

/** @throws OciError `CONFLICT` for an image that does not begin with the layers of the base */
export function requireBase(image: ImageToChange, base: ImageToChange): void {
  const [own, below] = [layersOf(image), layersOf(base)];
  const at = below.findIndex(({ diffId }, layer) => diffId !== own[layer]?.diffId);
  if (at < 0) return;
  const wanted = below[at]?.diffId;
  const what =
    own[at] === undefined
      ? `it has ${own.length} of the ${below.length} layers of the base`
      : `layer ${at} unpacks to ${own[at].diffId}, that of the base to ${wanted}`;
  const [digest, baseDigest] = [image, base].map(({ manifest }) => manifest.descriptor.digest);
  throw new OciError('CONFLICT', `${digest} does not stand on ${baseDigest}: ${what}`, {
    hint: 'name the very base that it was built on, by its digest if its tag has moved on',
  });
}

interface Rebasing {
  /** Of the new base. */
  readonly source: Source;
  readonly annotations: Annotations;
  readonly created: string | undefined;
}

function rebased(
  image: ImageToChange,
  old: ImageToChange,
  next: ImageToChange,
  { source, annotations, created }: Rebasing,
): ImageChange {
  const family = familyOf(image);
  const above = layersOf(image).slice(layersOf(old).length);
  const below = layersOf(next).map((layer) => layerOf(source, layer, family));
  const change = withLayers(image, [...below, ...above], [...wholeHistory(next), ...stepsAbove(image, old)]);
  const config = { ...change.config, ...platformFields(next), ...(created === undefined ? {} : { created }) };
  return { ...change, config, manifest: annotated(change.manifest, family, annotations) };
}

/** A layer of the new base, in the media types of the image. */
function layerOf(source: Source, layer: ImageLayer, family: Family): ImageLayer {
  const mediaType = inFamily(layer.descriptor, family) ?? layer.descriptor.mediaType;
  const descriptor = { ...layer.descriptor, mediaType };
  return { ...layer, descriptor, content: { ...source.blob(layer.descriptor), descriptor } };
}

/** The history, with empty steps for layers that it does not tell of: so what follows is matched with the right layers. */
function wholeHistory(image: ImageToChange): readonly unknown[] {
  const steps = stepsOf(image);
  const told = steps.filter(({ layer }) => layer !== undefined).length;
  const untold = Math.max(0, layersOf(image).length - told);
  return [...steps.map(({ document }) => document), ...Array.from({ length: untold }, () => ({}))];
}

/** The steps that the old base does not have. Where the two histories do not fit together, layers are counted. */
function stepsAbove(image: ImageToChange, old: ImageToChange): readonly unknown[] {
  const [own, below] = [stepsOf(image), stepsOf(old)];
  const [all, layers] = [layersOf(image).length, layersOf(old).length];
  const rest = own.slice(below.length);
  const isSame = below.every(({ document }, at) => JSON.stringify(document) === JSON.stringify(own[at]?.document));
  const isWhole = rest.filter(({ layer }) => layer !== undefined).length <= all - layers;
  const last = own.findLastIndex(({ layer = layers }) => layer < layers);
  return (isSame && isWhole ? rest : own.slice(last + 1)).map(({ document }) => document);
}

/** The variant stays: the new base may be for a lesser one, which the layers above it are not. */
function platformFields({ config }: ImageToChange): Readonly<Record<string, unknown>> {
  const { os, architecture, 'os.version': version, 'os.features': features } = config;
  const fields = { os, architecture, 'os.version': version, 'os.features': features };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Docker's documents have no place for it. */
function annotated(manifest: ImageManifest, family: Family, annotations: Annotations): ImageManifest {
  return family === 'docker' ? manifest : { ...manifest, annotations: { ...manifest.annotations, ...annotations } };
}

/** An index that tells the base goes on telling it. */
async function withIndexAnnotations(
  changed: Changed,
  { document }: Manifest,
  annotations: Annotations,
  call: Call,
): Promise<Changed> {
  if (baseAnnotation(BASE_DIGEST, document) === undefined && baseAnnotation(BASE_NAME, document) === undefined) {
    return changed;
  }
  const { source, root } = await annotateIndex(changed.source, changed.root, { annotations }, call);
  return { ...changed, source, root };
}
