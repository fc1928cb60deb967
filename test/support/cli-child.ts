/** One command line as a process of the executable that is under test: the same options and results as in this process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import type { CliOptions, CliResult, RunningCli } from './cli.ts';

/** Is there nothing that only a test's own process can pretend? */
export function runsAsChild(argv: readonly string[], options: CliOptions): boolean {
  // No system passes it on.
  if (options.here === true || argv.some((word) => word.includes('\0'))) return false;
  const { stdinIsTTY, stdoutIsTTY, stderrIsTTY, columns, rows, onReady, now, stdoutBreaksAfter } = options;
  const isTerminal = stdinIsTTY === true || stdoutIsTTY === true || stderrIsTTY === true;
  return !isTerminal && [columns, rows, onReady, now, stdoutBreaksAfter].every((told) => told === undefined);
}

/** Starts one command line. Of the environment it knows only what is told and PATH, and no home. */
export function startChild(file: string, argv: readonly string[], { env, cwd, stdin = '' }: CliOptions): RunningCli {
  const child = spawn(file, argv, {
    cwd,
    env: { PATH: process.env.PATH, HOME: '/nonexistent', TERM: 'xterm', ...env },
  });
  const killAtExit = (): boolean => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const first = new Promise<string>((resolve) => {
    let seen = '';
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.includes('\n')) resolve(seen.slice(0, seen.indexOf('\n')));
    });
  });
  const done = Promise.all([buffer(child.stdout), buffer(child.stderr), once(child, 'close')]).then(
    ([stdoutBytes, stderr, [code]]): CliResult => {
      process.off('exit', killAtExit);
      return { code: Number(code), stdout: stdoutBytes.toString(), stdoutBytes, stderr: stderr.toString(), exits: [] };
    },
  );
  return { done, send: (name) => void child.kill(name), firstLine: () => first };
}
