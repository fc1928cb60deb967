/** How cost grows with size: what one more costs, at either end of a series, and what memory the largest takes over the smallest. */
import { summarize } from '../statistics.ts';
import type { Point, Scaled } from './scale.ts';

export interface Growth {
  /** CPU that one more takes, in ms: from the third largest size to the second, and from there to the largest. */
  readonly early: number;
  readonly late: number;
  /** Bytes of the process, the largest size over the smallest. */
  readonly memory: number;
}

export type Of = 'wallMs' | 'cpuMs' | 'rss';

export function medianOf({ samples }: Point, of: Of): number {
  return summarize(samples.map((sample) => sample[of])).median;
}

export function growthOf({ points }: Pick<Scaled, 'points'>): Growth {
  const [first, ...others] = points;
  const last = points.at(-1);
  const [before, nearlyLast] = [points.at(-3) ?? first, points.at(-2)];
  if (
    first === undefined ||
    last === undefined ||
    before === undefined ||
    nearlyLast === undefined ||
    others.length < 2
  )
    return { early: Number.NaN, late: Number.NaN, memory: Number.NaN };
  return {
    early: slope(before, nearlyLast),
    late: slope(nearlyLast, last),
    memory: medianOf(last, 'rss') - medianOf(first, 'rss'),
  };
}

function slope(from: Point, to: Point): number {
  return (medianOf(to, 'cpuMs') - medianOf(from, 'cpuMs')) / (to.size - from.size);
}
