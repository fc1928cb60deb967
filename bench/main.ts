/**
 * The bench: the same works done by us, by the peers and by curl, in turns, after a warm-up. Speed is only ever shown so, never tested.
 *
 *   npm run bench [-- pull|push|copy|list|latency|distance|memory ...] [--rounds N] [--size MIB] [--json] [--write]
 *
 * LADING_BENCH_NODES (comma separated) names more programs of Node for the works in which the start of a program shows,
 * LADING_BENCH_EXECUTABLE a standalone executable of ours. `--size` is for those who change the bench: a large image of fewer MiB.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { closing } from './closing.ts';
import { contestants, requireTools } from './contestants.ts';
import { openGround } from './ground.ts';
import { thisMachine } from './machine.ts';
import { type BenchOptions, benchOptions } from './options.ts';
import { head, page, workSection } from './report.ts';
import { compete, type CompeteOptions, type Measured } from './runner.ts';
import type { Setting } from './setting.ts';
import { works } from './works.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

async function main(options: BenchOptions): Promise<void> {
  const { players, absent } = contestants();
  requireTools(players);
  const setting: Setting = { ...options, machine: thisMachine(), players, absent };
  const say = (text: string): void => void (options.json || console.log(`${text}\n`));
  say(head(setting));
  const all = await measureAll(setting, options, (measured) => say(workSection(measured)));
  for (const section of closing(setting, all)) say(section);
  if (options.json) console.log(JSON.stringify({ ...setting, works: all }));
  if (options.write) writeFileSync('docs/performance.md', page(setting, all));
}

async function measureAll(
  { players }: Setting,
  { groups, rounds, largeMib }: BenchOptions,
  onWork: (measured: Measured) => void,
): Promise<Measured[]> {
  const ground = await openGround(`${root}.bench`, largeMib);
  const interrupted = (): void => void ground.stop().finally(() => process.exit(130));
  process.once('SIGINT', interrupted);
  try {
    const all: Measured[] = [];
    for (const work of works.filter(({ group }) => groups.includes(group))) {
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
