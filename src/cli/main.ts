#!/usr/bin/env node
/**
 * The program's entry: hands the process to the commands, and ends with their code. It imports nothing that loads more, so that what
 * is set up here holds for all that is loaded after it, and so that the version is told at once.
 */
import { keepCompiled } from './compile-cache.ts';
import { VERSION } from './version.ts';

const argv = process.argv.slice(2);
if (isVersion(argv)) {
  printVersion();
} else {
  // Bun has neither, and takes its time to say so.
  if (process.versions.bun === undefined) prepareEngine();
  const { start } = await import('./start.ts');
  process.exitCode = await start(argv);
}

/** What is set of V8, before it has compiled and kept anything. */
function prepareEngine(): void {
  // A small young generation is swept often, and the buffers of streams with it: a large image takes no more memory than it must.
  process.getBuiltinModule('node:v8').setFlagsFromString('--semi-space-growth-factor=1');
  keepCompiled(process.env);
}

/** As the program does it: at once where that can be, and a reader that has left is no failure. */
function printVersion(): void {
  try {
    process.getBuiltinModule('node:fs').writeSync(1, `${VERSION}\n`);
  } catch {
    process.stdout.on('error', () => {});
    process.stdout.write(`${VERSION}\n`);
  }
}

/** Nothing else is asked for: with more arguments, commander decides what they mean. */
function isVersion([option, ...others]: readonly string[]): boolean {
  return others.length === 0 && (option === '--version' || option === '-V');
}
