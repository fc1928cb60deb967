/** What differs between two images, in words: a line for each change, by its part of the image. How lines are laid out, others decide. */
import type { ImageComparison } from '../../image/diff/comparison.ts';
import type { FieldChange } from '../../image/diff/fields.ts';
import type { HistoryChange } from '../../image/diff/history.ts';
import type { LayerChange, LayerPlace, LayersDiff } from '../../image/diff/layers.ts';
import type { PackageChange } from '../../image/diff/packages.ts';
import { formatSize } from '../terminal/bytes.ts';
import { fileLines } from './file-words.ts';
import { type DiffLine, SIGNS } from './line.ts';

/** A part of an image that differs. */
export interface DiffPart {
  readonly title: string;
  /** Words and numbers of our own. */
  readonly summary: string;
  readonly lines: readonly DiffLine[];
}

/** Longer values are cut: JSON has all of them. */
const MAX_VALUE = 300;

/** The parts that differ. */
export function partsOf(image: ImageComparison): readonly DiffPart[] {
  const { manifest = [], config = [], history = [], layers, files = [], packages = [], unread } = image;
  const unreadLine: readonly DiffLine[] =
    unread === undefined
      ? []
      : [{ sign: ' ', text: `not compared: layer ${unread.digest} is ${unread.mediaType}, no archive of files` }];
  return [
    partOf('Manifest', manifest.map(fieldLine)),
    partOf('Config', config.map(fieldLine)),
    partOf('History', history.map(historyLine)),
    ...(layers === undefined ? [] : [layersPart(layers)]),
    partOf('Files', [...unreadLine, ...fileLines(files)]),
    partOf('Packages', packages.map(packageLine)),
  ].filter(({ lines }) => lines.length > 0);
}

/** A part whose summary counts its lines. */
export function partOf(title: string, lines: readonly DiffLine[]): DiffPart {
  const counts = (['added', 'removed', 'changed'] as const).flatMap((kind) => {
    const count = lines.filter(({ sign }) => sign === SIGNS[kind]).length;
    return count === 0 ? [] : [`${count} ${kind}`];
  });
  return { title, summary: counts.join(', '), lines };
}

export function fieldLine({ kind, field, key, before, after }: FieldChange): DiffLine {
  const name = [field.replace(/^config\./, ''), key].filter((part) => part !== undefined).join(' ');
  const values = [before, after].flatMap((value) => (value === undefined ? [] : valueOf(value)));
  return { sign: SIGNS[kind], text: values.length === 0 ? name : `${name}: ${values.join(' -> ')}` };
}

/** The members of ports and volumes are empty objects: their names say all. */
function valueOf(value: unknown): readonly string[] {
  const text = typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
  return text === '{}' ? [] : [cut(text)];
}

function cut(text: string): string {
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text;
}

function historyLine({ kind, before, after }: HistoryChange): DiffLine {
  const { created_by: by = '', comment = '' } = after ?? before ?? {};
  const words = cut((by || comment || 'a step without words').replace(/\s+/g, ' '));
  const times = kind === 'changed' ? `: ${before?.created ?? 'no time'} -> ${after?.created ?? 'no time'}` : '';
  return { sign: SIGNS[kind], text: `${words}${times}` };
}

function layersPart({ layers, sizes }: LayersDiff): DiffPart {
  const lines = layers.flatMap(layerLines);
  const counts = (['shared', 'moved', 'repacked', 'added', 'removed'] as const).flatMap((kind) => {
    const count = layers.filter((one) => one.kind === kind).length;
    return count === 0 ? [] : [`${count} ${kind}`];
  });
  const grown = sizes.after - sizes.before;
  const growth = grown === 0 ? '' : ` (${grown > 0 ? '+' : '-'}${formatSize(Math.abs(grown))})`;
  const weight = `${formatSize(sizes.before)} -> ${formatSize(sizes.after)}${growth}`;
  return { title: 'Layers', summary: `${counts.join(', ')}; ${weight}`, lines };
}

function layerLines({ kind, before, after }: LayerChange): readonly DiffLine[] {
  if (kind === 'shared') return [];
  if (before === undefined || after === undefined) {
    const place = after ?? before;
    return place === undefined ? [] : [{ sign: after === undefined ? '-' : '+', text: layerName(place) }];
  }
  if (kind === 'moved') {
    return [{ sign: '~', text: `${layerName(after)}, layer ${before.position + 1} -> ${after.position + 1}` }];
  }
  return [{ sign: '~', text: `${layerName(before)} -> ${layerName(after)}, the same files` }];
}

function layerName({ digest, size }: LayerPlace): string {
  return `${digest} ${formatSize(size)}`;
}

function packageLine({ kind, manager, name, place, before, after, unsure }: PackageChange): DiffLine {
  const versions = [before, after].filter((version) => version !== undefined).join(' -> ');
  const text = [manager, name, versions, place === undefined ? '' : `in ${place}`].filter(Boolean).join(' ');
  return { sign: SIGNS[kind], text, isUnsure: unsure };
}

/** Is anything of it not sure? */
export function isUnsure({ files = [], packages = [] }: ImageComparison): boolean {
  return [...files, ...packages].some(({ unsure }) => unsure === true);
}
