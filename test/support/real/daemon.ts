/** A real server as a child process: what it prints, and its end. It is ended by its own process id, and never outlives the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Running } from './cleanup.ts';

export interface Daemon extends Running {
  readonly pid: number;
  /** Everything that it has printed. */
  readonly lines: readonly string[];
  /** The first line that matches, printed before or later; rejects when the process ends without it. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts a program with a clean environment: nothing of the user's settings reaches it. */
export async function startDaemon(command: string, args: readonly string[]): Promise<Daemon> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } });
  await once(child, 'spawn');
  const killAtExit = (): boolean => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const ended = once(child, 'close').then(() => process.off('exit', killAtExit));
  const { lines, printed } = readLines(child);
  return { pid: child.pid ?? 0, lines, printed, stop: () => end(child, ended) };
}

function readLines(child: ChildProcess): Pick<Daemon, 'lines' | 'printed'> {
  const lines: string[] = [];
  const watchers = new Set<(line: string | undefined) => void>();
  const tell = (line: string | undefined): void => watchers.forEach((look) => look(line));
  const keep = (line: string): void => {
    lines.push(line);
    tell(line);
  };
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', keep);
  let closed = false;
  child.once('close', () => {
    closed = true;
    tell(undefined);
  });
  const printed = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (line: string | undefined): void => {
        const match = line === undefined ? undefined : pattern.exec(line);
        if (match === null) return;
        watchers.delete(look);
        if (match === undefined) reject(new Error(`${child.spawnfile} ended:\n${lines.slice(-20).join('\n')}`));
        else resolve(match);
      };
      watchers.add(look);
      const before = lines.find((line) => pattern.test(line));
      if (before !== undefined || closed) look(before);
    });
  return { lines, printed };
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  const alarm = new AbortController();
  child.kill('SIGTERM');
  const tooLate = delay(5000, 'late', { signal: alarm.signal, ref: false }).catch(() => undefined);
  if ((await Promise.race([ended, tooLate])) === 'late') child.kill('SIGKILL');
  alarm.abort();
  await ended;
}
