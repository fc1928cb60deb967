/** What the bench prints: a row a contestant, and ours over each of theirs. */
import type { Contestant } from './contestants.ts';
import type { Sample } from './measure.ts';
import { type Result, ratio, summarize } from './statistics.ts';

const columns: readonly [title: string, of: (sample: Sample) => number, unit: string, scale: number][] = [
  ['wall', ({ wallMs }) => wallMs, 's', 1000],
  ['cpu', ({ cpuMs }) => cpuMs, 's', 1000],
  ['peak memory', ({ rss }) => rss, 'MiB', 1 << 20],
];

/** One work: medians with minimum and maximum, and the ratios. */
export function printWork(work: string, results: readonly Result[], players: readonly Contestant[]): void {
  const ours = results.find(({ name }) => name === 'lading');
  console.log(
    `\n${work} of a 1 GiB image, ${results[0]?.samples.length ?? 0} interleaved rounds: median [min … max]; ours / theirs`,
  );
  for (const result of results) {
    const version = players.find(({ name }) => name === result.name)?.version ?? '';
    const cells = columns.map(([title, of, unit, scale]) => {
      const { median, min, max } = summarize(result.samples.map(of));
      const share = ours === undefined || ours === result ? '' : `  x${ratio(ours, result, of).toFixed(2)}`;
      return `${title} ${show(median / scale)} [${show(min / scale)} … ${show(max / scale)}] ${unit}${share}`.padEnd(
        44,
      );
    });
    console.log(`  ${`${result.name} ${version}`.padEnd(18)} ${cells.join(' ').trimEnd()}`);
  }
}

/** How much more memory a large image takes than a small one. */
export function printMemory(work: string, small: Result, large: Result): void {
  const [a, b] = [small, large].map(({ samples }) => summarize(samples.map(({ rss }) => rss)).max / (1 << 20)) as [
    number,
    number,
  ];
  console.log(
    `${work.padEnd(5)} peak memory: 1 MiB image ${a.toFixed(0)} MiB, 1 GiB image ${b.toFixed(0)} MiB: ${(b - a).toFixed(0)} MiB more (limit 64)`,
  );
}

function show(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}
