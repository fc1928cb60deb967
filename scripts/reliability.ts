/**
 * npm run test:reliability [-- --registry docker] [--family head] [--seed S]: the whole matrix of faults and operations, then the acceptance
 * programme, the crashes, the concurrency and the secrets, each as a whole. Prints one table; fails when anything did.
 * With `--registry docker` the matrix alone, against the real docker-registry; with `--family` those cells alone (`matrix`: all).
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type FamilyReport, runMatrix } from '../test/reliability/matrix.ts';
import { cells, noCells } from '../test/reliability/matrix-cells.ts';

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
const chosen = cells.filter(
  ({ family }) => values.family === undefined || values.family === 'matrix' || family === values.family,
);
await runMatrix(chosen, { registry, seed, lanes: Number(values.lanes ?? 4), onFamily });
if (registry === 'lading' && values.family === undefined) {
  for (const [family, files] of Object.entries(suites())) rows.push(await runTests(family, files));
}
print(rows);
process.exitCode = rows.every(({ failed }) => failed === 0) ? 0 : 1;

/** Test files that stand for themselves, as a whole: `LADING_WHOLE=1`. */
function suites(): Readonly<Record<string, readonly string[]>> {
  const found = (...files: readonly string[]): readonly string[] => files.filter((file) => existsSync(file));
  return {
    acceptance: readdirSync('test/acceptance')
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => `test/acceptance/${file}`),
    crash: found(
      'test/reliability/crash.test.ts',
      'test/node/login-crash.test.ts',
      'test/journeys/killed-pull.test.ts',
    ),
    disk: found('test/reliability/disk-faults.test.ts', 'test/node/directory-full.test.ts'),
    concurrency: found('test/reliability/concurrency.test.ts', 'test/node/directory-processes.test.ts'),
    secrets: found('test/journeys/secrets.test.ts'),
  };
}

async function runTests(family: string, files: readonly string[]): Promise<Row> {
  const args = ['--import', 'tsx', '-C', 'source', '--test', '--test-reporter=tap', '--test-concurrency=2', ...files];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, LADING_WHOLE: '1' },
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
  const run = counted('tests') - skipped;
  return { family, cells: run, runs: run, failed: failed === 0 && status !== 0 ? 1 : failed };
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
