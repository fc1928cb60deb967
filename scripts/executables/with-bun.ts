/**
 * An executable of Bun: the built command as modules of its file system, each with its byte code, so that a command loads only what
 * it needs and parses nothing.
 */
import { execFileSync } from 'node:child_process';
import { fetchRuntime } from './fetch-runtime.ts';
import { hostTarget, type Target } from './targets.ts';

/** What is run first, and what threads run. */
const PROGRAMS = ['dist/cli/main.js', 'dist/cli/lading-thread.js'];

const flags = [
  '--compile',
  '--bytecode',
  '--splitting',
  '--format=esm',
  '--minify',
  '--target=bun',
  '--reject-unresolved',
  // Most commands are over before compiling them better has paid: 5 to 10 % less CPU for a digest, 3 % more for a large blob.
  '--compile-jit-policy=4',
  // The folder that it is started in is the user's, and no configuration of it.
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
];

/** @param runtimes the folder of fetched runtimes */
export function makeWithBun(target: Target, file: string, runtimes: string): void {
  const bun = fetchRuntime(hostTarget().runtimes.bun, runtimes);
  const runtime = `--compile-executable-path=${fetchRuntime(target.runtimes.bun, runtimes)}`;
  const os = `--target=bun-${target.name}`;
  execFileSync(bun, ['build', ...flags, os, runtime, `--outfile=${file}`, ...PROGRAMS], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
