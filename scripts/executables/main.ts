/**
 * Makes standalone executables of the built command, and checks them. docs/executables.md tells what they are.
 *
 *   npm run executables [-- linux-x64|linux-arm64|darwin-x64|darwin-arm64|windows-x64|host ...] [--with bun|node] [--out DIR]
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Checked, checkExecutable } from './check.ts';
import { makeExecutable } from './make.ts';
import { type ExecutableOptions, executableOptions } from './options.ts';

async function main({ targets, maker, folder }: ExecutableOptions): Promise<void> {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
  for (const target of targets) {
    const file = await makeExecutable(target, maker, folder);
    console.log(lineOf(checkExecutable(target, file, version)));
  }
}

function lineOf({ target, file, size, found }: Checked): string {
  return `${target.padEnd(12)}  ${(size / 1e6).toFixed(1).padStart(6)} MB  ${found.join(', ')}: ${file}`;
}

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
try {
  await main(executableOptions(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
