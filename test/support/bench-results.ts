/** Results of the bench that nobody has measured. */
import type { Result, Sample } from '../../bench/statistics.ts';

const nothing: Sample = { wallMs: 0, cpuMs: 0, rss: 0, requests: 0, bytes: 0 };

export function resultOf(name: string, samples: readonly Partial<Sample>[], base?: string): Result {
  return { name, base, samples: samples.map((sample) => ({ ...nothing, ...sample })) };
}
