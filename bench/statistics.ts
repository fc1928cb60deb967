/** Medians, and ratios of medians, of samples that were taken in turns. */
import type { Sample } from './measure.ts';

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  const median = sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? Number.NaN)) / 2;
  return { median, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** One contestant's samples of one work. */
export interface Result {
  readonly work: string;
  readonly name: string;
  readonly samples: readonly Sample[];
}

/** Ours over theirs: below 1 we are faster. */
export function ratio(ours: Result, theirs: Result, of: (sample: Sample) => number): number {
  return summarize(ours.samples.map(of)).median / summarize(theirs.samples.map(of)).median;
}
