/**
 * Layers taken out of images, with the steps of the history that made them, and files taken out of layers. What such a layer hid comes
 * to light again, and what stands on it may miss something: whether that is wanted, the caller knows.
 */
import { OciError } from '../../errors.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { quote } from '../../model/quote.ts';
import { isForeign } from '../../store/links.ts';
import type { Source } from '../../store/types.ts';
import type { ImageChange, ImageToChange } from './change.ts';
import { type ChangedLayers, changeLayers, type ChangeLayersOptions, type LayerWork } from './change-layers.ts';
import { familyOf, type ImageLayer, layersOf, replaced, stepsOf, withLayers } from '../layer/image-layers.ts';
import { relayerAfter } from '../layer/relayer.ts';
import { cleanPath } from '../files/layer-entries.ts';
import { type FileChoice, stripFiles } from './strip-files.ts';

export type { FileChoice } from './strip-files.ts';

export interface RemoveLayersOptions extends ChangeLayersOptions {
  /** Layers by their position, the lowest 0; from the top the highest -1. Every image has to have them. */
  readonly at?: readonly number[] | undefined;
  /** Layers whose step of the history says this. One image at least has to have such a layer. */
  readonly createdBy?: RegExp | undefined;
  /**
   * A file or directory to be taken out of every layer, by its path, or a function that knows which. What is below goes, too; another
   * hard link keeps the content. Layers that are kept elsewhere stay as they are.
   */
  readonly file?: string | FileChoice | undefined;
}

/**
 * Removes layers from an image, or from those of an index, and files from the layers that are left. Nothing is published: what comes
 * of it is a source to copy from. Layers that do not hold such a file stay what they are.
 * @example
 * const { source, root, close } = await removeLayers(repository, '1', { file: 'root/.npmrc', spool: spoolToDisk() });
 * try {
 *   await copy(source, root, repository, { tags: ['1-clean'] });
 * } finally {
 *   await close();
 * }
 * @throws OciError `USAGE` for layers that there are not, or when nothing is to be removed; `UNSUPPORTED` for a file that another
 * layer has a hard link to; `DIGEST_MISMATCH`, `LAYOUT_INVALID`, `TOO_LARGE`; and as `changeImages`
 */
export async function removeLayers(
  source: Source,
  reference: string | Descriptor,
  options: RemoveLayersOptions,
): Promise<ChangedLayers> {
  const { at = [], createdBy, file } = options;
  if (at.length === 0 && createdBy === undefined && file === undefined) {
    throw new OciError('USAGE', 'it is not said what is to be removed');
  }
  const isMeant = file === undefined ? undefined : choiceOf(file);
  let found = 0;
  const changed = await changeLayers(source, reference, options, async (image, work) => {
    const removed = removedFrom(image, at, createdBy);
    found += removed.byStep;
    const left = withoutLayers(image, removed.layers);
    if (isMeant === undefined) return left;
    return stripped(source, image, removed.layers, { isMeant, options, work });
  });
  if (createdBy === undefined || found > 0) return changed;
  await changed.close();
  throw new OciError('USAGE', `no layer was made by what ${quote(String(createdBy))} says`, {
    hint: 'the history of the image tells how each was made',
  });
}

function choiceOf(file: string | FileChoice): FileChoice {
  if (typeof file !== 'string') return file;
  const wanted = cleanPath(file);
  if (wanted === '') throw new OciError('USAGE', 'all files together cannot be taken out');
  return (path) => path === wanted;
}

interface Removed {
  /** Their positions. */
  readonly layers: ReadonlySet<number>;
  /** How many of them the history told. */
  readonly byStep: number;
}

function removedFrom(image: ImageToChange, at: readonly number[], createdBy: RegExp | undefined): Removed {
  const { length } = layersOf(image);
  const missing = at.find((position) => position >= length || position < -length);
  if (missing !== undefined) {
    const { digest } = image.manifest.descriptor;
    throw new OciError('USAGE', `${digest} has no layer ${missing}`, {
      hint: length === 0 ? 'it has none' : `it has ${length}, the lowest is 0`,
    });
  }
  const made = stepsOf(image).flatMap(({ told, layer }) =>
    layer !== undefined && layer < length && says(told.created_by, createdBy) ? [layer] : [],
  );
  const positions = at.map((position) => (position < 0 ? length + position : position));
  return { layers: new Set([...positions, ...made]), byStep: made.length };
}

/** A regular expression with the flag `g` or `y` goes on where it stopped. */
function says(text: string | undefined, wanted: RegExp | undefined): boolean {
  return text !== undefined && wanted !== undefined && text.search(wanted) >= 0;
}

function withoutLayers(image: ImageToChange, removed: ReadonlySet<number>, layers = layersOf(image)): ImageChange {
  const left = layers.filter((_, at) => !removed.has(at));
  if (image.config.history === undefined || removed.size === 0) return withLayers(image, left);
  const steps = stepsOf(image).filter(({ layer }) => layer === undefined || !removed.has(layer));
  return withLayers(
    image,
    left,
    steps.map(({ document }) => document),
  );
}

interface StrippingRun {
  readonly isMeant: FileChoice;
  readonly options: RemoveLayersOptions;
  readonly work: LayerWork;
}

async function stripped(
  source: Source,
  image: ImageToChange,
  removed: ReadonlySet<number>,
  run: StrippingRun,
): Promise<ImageChange> {
  const layers = layersOf(image).map(async (layer, at) =>
    removed.has(at) ? layer : strippedLayer(source, image, layer, run),
  );
  return withoutLayers(image, removed, await Promise.all(layers));
}

async function strippedLayer(
  source: Source,
  image: ImageToChange,
  layer: ImageLayer,
  { isMeant, options: { compression, level }, work: { once, spool, call } }: StrippingRun,
): Promise<ImageLayer> {
  const { descriptor, diffId } = layer;
  if (isForeign({ role: 'layer', descriptor })) return layer;
  const next = await once(descriptor.digest, () =>
    relayerAfter(source, descriptor, stripFiles(isMeant), { ...call, spool, diffId, compression, level }),
  );
  return next.isChanged ? replaced(descriptor, next, familyOf(image)) : layer;
}
