/** How much memory a piece of work takes, in a process of its own that does nothing else. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface Grown {
  /** What came of it, in words. */
  readonly outcome: string;
  /** The most memory that the process had, beyond what it had before, in MiB. */
  readonly growth: number;
}

/** @param task what `memory-tasks.ts` knows; the words after it are for the task. */
export async function grownBy(task: string, ...words: readonly string[]): Promise<Grown> {
  const path = fileURLToPath(new URL('memory-tasks.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '-C', 'source', '--max-semi-space-size=4', path, task, ...words],
    { timeout: 280_000, killSignal: 'SIGKILL' },
  );
  return JSON.parse(stdout) as Grown;
}
