/** What the page says of scale: a picture, and a table for each series. */
import { shown, table } from '../table.ts';
import { growthOf, medianOf } from './growth.ts';
import type { Scaled } from './scale.ts';

/** @param picture where the picture is, from the page */
export function scaleSections(all: readonly Scaled[], picture: string): readonly string[] {
  return [`![Cost against size, both axes logarithmic](${picture})`, ...all.map(seriesSection)];
}

export function seriesSection(scaled: Scaled): string {
  const { title, unit, memory, points } = scaled;
  const rows = points.map((point) => [
    `${point.size.toLocaleString('en')} ${unit}`,
    ...(['wallMs', 'cpuMs', 'rss'] as const).map((of) => shown(of, medianOf(point, of))),
  ]);
  const { early, late, memory: growth } = growthOf(scaled);
  const said = Number.isNaN(late)
    ? ''
    : `\n\nOne more of them: ${perItem(early)} of CPU, and ${perItem(late)} where there are the most. Memory, from the smallest to the largest: ${shown('rss', growth)} (${memory}).`;
  return `### ${title}\n\n${table(['', 'wall', 'CPU', 'peak memory'], rows)}${said}`;
}

function perItem(ms: number): string {
  return Math.abs(ms) < 1 ? `${twoDigits(ms * 1000)} µs` : `${twoDigits(ms)} ms`;
}

function twoDigits(value: number): string {
  return Math.abs(value) < 10 ? value.toFixed(1) : value.toFixed(0);
}
