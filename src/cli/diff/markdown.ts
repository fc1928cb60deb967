/** What differs between two images, for a pull request: GitHub's Markdown, in which no name or value from an image is more than text. */
import type { ImageComparison } from '../../image/diff/comparison.ts';
import type { ImageDiff } from '../../image/diff/image-diff.ts';
import { formatPlatform } from '../../model/platform.ts';
import { type DiffLine, type DiffNames, MARK, MARK_MEANS } from './line.ts';
import { type DiffPart, fieldLine, isUnsure, partOf, partsOf } from './words.ts';
import { safeText } from '../terminal/safe-text.ts';

/** A comment holds 65 536 characters. */
const MAX_TEXT = 65_000;
/** Of each part; fewer where there are so many parts, or lines so long, that it would be more. */
const MAX_LINES = [200, 100, 50, 20, 10, 5, 1, 0];

export function diffMarkdown(diff: ImageDiff, names: DiffNames): readonly string[] {
  let lines: readonly string[] = [];
  for (const most of MAX_LINES) {
    lines = linesOf(diff, names, most);
    if (lines.reduce((sum, { length }) => sum + length + 1, 0) <= MAX_TEXT) break;
  }
  return lines;
}

function linesOf({ before, after, index = [], images }: ImageDiff, names: DiffNames, most: number): readonly string[] {
  const head = ['### Image diff', '', `- before: ${code(names.before)} ${code(before.digest)}`];
  const ends = [...head, `- after: ${code(names.after)} ${code(after.digest)}`, ''];
  if (before.digest === after.digest) return [...ends, 'They are the same.'];
  return [
    ...ends,
    ...partLines(partOf('Index', index.map(fieldLine)), most),
    ...images.flatMap((image) => imageLines(image, most)),
    ...(images.some(isUnsure) ? [`${MARK_MEANS}; \`--exact\` reads them.`] : []),
  ];
}

function imageLines(image: ImageComparison, most: number): readonly string[] {
  const { platform, kind } = image;
  const parts = partsOf(image);
  const title = platform === undefined ? [] : [`#### ${code(formatPlatform(platform))}`, ''];
  if (kind === 'added' || kind === 'removed')
    return [...title, `Only in the ${kind === 'added' ? 'second' : 'first'}.`, ''];
  if (kind === 'same') return [...title, 'The same.', ''];
  return [...title, ...(parts.length === 0 ? ['The same parts.', ''] : parts.flatMap((part) => partLines(part, most)))];
}

function partLines({ title, summary, lines }: DiffPart, most: number): readonly string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, most).map(lineOf);
  const more = lines.length > most ? [`  … and ${lines.length - most} more`] : [];
  const fence = '`'.repeat(Math.max(3, 1 + longestRun(shown.join('\n'))));
  const head = summary === '' ? title : `${title}: ${summary}`;
  return [
    `<details><summary>${head.replaceAll('>', '&gt;')}</summary>`,
    '',
    `${fence}diff`,
    ...shown,
    ...more,
    fence,
    '',
    '</details>',
    '',
  ];
}

/** GitHub colours lines that begin with an exclamation mark, and knows no tilde. */
function lineOf({ sign, text, isUnsure: mark }: DiffLine): string {
  return `${sign === '~' ? '!' : sign} ${safeText(text)}${mark === true ? ` ${MARK}` : ''}`;
}

/** Text between backticks, of which it may hold some. */
function code(text: string): string {
  const safe = safeText(text);
  const ticks = '`'.repeat(1 + longestRun(safe));
  return safe.includes('`') ? `${ticks} ${safe} ${ticks}` : `${ticks}${safe}${ticks}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
