/**
 * Fuzzes: npm run fuzz -- [--target T] [--runs N] [--seed S]. Each target runs in a process of its own, whose memory is bounded and which
 * is ended when it hangs; what it found is printed, with the seed that finds it again, and kept in fuzz/failures/.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { superlinear } from '../fuzz/growth.ts';
import { lineOfBytes } from '../fuzz/lines.ts';
import { fuzz, inputsOf, misjudged, runsOf, told } from '../fuzz/run.ts';
import { loadTarget, targetNames } from '../fuzz/targets.ts';
import { held } from '../test/support/soak/resources.ts';

const HEAP_MB = 512;
/** Beyond what was held after the first runs, when nothing runs any more. */
const MAX_KEPT_MB = 32;
/** Of the whole process at any moment: what is thrown away is not collected at once. */
const MAX_PEAK_MB = 1024;
const WARM_UP_RUNS = 500;
const HANG_MS = 120_000;
const failures = new URL('../fuzz/failures/', import.meta.url);

interface Wanted {
  readonly runs: number;
  readonly seed: number;
}

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    runs: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    child: { type: 'boolean', default: false },
  },
});
const wanted: Wanted = { runs: whole('runs', values.runs), seed: whole('seed', values.seed) };
process.exitCode = values.child ? await one(values.target ?? '', wanted) : await all(wanted);

function whole(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  console.error(`--${name} is a whole number`);
  return process.exit(2);
}

async function all({ runs, seed }: Wanted): Promise<number> {
  const names = values.target === undefined ? targetNames : values.target.split(',');
  const unknown = names.filter((name) => !targetNames.includes(name));
  if (unknown.length > 0) {
    console.error(`no target ${unknown.join(', ')}: there are ${targetNames.join(', ')}`);
    return 2;
  }
  let failed = 0;
  for (const name of names) failed += (await inChild(name, { runs, seed })) === 0 ? 0 : 1;
  console.log(`${names.length} targets, ${failed} with a finding; seed ${seed}`);
  return failed === 0 ? 0 : 1;
}

async function inChild(name: string, { runs, seed }: Wanted): Promise<number> {
  const args = ['--child', '--target', name, '--runs', String(runs), '--seed', String(seed)];
  const execArgv = [...process.execArgv, `--max-old-space-size=${HEAP_MB}`];
  const child = fork(fileURLToPath(import.meta.url), args, {
    execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const { code, done } = await ended(child);
  if (code !== 0 && code !== 1) {
    const text = `${name} ended with ${code} after ${done} of its runs; seed ${seed}, runs ${runs}`;
    console.log(text);
    await keep(name, seed, text);
  }
  return code === 0 ? 0 : 1;
}

function ended(child: ChildProcess): Promise<{ readonly code: number | string; readonly done: number }> {
  return new Promise((resolve) => {
    let done = 0;
    const hangs = (): void => void child.kill('SIGKILL');
    let timer = setTimeout(hangs, HANG_MS);
    child.on('message', (message) => {
      done = Number(message);
      clearTimeout(timer);
      timer = setTimeout(hangs, HANG_MS);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? signal ?? 'no exit code', done });
    });
  });
}

async function one(name: string, { runs, seed }: Wanted): Promise<number> {
  const target = await loadTarget(name);
  const problems = [...(await misjudged(target))];
  // The same seed begins with the same inputs: what is found here is found again.
  await fuzz(target, { runs: Math.min(WARM_UP_RUNS, runsOf(target, runs)), seed });
  const before = await heldMb();
  const startedAt = performance.now();
  const onProgress = (done: number): void => void process.send?.(done);
  const { runs: made, finding, slow } = await fuzz(target, { runs: runsOf(target, runs), seed, onProgress });
  const seconds = (performance.now() - startedAt) / 1000;
  if (finding !== undefined) problems.push(`${lineOfBytes(finding.input).slice(0, 4000)}\n${finding.problem}`);
  const [kept, peak] = [(await heldMb()) - before, peakMb()];
  if (kept > MAX_KEPT_MB || peak > MAX_PEAK_MB) problems.push(`memory: ${kept} MB kept, ${peak} MB at its peak`);
  onProgress(made);
  const corpus = inputsOf(await target.corpus()).map(({ bytes }) => bytes);
  const growth =
    finding === undefined ? await superlinear(target, [...slow, ...slow, ...corpus], seed).catch(problemOf) : undefined;
  if (typeof growth === 'string') problems.push(growth);
  else if (growth !== undefined) {
    problems.push(
      `${growth.small} ms become ${growth.large} when it is four times as long: ${lineOfBytes(growth.input).slice(0, 2000)}`,
    );
  }
  await target.close?.();
  for (const problem of problems)
    console.log(`${name}: ${problem}\n  again: npm run fuzz -- --target ${name} --runs ${runs} --seed ${seed}`);
  if (problems.length > 0) await keep(name, seed, problems.join('\n\n'));
  const rate = Math.round(made / seconds);
  console.log(
    `${name.padEnd(18)} ${String(made).padStart(8)} runs ${String(rate).padStart(7)}/s, ${kept} MB kept, ${peak} MB at most, ${problems.length} findings`,
  );
  return problems.length === 0 ? 0 : 1;
}

/** Long inputs find what short ones do not. */
function problemOf(error: unknown): string {
  return `of a long input: ${told(error)}`;
}

async function heldMb(): Promise<number> {
  return Math.round((await held()).heap / 1024 / 1024);
}

function peakMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

async function keep(name: string, seed: number, text: string): Promise<void> {
  await mkdir(failures, { recursive: true });
  await writeFile(new URL(`${name}-${seed}.txt`, failures), `${text}\n`);
}
