/**
 * The times of an image set, or held to a latest one: when it and each step of its history were made, and of the files in its layers.
 * So images that are made of the same files become the same digest (reproducible-builds.org/specs/source-date-epoch).
 */
import { OciError } from '../../errors.ts';
import { type Descriptor, isObject } from '../../model/descriptor.ts';
import { quote } from '../../model/quote.ts';
import type { Source } from '../../store/types.ts';
import { isForeign } from '../../store/links.ts';
import type { ImageChange, ImageToChange } from './change.ts';
import { type ChangedLayers, changeLayers, type ChangeLayersOptions, type LayerWork } from './change-layers.ts';
import { familyOf, type ImageLayer, layersOf, replaced, withLayers } from '../layer/image-layers.ts';
import { type ChangeTime, withTimes } from '../layer/header.ts';
import { type BaseImage, baseOf, requireBase } from './rebase.ts';
import { relayer } from '../layer/relayer.ts';
import { isTime } from '../time.ts';

/** What becomes of times: one of `set`, `fromLabel` and `clamp`. */
export interface TimeOptions extends ChangeLayersOptions {
  /** Every time becomes this one. */
  readonly set?: Date | undefined;
  /** Every time becomes that which this label of the image tells, in RFC 3339: `org.opencontainers.image.created`. */
  readonly fromLabel?: string | undefined;
  /** With either of these: only times after this one do. */
  readonly after?: Date | undefined;
  /** Every time after this one becomes it; earlier ones stay. */
  readonly clamp?: Date | undefined;
  /** So many of the lowest layers stay as they are: those of a base image, which others share. None unless told. */
  readonly keepLayers?: number | undefined;
  /** The same, where the base image itself is told: its layers stay. */
  readonly base?: BaseImage | undefined;
}

/**
 * Changes the times of an image, or of those of an index. Nothing is published: what comes of it is a source to copy from. A layer
 * in which no time changes stays what it is, and so do layers that are kept elsewhere; annotations and labels are not looked at.
 * @example
 * const clamp = new Date(Number(process.env.SOURCE_DATE_EPOCH) * 1000);
 * const { source, root, close } = await setTimes(repository, 'latest', { clamp, spool: spoolToDisk() });
 * try {
 *   await copy(source, root, repository, { tags: ['reproducible'] });
 * } finally {
 *   await close();
 * }
 * @throws OciError `USAGE` without a time, with several, or for an image whose label tells none; `CONFLICT` for one that does not stand
 * on the base; `UNSUPPORTED` where the runtime cannot write a layer as it was compressed; `DIGEST_MISMATCH`, `LAYOUT_INVALID`, `TOO_LARGE`
 * for layers that are not what they should be; and as `changeImages`
 */
export async function setTimes(
  source: Source,
  reference: string | Descriptor,
  options: TimeOptions,
): Promise<ChangedLayers> {
  checkTimes(options);
  return changeLayers(source, reference, options, async (image, work) => {
    const timing = timingOf(options, image);
    const kept = await layersToKeep(options, image, work);
    const layers = layersOf(image).map(async (layer, at) =>
      at < kept ? layer : retimed(source, image, layer, { timing, options, work }),
    );
    return withConfigTimes(withLayers(image, await Promise.all(layers)), timing);
  });
}

/** What becomes of the times of one image. */
interface Timing {
  readonly change: ChangeTime;
  /** The same for the same change. */
  readonly key: string;
  readonly isSet: boolean;
}

function checkTimes({ set, clamp, fromLabel, after }: TimeOptions): void {
  if ([set, clamp, fromLabel].filter((way) => way !== undefined).length !== 1) {
    throw new OciError('USAGE', 'the times of an image are either set or clamped', { hint: 'give one of the two' });
  }
  for (const date of [set, clamp, after]) {
    if (date !== undefined && !(date.getTime() >= 0)) throw new OciError('USAGE', 'that is no time since 1970');
  }
}

function timingOf({ set, clamp, fromLabel, after }: TimeOptions, image: ImageToChange): Timing {
  const date = set ?? clamp ?? labelTime(image, fromLabel ?? '');
  const time = date.getTime() / 1000;
  if (clamp !== undefined) return { change: (seconds) => Math.min(seconds, time), key: `to ${time}`, isSet: false };
  const latest = after === undefined ? -Infinity : after.getTime() / 1000;
  return { change: (seconds) => (seconds > latest ? time : seconds), key: `${time} after ${latest}`, isSet: true };
}

function labelTime({ config, manifest }: ImageToChange, name: string): Date {
  const text = config.config?.Labels?.[name];
  const date = new Date(text ?? '');
  if (isTime(text ?? '') && date.getTime() >= 0) return date;
  const told = text === undefined ? 'has no label' : `tells no time since 1970 in its label`;
  throw new OciError('USAGE', `${manifest.descriptor.digest} ${told} ${quote(name)}`);
}

async function layersToKeep(
  { keepLayers = 0, base }: TimeOptions,
  image: ImageToChange,
  { call }: LayerWork,
): Promise<number> {
  if (base === undefined) return keepLayers;
  const below = await baseOf(base, image, call);
  requireBase(image, below);
  return Math.max(keepLayers, layersOf(below).length);
}

interface Retiming {
  readonly timing: Timing;
  readonly options: TimeOptions;
  readonly work: LayerWork;
}

async function retimed(
  source: Source,
  image: ImageToChange,
  layer: ImageLayer,
  { timing: { change, key }, options: { compression, level }, work }: Retiming,
): Promise<ImageLayer> {
  const { descriptor, diffId } = layer;
  if (isForeign({ role: 'layer', descriptor })) return layer;
  const { call, spool } = work;
  const next = await work.once(`${descriptor.digest} ${key}`, () =>
    relayer(source, descriptor, (entry) => withTimes(entry, change), { ...call, spool, diffId, compression, level }),
  );
  return next.isChanged ? replaced(descriptor, next, familyOf(image)) : layer;
}

/** Of the steps, those that tell a time; the image itself gets the one that is set even where it told none. */
function withConfigTimes(image: ImageChange, { change, isSet }: Timing): ImageChange {
  const { created, history } = image.config;
  const steps = Array.isArray(history) ? history.map((step: unknown) => withCreated(step, change)) : history;
  const time =
    typeof created === 'string' ? changedTime(created, change) : isSet ? timeText(change(Infinity)) : created;
  const times = { ...(time === created ? {} : { created: time }), ...(steps === undefined ? {} : { history: steps }) };
  return { ...image, config: { ...image.config, ...times } };
}

function withCreated(step: unknown, change: ChangeTime): unknown {
  if (!isObject(step) || typeof step.created !== 'string') return step;
  return { ...step, created: changedTime(step.created, change) };
}

/** The very text where the time stays. */
function changedTime(text: string, change: ChangeTime): string {
  const before = Date.parse(text) / 1000;
  const after = change(before);
  return after === before || Number.isNaN(after) ? text : timeText(after);
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
