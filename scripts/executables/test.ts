/**
 * Runs all tests that start the command against a standalone executable: the one that is named, else one that is made of what is here.
 *
 *   npm run test:executable [-- FILE] [--with bun|node] [--only PART-OF-A-PATH]
 *
 * Bun has sockets of its own under the connections: the tests of those are run on Bun, too.
 */
import { resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LEFT_OUT, type LeftOut } from './left-out.ts';
import { makeExecutable } from './make.ts';
import { passOnBun } from './on-bun.ts';
import { FOLDER, makerNamed } from './options.ts';
import { hostTarget, type Maker } from './targets.ts';
import { commandTests } from './test-files.ts';

/** A whole file. */
const MAX_MS = 15 * 60_000;

interface Finished {
  readonly name: string;
  readonly file?: string | undefined;
  readonly details: { readonly error?: { readonly failureType?: unknown } };
}

/** @returns how many tests were not as the list says */
async function main(executable: string, maker: Maker, files: readonly string[]): Promise<number> {
  process.env.LADING_EXECUTABLE = executable;
  const passed: Finished[] = [];
  const failed: Finished[] = [];
  const stream = run({ files: files.map((file) => resolve(file)), concurrency: 2, timeout: MAX_MS });
  stream.on('test:pass', (test: Finished) => void passed.push(test));
  stream.on('test:fail', (test: Finished) => void failed.push(test));
  stream.compose(new spec()).pipe(process.stdout);
  await new Promise((settle) => stream.once('end', settle));
  const reasonOf = (test: Finished): LeftOut | undefined => reasonFor(test, maker);
  const own = failed.filter(({ details }) => details.error?.failureType !== 'subtestsFailed');
  const wrong = own.filter((test) => reasonOf(test) === undefined);
  const better = passed.filter((test) => reasonOf(test) !== undefined);
  process.once('exit', () => {
    console.log('');
    for (const test of own) console.log(`left out: ${test.name}: ${reasonOf(test)?.reason ?? 'NOT IN THE LIST'}`);
    for (const { name } of better) console.log(`passes, and stands in the list of those that do not: ${name}`);
    console.log(`${own.length - wrong.length} left out, ${wrong.length + better.length} not as they should be`);
  });
  return wrong.length + better.length;
}

function reasonFor({ file = '', name }: Finished, maker: Maker): LeftOut | undefined {
  return LEFT_OUT.find((one) => one.of.includes(maker) && file.endsWith(one.file) && name.startsWith(one.title));
}

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { with: { type: 'string', default: 'bun' }, only: { type: 'string', default: '' } },
});
const files = commandTests().filter((file) => file.includes(values.only));
const maker = makerNamed(values.with);
const [named] = positionals;
const executable = named === undefined ? await makeExecutable(hostTarget(), maker, FOLDER) : resolve(named);
const wrong = files.length === 0 ? 0 : await main(executable, maker, files);
if (wrong > 0 || (maker === 'bun' && !passOnBun(values.only, `${FOLDER}/runtimes`))) process.exitCode = 1;
