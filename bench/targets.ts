/** What the bench must show: ratios of medians and limits, each looked up in what was measured. What was not measured has no line. */
import { EXECUTABLE, US } from './contestants.ts';
import type { Measured } from './runner.ts';
import { type Measure, type Result, summaryOf } from './statistics.ts';
import { shown, table } from './table.ts';
import type { Work } from './works.ts';

/** A line of what must be shown. */
export interface Target {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  /** Of the values; a ratio has none. */
  readonly measure?: Measure | undefined;
}

export const isMet = ({ value, limit }: Target): boolean => value <= limit;

const PEERS = ['crane', 'oras', 'skopeo', 'regctl'] as const;
type Rival = (typeof PEERS)[number] | 'curl' | 'the fastest peer';

interface Ratio {
  readonly of: Partial<Work>;
  /** `lading` unless told: a line each. */
  readonly ours?: readonly string[];
  readonly measure?: Measure;
  readonly rivals: readonly Rival[];
  readonly limit: number;
  /** There is no such line where this one took part. */
  readonly unless?: Rival;
}

const BOTH = [US, EXECUTABLE];

const ratios: readonly Ratio[] = [
  { of: { group: 'pull' }, ours: BOTH, rivals: PEERS, limit: 1 },
  { of: { group: 'pull' }, rivals: ['curl'], limit: 1.1, unless: 'crane' },
  { of: { group: 'pull' }, measure: 'cpuMs', ours: BOTH, rivals: ['crane'], limit: 1.5 },
  { of: { group: 'copy' }, ours: BOTH, rivals: ['skopeo', 'regctl', 'crane'], limit: 1 },
  { of: { group: 'push' }, ours: BOTH, rivals: ['skopeo', 'regctl'], limit: 1 },
  { of: { group: 'push' }, ours: BOTH, rivals: ['crane', 'oras'], limit: 1.25 },
  { of: { group: 'latency', standing: true }, ours: [EXECUTABLE], rivals: ['crane'], limit: 1.5 },
  { of: { group: 'latency', action: 'digest' }, ours: [EXECUTABLE], rivals: ['crane'], limit: 2 },
  { of: { group: 'distance', action: 'copy', subject: 'small' }, ours: BOTH, rivals: ['the fastest peer'], limit: 0.7 },
  {
    of: { group: 'distance', action: 'copy', subject: 'platforms' },
    ours: BOTH,
    rivals: ['the fastest peer'],
    limit: 0.8,
  },
  { of: { group: 'distance', action: 'repos' }, ours: BOTH, rivals: ['the fastest peer'], limit: 0.8 },
  { of: { group: 'distance', action: 'digest' }, ours: [EXECUTABLE], rivals: ['the fastest peer'], limit: 1.1 },
  { of: { group: 'list', action: 'digests' }, ours: BOTH, rivals: ['crane'], limit: 0.1 },
  { of: { group: 'list', action: 'tags' }, ours: [EXECUTABLE], rivals: ['crane'], limit: 1.5 },
  { of: { group: 'list', action: 'repos' }, ours: [EXECUTABLE], rivals: ['crane'], limit: 1.5 },
];

const MIB = 1 << 20;

/** All lines that what was measured can tell. */
export function targetsOf(all: readonly Measured[]): readonly Target[] {
  return [
    ...ratios.flatMap((ratio) => matching(all, ratio.of).flatMap((measured) => ratioLines(measured, ratio))),
    ...matching(all, { group: 'latency', standing: true }).flatMap((one) => absolute(one, US, 'requests', 2)),
    ...matching(all, { group: 'latency', action: 'version' }).flatMap((one) => [
      ...overBase(one, (major) => (major >= 24 ? 15 : 25)),
      ...absolute(one, EXECUTABLE, 'wallMs', 20),
    ]),
    ...matching(all, { group: 'latency', action: 'digest' }).flatMap((one) => overBase(one, () => 35)),
    ...memoryLines(all),
  ];
}

/** The lines as a table. */
export function targetsTable(targets: readonly Target[]): string {
  const rows = targets.map((target) => {
    const { what, value, limit, measure } = target;
    const text = (number: number): string => (measure === undefined ? number.toFixed(2) : shown(measure, number));
    return [what, text(value), `≤ ${text(limit)}`, isMet(target) ? 'yes' : '**no**'];
  });
  return rows.length === 0 ? 'None of it was measured.' : table(['', 'measured', 'limit', 'met'], rows);
}

function matching(all: readonly Measured[], wanted: Partial<Work>): readonly Measured[] {
  const keys = Object.keys(wanted) as (keyof Work)[];
  return all.filter(({ work }) => keys.every((key) => work[key] === wanted[key]));
}

function ratioLines(
  { work, results }: Measured,
  { ours = [US], measure = 'wallMs', rivals, limit, unless }: Ratio,
): Target[] {
  if (results.some(({ name }) => name === unless)) return [];
  const mine = results.filter(({ name }) => ours.includes(name));
  return mine.flatMap((one) =>
    rivals.flatMap((rival) => {
      const theirs = rival === 'the fastest peer' ? fastest(results) : results.find(({ name }) => name === rival);
      if (theirs === undefined) return [];
      const value = summaryOf(one, measure).median / summaryOf(theirs, measure).median;
      const name = rival === theirs.name ? rival : `${rival}, ${theirs.name}`;
      return [{ what: `${work.title}: ${measure === 'cpuMs' ? 'CPU of ' : ''}${one.name} / ${name}`, value, limit }];
    }),
  );
}

function fastest(results: readonly Result[]): Result | undefined {
  const peers = results.filter(({ name }) => (PEERS as readonly string[]).includes(name));
  return peers.toSorted((a, b) => summaryOf(a, 'wallMs').median - summaryOf(b, 'wallMs').median)[0];
}

function absolute({ work, results }: Measured, ours: string, measure: Measure, limit: number): Target[] {
  const mine = results.find(({ name }) => name === ours);
  if (mine === undefined) return [];
  const what = `${work.title}: ${measure === 'requests' ? 'requests of ' : ''}${ours}`;
  return [{ what, value: summaryOf(mine, measure).median, limit, measure }];
}

/** What ours takes over a bare Node of the same version. */
function overBase({ work, results }: Measured, limitOf: (major: number) => number): Target[] {
  return results.flatMap((result) => {
    const base = results.find(({ name }) => name === result.base);
    const major = Number(/^node (\d+)/.exec(base?.name ?? '')?.[1]);
    if (base === undefined || Number.isNaN(major)) return [];
    const value = summaryOf(result, 'wallMs').median - summaryOf(base, 'wallMs').median;
    return [
      { what: `${work.title}: ${result.name} over ${base.name}`, value, limit: limitOf(major), measure: 'wallMs' },
    ];
  });
}

/** Large blobs go through threads, each of which has a heap of its own. */
function memoryLines(all: readonly Measured[]): Target[] {
  return matching(all, { group: 'memory', subject: 'large' }).map(({ work: { action }, results }) => ({
    what: `Memory, ${action}: the highest peak, with threads`,
    value: Math.max(...results.map(peak)),
    limit: 160 * MIB,
    measure: 'rss',
  }));
}

const peak = (result: Result): number => summaryOf(result, 'rss').max;
