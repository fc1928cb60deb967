/** Runs one command and tells what it took: wall clock, processor time, peak memory. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Sample } from './statistics.ts';

export type Cost = Pick<Sample, 'wallMs' | 'cpuMs' | 'rss'>;

/** GNU time: what a process and its children took is known to nobody but their parent. */
export const TIME = '/usr/bin/time';

/**
 * @param file where GNU time may write
 * @throws Error with the last lines of its output, when the command fails
 */
export async function measure(command: readonly string[], env: NodeJS.ProcessEnv, file: string): Promise<Cost> {
  const started = performance.now();
  await run([TIME, '-f', '%U %S %M', '-o', file, ...command], env, command);
  const wallMs = performance.now() - started;
  return { wallMs, ...timed(readFileSync(file, 'utf8'), command) };
}

function timed(written: string, command: readonly string[]): Pick<Cost, 'cpuMs' | 'rss'> {
  const [user = NaN, system = NaN, kilobytes = NaN] = written.trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  if (!Number.isFinite(kilobytes)) throw new Error(`no measurement of ${command.join(' ')}: ${written}`);
  return { cpuMs: (user + system) * 1000, rss: kilobytes * 1024 };
}

async function run(timedCommand: readonly string[], env: NodeJS.ProcessEnv, shown: readonly string[]): Promise<void> {
  const [program = '', ...args] = timedCommand;
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-1000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${shown.join(' ')} ended with ${code}: ${output}`);
}
