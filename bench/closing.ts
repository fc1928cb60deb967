/** What the bench says of all works together: memory, requests, whether it shows what it must, and what it has left out. */
import { EXECUTABLE, US } from './contestants.ts';
import type { GroupRecord } from './records.ts';
import type { Measured } from './runner.ts';
import { summaryOf } from './statistics.ts';
import { shown, table } from './table.ts';
import { targetsOf, targetsTable } from './targets.ts';
import { groups } from './works.ts';

/** What is told of all works together. */
export function closing(records: readonly GroupRecord[]): string[] {
  const all = records.flatMap(({ works }) => works);
  const growth = memoryGrowth(all);
  return [
    ...(growth.length === 0 ? [] : [`## Memory in the size of an image\n\n${growth.join('\n')}`]),
    `## Requests\n\n${requestsTable(all)}`,
    `## What it must show\n\n${targetsTable(targetsOf(all))}`,
    `## What was not measured here\n\n${notMeasured(records)
      .map((line) => `- ${line}`)
      .join('\n')}`,
  ];
}

/** Medians of requests, an operation a line; it is empty who did not take part. */
function requestsTable(all: readonly Measured[]): string {
  // The works of `memory` are those of other groups once more.
  const others = all.filter(({ work }) => work.group !== 'memory');
  const asked = others.filter(({ results }) => results.some((result) => summaryOf(result, 'requests').max > 0));
  const asking = asked.flatMap(({ results }) => results.filter((result) => summaryOf(result, 'requests').max > 0));
  const names = [...new Set(asking.map(({ name }) => name))];
  const rows = asked.map(({ work, results }) => [
    work.title,
    ...names.map((name) => {
      const result = results.find((one) => one.name === name);
      return result === undefined ? '' : shown('requests', summaryOf(result, 'requests').median);
    }),
  ]);
  return rows.length === 0 ? 'None were made.' : table(['', ...names], rows);
}

/** How much more the large image takes than the small one, by the highest peak of either. */
function memoryGrowth(all: readonly Measured[]): string[] {
  const peaks = all
    .filter(({ work }) => work.group === 'memory')
    .map(({ work, results }) => ({
      ...work,
      peak: Math.max(...results.map((result) => summaryOf(result, 'rss').max)),
    }));
  return peaks.flatMap(({ action, subject, peak }) => {
    const small = peaks.find((other) => other.action === action && other.subject === 'small');
    if (subject !== 'large' || small === undefined) return [];
    const [a, b, more] = [small.peak, peak, peak - small.peak].map((bytes) => shown('rss', bytes));
    return [`- ${action}: ${a} for the small image, ${b} for the large one: ${more} more`];
  });
}

function notMeasured(records: readonly GroupRecord[]): string[] {
  const all = records.flatMap(({ works }) => works);
  const left = groups.filter((group) => !records.some((record) => record.group === group));
  const players = records.flatMap(({ setting }) => setting.players);
  const absent = [...new Set(records.flatMap(({ setting }) => setting.absent))];
  const rounds = Math.min(...records.map(({ setting }) => setting.rounds));
  const executable = players.some(({ name }) => name === EXECUTABLE);
  const nodes = players.some(({ name }) => name.startsWith(`${US}, node `));
  return [
    ...(absent.length === 0
      ? []
      : [`${absent.join(', ')}: not on PATH (scripts/bench-peers.sh fetches crane and oras)`]),
    ...all.flatMap(({ work, unable }) => unable.map(({ name, reason }) => `${work.title}, ${name}: ${reason}`)),
    ...(nodes ? [] : ['other versions of Node: LADING_BENCH_NODES names none']),
    ...(executable ? [] : ['the standalone executable: LADING_BENCH_EXECUTABLE does not name it']),
    ...(left.length === 0 ? [] : [`left out by the command line: ${left.join(', ')}`]),
    ...(rounds < 11 ? [`enough rounds: ${rounds} are too few to tell anything`] : []),
    'TLS, tokens, lossy and narrow lines, disks slower than this one, registries other than these',
  ];
}
