/**
 * npm run test:reliability [-- --registry docker] [--family head] [--seed S]: the whole matrix of faults and operations, then the acceptance
 * tests, kills, disks, many processes at once and the secrets, each as a whole. Prints one table; fails when anything did. With
 * `--registry docker` all of it with Debian's docker-registry behind the fault proxy, but for what makes its registry itself; with `--family`
 * those rows alone (`matrix`: all of its own).
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type FamilyReport, runMatrix } from '../test/reliability/matrix.ts';
import { cells, noCells } from '../test/reliability/matrix-cells.ts';
import { toldCells } from '../test/support/cells.ts';

interface Row {
  readonly family: string;
  readonly cells: number;
  readonly runs: number;
  readonly failed: number;
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { values } = parseArgs({
  options: {
    registry: { type: 'string' },
    seed: { type: 'string' },
    lanes: { type: 'string' },
    family: { type: 'string' },
  },
});
const registry = values.registry === 'docker' ? 'docker' : 'lading';
const seed = Number(values.seed ?? Date.now() % 100_000);
console.log(`seed ${seed}; ${cells.length} cells apply, ${noCells.length} do not`);

const rows: Row[] = [];
const onFamily = ({ family, cells: count, runs, failures }: FamilyReport): void => {
  for (const failure of failures) console.error(`${family}: ${failure}`);
  rows.push({ family: `matrix: ${family}`, cells: count, runs, failed: failures.length });
  console.error(`${family}: ${count} cells, ${runs} runs, ${failures.length} failed`);
};
const began = performance.now();
const isChosen = (...names: readonly string[]): boolean => values.family === undefined || names.includes(values.family);
const chosen = cells.filter(({ family }) => isChosen(family, 'matrix'));
if (chosen.length > 0) await runMatrix(chosen, { registry, seed, lanes: Number(values.lanes ?? 4), onFamily });
for (const [family, { files, own = [] }] of Object.entries(suites())) {
  if (isChosen(family)) rows.push(await runTests(family, registry === 'docker' ? files : [...files, ...own]));
}
print(rows);
process.exitCode = rows.every(({ failed }) => failed === 0) ? 0 : 1;

interface Suite {
  /** Test files whose registry may be another. */
  readonly files: readonly string[];
  /** Those that make a registry of their own, or need none. */
  readonly own?: readonly string[];
}

/** What is run as a whole: `LADING_WHOLE=1`. */
function suites(): Readonly<Record<string, Suite>> {
  const files = ['test/acceptance/disk-full.test.ts', 'test/acceptance/unreadable.test.ts'];
  const acceptance = readdirSync('test/acceptance')
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/acceptance/${file}`);
  return {
    acceptance: { files, own: acceptance.filter((file) => !files.includes(file)) },
    crash: {
      files: ['test/reliability/crash.test.ts'],
      own: ['test/node/login-crash.test.ts', 'test/journeys/killed-pull.test.ts'],
    },
    disk: { files: ['test/reliability/disk-faults.test.ts'], own: ['test/node/directory-full.test.ts'] },
    concurrency: { files: ['test/reliability/concurrency.test.ts'], own: ['test/node/directory-processes.test.ts'] },
    secrets: { files: [], own: ['test/journeys/secrets.test.ts', 'test/journeys/wrong-bytes.test.ts'] },
  };
}

async function runTests(family: string, files: readonly string[]): Promise<Row> {
  if (files.length === 0) return { family, cells: 0, runs: 0, failed: 0 };
  const args = ['--import', 'tsx', '-C', 'source', '--test', '--test-reporter=tap', '--test-concurrency=2', ...files];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, LADING_WHOLE: '1', LADING_REGISTRY: registry },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const status = await new Promise((resolve) => child.once('close', resolve));
  const counted = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  const failed = counted('fail') + counted('cancelled');
  for (const [line] of text.matchAll(/^ *not ok .*$/gm)) console.error(`${family}: ${line.trim()}`);
  const skipped = counted('skipped');
  if (skipped > 0) console.error(`${family}: ${skipped} skipped`);
  const told = toldCells(text);
  const run = counted('tests') - skipped - told.tests + told.cells;
  return { family, cells: run, runs: run, failed: failed === 0 && status !== 0 ? 1 : Math.max(failed, told.failed) };
}

function print(all: readonly Row[]): void {
  const total = (name: 'cells' | 'runs' | 'failed'): number => all.reduce((sum, row) => sum + row[name], 0);
  const sum = { family: 'all', cells: total('cells'), runs: total('runs'), failed: total('failed') };
  const line = (...cellsOf: readonly (string | number)[]): void =>
    console.log(cellsOf.map((cell, at) => (at === 0 ? String(cell).padEnd(22) : String(cell).padStart(9))).join(''));
  line('family', 'cells', 'runs', 'passed', 'failed');
  for (const { family, cells: count, runs, failed } of [...all, sum])
    line(family, count, runs, Math.max(0, runs - failed), failed);
  console.log(`${Math.round((performance.now() - began) / 1000)} s`);
}
