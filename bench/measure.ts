/** Runs one command and tells what it took: wall clock, processor time, peak memory. */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Sample {
  readonly wallMs: number;
  /** User and system. */
  readonly cpuMs: number;
  /** Peak resident set, in bytes. */
  readonly rss: number;
}

/** @throws Error with the last lines of its output, when the command fails */
export async function measure(command: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Sample> {
  const file = join(tmpdir(), `lading-bench-${process.pid}.time`);
  const started = performance.now();
  const output = await run(['/usr/bin/time', '-f', '%U %S %M', '-o', file, ...command], env);
  const wallMs = performance.now() - started;
  const [user = NaN, system = NaN, kilobytes = NaN] =
    readFileSync(file, 'utf8').trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  rmSync(file, { force: true });
  if (!Number.isFinite(kilobytes)) throw new Error(`no measurement of ${command.join(' ')}: ${output}`);
  return { wallMs, cpuMs: (user + system) * 1000, rss: kilobytes * 1024 };
}

async function run([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const output = lines.join('').slice(-1000);
  if (code !== 0) throw new Error(`${args.slice(5).join(' ')} ended with ${code}: ${output}`);
  return output;
}
