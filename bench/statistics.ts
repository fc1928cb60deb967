/** Medians, and ratios of medians, of samples that were taken in turns. */

/** What one run took. */
export interface Sample {
  readonly wallMs: number;
  /** User and system, of the command and of all that it started. */
  readonly cpuMs: number;
  /** Peak resident set, in bytes. */
  readonly rss: number;
  /** Requests that the registries have answered. */
  readonly requests: number;
  /** Bytes of the bodies of their answers. */
  readonly bytes: number;
}

export type Measure = keyof Sample;

/** One contestant's samples of one work. */
export interface Result {
  readonly name: string;
  /** The contestant that it cannot be below: a bare Node of the same version. */
  readonly base?: string | undefined;
  readonly samples: readonly Sample[];
}

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

export function summaryOf({ samples }: Result, measure: Measure): Summary {
  return summarize(samples.map((sample) => sample[measure]));
}

/** Ours over theirs: below 1 we take less. */
export function ratio(ours: Result, theirs: Result, measure: Measure): number {
  return summaryOf(ours, measure).median / summaryOf(theirs, measure).median;
}
