/** What differs between two images, for people: like a unified diff, part by part. */
import type { ImageComparison } from '../../image/diff/comparison.ts';
import type { ImageDiff } from '../../image/diff/image-diff.ts';
import { formatPlatform } from '../../model/platform.ts';
import { type DiffLine, type DiffNames, MARK, MARK_MEANS, type Sign } from './line.ts';
import { type DiffPart, fieldLine, isUnsure, partOf, partsOf } from './words.ts';
import { type Piece, type Style, styled } from '../terminal/style.ts';

const styles: Readonly<Record<Exclude<Sign, ' '>, Style>> = { '+': 'green', '-': 'red', '~': 'yellow' };

/** The lines; none for images that are one. */
export function diffText({ before, after, index = [], images }: ImageDiff, names: DiffNames): Piece[][] {
  if (before.digest === after.digest) return [];
  const parts = images.flatMap((image) => imageLines(image));
  const lines = [...partLines(partOf('Index', index.map(fieldLine))), ...parts];
  return [
    [styled(`--- ${names.before}  ${before.digest}`, 'bold')],
    [styled(`+++ ${names.after}  ${after.digest}`, 'bold')],
    ...lines,
    ...(images.some(isUnsure) ? [[''], [styled(`${MARK_MEANS}; --exact reads them`, 'dim')]] : []),
  ];
}

function imageLines(image: ImageComparison): Piece[][] {
  const parts = partsOf(image);
  const head = headOf(image, parts);
  return [...(head === undefined ? [] : [[''], head]), ...parts.flatMap(partLines)];
}

function headOf({ kind, platform, before, after }: ImageComparison, parts: readonly DiffPart[]): Piece[] | undefined {
  const name = platform === undefined ? 'the image' : formatPlatform(platform);
  if (kind === 'added') return [styled(`+ ${name} ${after?.digest}`, 'green')];
  if (kind === 'removed') return [styled(`- ${name} ${before?.digest}`, 'red')];
  if (kind === 'same') return [`  ${name} is the same`];
  if (parts.length === 0) return [`  ${name} has the same parts`];
  return platform === undefined ? undefined : [styled(name, 'bold')];
}

function partLines({ title, summary, lines }: DiffPart): Piece[][] {
  if (lines.length === 0) return [];
  const head: Piece[] =
    summary === '' ? [styled(title, 'bold')] : [styled(title, 'bold'), '  ', styled(summary, 'dim')];
  return [[''], head, ...lines.map(lineOf)];
}

function lineOf({ sign, text, isUnsure: mark }: DiffLine): Piece[] {
  const line = `${sign} ${text}${mark === true ? ` ${MARK}` : ''}`;
  return ['  ', sign === ' ' ? line : styled(line, styles[sign])];
}
