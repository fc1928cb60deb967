/**
 * The bench: the same works done by us, by the peers and by curl, in turns, after a warm-up. Speed is only ever shown so, never tested.
 *
 *   npm run bench [-- pull|push|copy|list|latency|distance|memory|scale ...] [--rounds N] [--size MIB] [--json] [--write]
 *
 * scripts/bench-peers.sh fetches crane and oras where they are not on PATH. LADING_BENCH_NODES (comma separated) names more programs of
 * Node for the works in which the start of a program shows, LADING_BENCH_EXECUTABLE a standalone executable of ours. `--size` is for those
 * who change the bench: a large image of fewer MiB.
 * `--write` keeps what was measured in docs/performance.json, group by group, and writes docs/performance.md from all that is there.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { closing } from './closing.ts';
import { contestants, lading, requireTools } from './contestants.ts';
import { openGround } from './ground.ts';
import { thisMachine } from './machine.ts';
import { type BenchOptions, benchOptions } from './options.ts';
import { type GroupRecord, merged, readRecords, writeRecords } from './records.ts';
import { groupSections, INTRODUCTION, page, PICTURE, provenance, workSection } from './report.ts';
import { compete, type CompeteOptions, type Measured } from './runner.ts';
import { chart } from './scale/chart.ts';
import { measureScale, type Scaled } from './scale/scale.ts';
import type { Setting } from './setting.ts';
import { works } from './works.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const RECORDS = 'docs/performance.json';

async function main(options: BenchOptions): Promise<void> {
  const { players, absent } = contestants();
  requireTools(players);
  const { command, rounds, largeMib } = options;
  const date = new Date().toISOString().slice(0, 10);
  const told = players.map(({ name, version, role }) => ({ name, version, role }));
  const setting: Setting = { date, machine: thisMachine(), players: told, absent, command, rounds, largeMib };
  const say = (text: string): void => void (options.json || console.log(`${text}\n`));
  for (const text of [...INTRODUCTION, provenance(setting)]) say(text);
  const measured = await measureAll(players, options, (one) => say(workSection(one)));
  const fresh = options.groups.flatMap((group): GroupRecord[] => {
    const ofGroup = measured.filter(({ work }) => work.group === group);
    return group === 'scale' ? [] : [{ group, setting, works: ofGroup }];
  });
  if (options.groups.includes('scale')) {
    const record: GroupRecord = { group: 'scale', setting, works: [], scale: await scaled(rounds) };
    for (const text of groupSections(record)) say(text);
    fresh.push(record);
  }
  for (const section of closing(fresh)) say(section);
  if (options.json) console.log(JSON.stringify(fresh));
  if (options.write) writePage(merged(readRecords(RECORDS), fresh));
}

/** The page is of all records, whichever run they are of. */
function writePage(records: readonly GroupRecord[]): void {
  writeRecords(RECORDS, records);
  writeFileSync('docs/performance.md', page(readRecords(RECORDS)));
  const scale = records.flatMap((record) => record.scale ?? []);
  if (scale.length > 0) writeFileSync(`docs/${PICTURE}`, chart(scale));
}

function scaled(rounds: number): Promise<readonly Scaled[]> {
  const onPoint = (title: string, size: number): void => void process.stderr.write(`${title}: ${size}\n`);
  return measureScale({ program: [process.execPath, lading], rounds, onPoint });
}

async function measureAll(
  players: Parameters<typeof compete>[2],
  { groups, rounds, largeMib }: BenchOptions,
  onWork: (measured: Measured) => void,
): Promise<Measured[]> {
  const wanted = works.filter(({ group }) => groups.includes(group));
  const ground = await openGround(`${root}.bench`, largeMib);
  const interrupted = (): void => void ground.stop().finally(() => process.exit(130));
  process.once('SIGINT', interrupted);
  try {
    const all: Measured[] = [];
    for (const work of wanted) {
      const measured = await compete(ground, work, players, { rounds, onRound });
      all.push(measured);
      onWork(measured);
    }
    return all;
  } finally {
    process.off('SIGINT', interrupted);
    await ground.stop();
  }
}

const onRound: CompeteOptions['onRound'] = ({ title }, done, rounds) => {
  process.stderr.write(`\r${title}: round ${done} of ${rounds}${done === rounds ? '\n' : ''}`);
};

process.chdir(root);
try {
  await main(benchOptions(process.argv.slice(2)));
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 1;
}
