/** What the bench says, as Markdown: on a terminal work by work, and whole as docs/performance.md. */
import { closing } from './closing.ts';
import { US } from './contestants.ts';
import type { GroupRecord } from './records.ts';
import type { Measured } from './runner.ts';
import { scaleSections } from './scale/section.ts';
import type { Setting } from './setting.ts';
import { type Measure, type Result, ratio, summaryOf } from './statistics.ts';
import { shown, shownSummary, table } from './table.ts';
import { type Group, ROUND_TRIP_MS } from './works.ts';

const titles: Readonly<Record<Group, string>> = {
  pull: 'Pull',
  push: 'Push',
  copy: 'Copy',
  list: 'Lists',
  latency: 'Start-up, and nothing to do',
  distance: `A round trip of ${ROUND_TRIP_MS} ms`,
  memory: 'Memory',
  scale: 'Cost against size',
};

/** Where the picture of scale is, from the page. */
export const PICTURE = 'performance-scale.svg';

/** The page, from what was measured group by group, maybe in several runs. */
export function page(records: readonly GroupRecord[]): string {
  const sections = records.flatMap((record) => [
    `## ${titles[record.group]}`,
    provenance(record.setting),
    ...groupSections(record),
  ]);
  return `${[...INTRODUCTION, ...sections, ...closing(records)].join('\n\n')}\n`;
}

export function groupSections({ works, scale }: GroupRecord): readonly string[] {
  return [...works.map(workSection), ...(scale === undefined ? [] : scaleSections(scale, PICTURE))];
}

/** What holds for all that follows. */
export const INTRODUCTION: readonly string[] = [
  '# Performance',
  'Measured, never promised. This page is written by\n\n```console\n$ npm run bench -- --write\n```',
  [
    '- Rounds: after one to warm up, everybody takes a turn in each round, in another order each time',
    "- Images: a large one, one of 1 MiB (small) and four of 1 MiB in one index, each in 8 layers of the machine's own files",
    "- Registries: Debian's docker-registry on loopback; for long lists our own embedded one, as a process of its own",
    '- Caches: the registries are warm, so is the page cache; every run has a fresh HOME; of runs before it only XDG_CACHE_HOME is left, in which a newer Node keeps what it has compiled',
    '- Memory: before a run with the large image as much memory is written to and freed as it will need, and a half more: a virtual machine may have given it back to its host, and getting it again took 1.3 s of a pull, or nothing, by what ran before',
    "- Shown: median [minimum … maximum], and the median of `lading` over theirs: below 1.00 it takes less. The CPU is user and system, to 10 ms. Requests and bytes are those of the registries' logs: what they have answered, and the bodies of it. curl verifies nothing; crane pulls an image that it has already once more",
  ].join('\n'),
];

/** What one run of the bench was. */
export function provenance({ date, machine, players, command, rounds, largeMib }: Setting): string {
  const { cpu, cores, memory, kernel, node, commit, load } = machine;
  const versions = players.filter(({ role }) => role !== 'start').map(({ name, version }) => `${name} ${version}`);
  return [
    `- ${date}, \`${command}\`: ${rounds} rounds; the large image has ${largeMib} MiB`,
    `- Machine: ${cpu}, ${cores} cores, ${shown('rss', memory)}, ${kernel}; load when it began: ${load.toFixed(2)}`,
    `- Versions: ${versions.join(', ')}; node ${node}${commit === undefined ? '' : `; source ${commit}`}`,
  ].join('\n');
}

const columns: readonly { readonly title: string; readonly measure: Measure; readonly compared: boolean }[] = [
  { title: 'wall', measure: 'wallMs', compared: true },
  { title: 'CPU', measure: 'cpuMs', compared: true },
  { title: 'peak memory', measure: 'rss', compared: true },
  { title: 'requests', measure: 'requests', compared: false },
  { title: 'bytes', measure: 'bytes', compared: false },
];

/** One work: a row for each who took part. */
export function workSection({ work, results }: Measured): string {
  const ours = results.find(({ name }) => name === US);
  const heading = columns.flatMap(({ title, compared }) => (compared ? [title, 'ours / theirs'] : [title]));
  const rows = results.map((result) => [
    result.name,
    ...columns.flatMap(({ measure, compared }) => {
      const summary = summaryOf(result, measure);
      if (!compared) return [shown(measure, summary.median)];
      return [
        shownSummary(measure, summary),
        ours === undefined || ours === result ? '' : share(ours, result, measure),
      ];
    }),
  ]);
  return [`### ${work.title}`, table(['', ...heading], rows), ...overBase(results)].join('\n\n');
}

/** What of ours is not the start of Node. */
function overBase(results: readonly Result[]): string[] {
  const lines = results.flatMap((result) => {
    const base = results.find(({ name }) => name === result.base);
    if (base === undefined) return [];
    const [whole, bare] = [result, base].map((one) => summaryOf(one, 'wallMs').median);
    return [`- ${result.name}: ${((whole ?? 0) - (bare ?? 0)).toFixed(0)} ms over \`${base.name}\``];
  });
  return lines.length === 0 ? [] : [lines.join('\n')];
}

function share(ours: Result, theirs: Result, measure: Measure): string {
  const value = ratio(ours, theirs, measure);
  return Number.isFinite(value) ? value.toFixed(2) : '';
}
