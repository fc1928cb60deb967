/**
 * Runs all tests that start the command against a standalone executable: the one that is named, else one that is made of what is here.
 *
 *   npm run test:executable [-- FILE] [--only PART-OF-A-PATH]
 */
import { resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LEFT_OUT, type LeftOut } from './left-out.ts';
import { executableFile, FOLDER } from './options.ts';
import { hostTarget } from './targets.ts';
import { commandTests } from './test-files.ts';
import { makeWithBun } from './with-bun.ts';

/** A whole file. */
const MAX_MS = 15 * 60_000;

interface Finished {
  readonly name: string;
  readonly file?: string | undefined;
  readonly details: { readonly error?: { readonly failureType?: unknown } };
}

function make(): string {
  const target = hostTarget();
  const file = resolve(executableFile(FOLDER, target, 'bun'));
  makeWithBun(target, file, resolve(FOLDER, 'runtimes'));
  return file;
}

/** @returns how many tests were not as the list says */
async function main(executable: string, files: readonly string[]): Promise<number> {
  process.env.LADING_EXECUTABLE = executable;
  const passed: Finished[] = [];
  const failed: Finished[] = [];
  const stream = run({ files: files.map((file) => resolve(file)), concurrency: 2, timeout: MAX_MS });
  stream.on('test:pass', (data: Finished) => void passed.push(data));
  stream.on('test:fail', (data: Finished) => void failed.push(data));
  stream.compose(new spec()).pipe(process.stdout);
  await new Promise((settle) => stream.once('end', settle));
  const own = failed.filter(({ details }) => details.error?.failureType !== 'subtestsFailed');
  const wrong = own.filter((test) => reasonOf(test) === undefined);
  const better = passed.filter((test) => reasonOf(test) !== undefined);
  process.once('exit', () => tell(own, wrong, better));
  return wrong.length + better.length;
}

function tell(failed: readonly Finished[], wrong: readonly Finished[], better: readonly Finished[]): void {
  console.log('');
  for (const test of failed) console.log(`left out: ${test.name}: ${reasonOf(test)?.reason ?? 'NOT IN THE LIST'}`);
  for (const { name } of better) console.log(`passes, and stands in the list of those that do not: ${name}`);
  console.log(`${failed.length - wrong.length} left out, ${wrong.length + better.length} not as they should be`);
}

function reasonOf({ file = '', name }: Finished): LeftOut | undefined {
  return LEFT_OUT.find((one) => file.endsWith(one.file) && name.startsWith(one.title));
}

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', default: '' } },
});
const files = commandTests().filter((file) => file.includes(values.only));
const [named] = positionals;
if ((await main(named === undefined ? make() : resolve(named), files)) > 0) process.exitCode = 1;
