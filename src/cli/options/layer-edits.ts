/** The flags of `mutate` that write layers anew: layers and files removed, times set or held to a latest one. */
import { type Command, InvalidArgumentError, Option, type OptionValues } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import type { Changed } from '../../image/change/change.ts';
import { chained } from '../../image/change/chain.ts';
import type { ChangedLayers } from '../../image/change/change-layers.ts';
import { isTime } from '../../image/time.ts';
import type { TimeOptions } from '../../image/change/times.ts';
import { quote } from '../../model/quote.ts';
import { compressionOptions, type CompressionFlags, layerOptions, type PublishFlags } from './change.ts';
import { type From, openFrom } from '../places/ends.ts';
import { count, many } from './shared.ts';
import type { Session } from '../session.ts';

export type LayerEditFlags = CompressionFlags & {
  readonly rmLayer?: readonly number[] | undefined;
  readonly rmLayerCreatedBy?: RegExp | undefined;
  readonly stripFile?: readonly string[] | undefined;
  readonly timeSet?: Date | undefined;
  readonly timeFromLabel?: string | undefined;
  readonly timeAfter?: Date | undefined;
  readonly timeClamp?: Date | undefined;
  readonly timeBase?: string | undefined;
  readonly timeKeepLayers?: number | undefined;
  readonly foreignLayers?: true | undefined;
};

const LAYERS = 'Layers (those that change are written anew):';

export function layerEditOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
): Command<A, O & LayerEditFlags> {
  const options = [
    new Option('--rm-layer <n>', 'remove a layer: 0 is the lowest, -1 the highest; repeat it for more').argParser(
      manyPositions,
    ),
    new Option('--rm-layer-created-by <regex>', 'remove the layers whose step of the history says this').argParser(
      regex,
    ),
    new Option('--strip-file <glob>', 'take a file, or a directory with what is in it, out of every layer').argParser(
      many,
    ),
    new Option('--time-set <time>', 'set all times, those of files, too; RFC 3339, or seconds since 1970')
      .argParser(time)
      .conflicts(['timeClamp', 'timeFromLabel']),
    new Option('--time-from-label <name>', 'set them to what a label of the image tells').conflicts('timeClamp'),
    new Option('--time-after <time>', 'with either of these: later times only').argParser(time).conflicts('timeClamp'),
    new Option('--time-clamp <time>', 'the same for later times only, e.g. $SOURCE_DATE_EPOCH').argParser(time),
    new Option('--time-keep-layers <n>', 'leave so many of the lowest layers: those of the base').argParser(count),
    new Option('--time-base <image>', 'the same, where the base is told'),
    new Option('--foreign-layers', 'take along layers that are kept elsewhere; they stay what they are'),
  ];
  for (const option of options) command.addOption(option.helpGroup(LAYERS));
  return compressionOptions(command, 'how they are compressed; unless told, as they were', LAYERS);
}

/** Is anything asked of the layers? */
export function editsLayers(flags: LayerEditFlags): boolean {
  const { rmLayer, rmLayerCreatedBy, stripFile } = flags;
  const isAsked = [rmLayer, rmLayerCreatedBy, stripFile].some((flag) => flag !== undefined);
  return isAsked || setsTimes(flags) || compresses(flags);
}

/** What only goes with a time, and has none, is refused there. */
function setsTimes({
  timeSet,
  timeClamp,
  timeFromLabel,
  timeAfter,
  timeBase,
  timeKeepLayers,
}: LayerEditFlags): boolean {
  return (timeSet ?? timeClamp ?? timeFromLabel ?? timeAfter ?? timeBase ?? timeKeepLayers) !== undefined;
}

function compresses({ compression, compressionLevel }: CompressionFlags): boolean {
  return (compression ?? compressionLevel) !== undefined;
}

/**
 * What comes of the layers; undefined where nothing is asked of them. It lasts as long as the session.
 * @throws OciError `USAGE` for a compression where no layer is to change
 */
export async function editLayers(
  session: Session,
  { source, reference }: From,
  flags: LayerEditFlags & Pick<PublishFlags, 'platform'>,
): Promise<Changed | undefined> {
  const options = layerOptions(session, flags);
  const kept = (changed: ChangedLayers): ChangedLayers => {
    session.defer(() => changed.close());
    return changed;
  };
  const { rmLayer: at, rmLayerCreatedBy: createdBy, stripFile } = flags;
  let changed: Changed | undefined;
  if (at !== undefined || createdBy !== undefined || stripFile !== undefined) {
    const { removeLayers } = await import('../../image/change/remove-layers.ts');
    const files = stripFile === undefined ? undefined : await fileChoice(stripFile);
    changed = kept(await removeLayers(source, reference, { ...options, at, createdBy, file: files?.isMeant }));
    // Who mistypes the name of a secret has to hear of it, whatever else changes.
    for (const glob of files?.unmet() ?? []) session.output.warn(`no layer that was read holds ${quote(glob)}`);
  }
  if (!setsTimes(flags)) {
    if (changed !== undefined || !compresses(flags)) return changed;
    throw new OciError('USAGE', 'it is said how layers that change are compressed, and none is to change', {
      hint: '"lading convert" compresses the layers of an image in another way',
    });
  }
  const { setTimes } = await import('../../image/change/times.ts');
  const [before, root] = changed === undefined ? [source, reference] : [changed.source, changed.root];
  const timed = kept(await setTimes(before, root, { ...options, ...(await timesOf(session, flags)) }));
  return changed === undefined ? timed : chained(changed, timed);
}

async function timesOf(session: Session, flags: LayerEditFlags): Promise<Partial<TimeOptions>> {
  const { timeSet: set, timeClamp: clamp, timeFromLabel: fromLabel, timeAfter: after, timeBase } = flags;
  const base = timeBase === undefined ? undefined : await openFrom(session, timeBase);
  return { set, clamp, fromLabel, after, base, keepLayers: flags.timeKeepLayers };
}

interface ChosenFiles {
  readonly isMeant: (path: string) => boolean;
  /** Those that no path has matched so far. */
  readonly unmet: () => readonly string[];
}

async function fileChoice(globs: readonly string[]): Promise<ChosenFiles> {
  const { default: picomatch } = await import('picomatch');
  const paths = globs.map((glob) => glob.replace(/^\.?\/+/, '').replace(/\/+$/, ''));
  if (paths.includes('')) throw new OciError('USAGE', 'all files together cannot be taken out');
  const unmet = new Map(paths.map((glob) => [glob, picomatch(glob, { dot: true })]));
  const isAny = picomatch(paths, { dot: true });
  const isMeant = (path: string): boolean => {
    if (!isAny(path)) return false;
    for (const [glob, isOne] of unmet) if (isOne(path)) unmet.delete(glob);
    return true;
  };
  return { isMeant, unmet: () => [...unmet.keys()] };
}

function manyPositions(text: string, before: readonly number[] | undefined): readonly number[] {
  if (!/^-?\d{1,5}$/.test(text)) throw new InvalidArgumentError('It is not the position of a layer.');
  return [...(before ?? []), Number(text)];
}

function regex(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new InvalidArgumentError(`${quote(text)} is not a regular expression.`);
  }
}

function time(text: string): Date {
  const date = new Date(/^\d{1,11}$/.test(text) ? Number(text) * 1000 : text);
  if (!/^\d{1,11}$/.test(text) && !isTime(text))
    throw new InvalidArgumentError('It is not a time like 2024-05-06T07:08:09Z, or seconds since 1970.');
  return date;
}
