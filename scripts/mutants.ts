/**
 * npm run test:mutants [-- part of a family or guard ...]: takes the guards of the sources away, one at a time, and expects the tests that are
 * named for each to fail. A mutant that survives means that a test is missing: then this fails.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { mutants } from '../test/mutants/index.ts';
import type { Mutant } from '../test/mutants/mutant.ts';
import { openWorkspace, type TestRun, type Workspace } from './mutants/workspace.ts';

const AT_ONCE = 2;
const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);
const chosen = mutants.filter(
  ({ family, guard }) => wanted.length === 0 || wanted.some((part) => family.includes(part) || guard.includes(part)),
);

for (const { file, find, guard } of chosen) {
  const count = readFileSync(root + file, 'utf8').split(find).length - 1;
  if (count !== 1) fail(`${guard}: its text stands ${count} times in ${file}`);
}
if (chosen.length === 0) fail(`no mutant matches ${wanted.join(' ')}`);

const workspaces = Array.from({ length: AT_ONCE }, () => openWorkspace(root));
process.once('SIGINT', () => {
  for (const workspace of workspaces) workspace.remove();
  process.exit(130);
});
try {
  await requireGreen();
  const survivors = await runAll();
  console.log(`\n${chosen.length} mutants, ${chosen.length - survivors} noticed, ${survivors} survived`);
  process.exitCode = survivors === 0 ? 0 : 1;
} finally {
  for (const workspace of workspaces) workspace.remove();
}

/** Without a mutant everything passes: else nothing would be shown. */
async function requireGreen(): Promise<void> {
  const files = [...new Set(chosen.flatMap(({ tests }) => tests))];
  const runs = await inTurn(files, async (file, workspace) => ({ file, ...(await workspace.run([file])) }));
  const red = runs.filter(({ passed }) => !passed);
  if (red.length === 0) return console.log(`${files.length} test files pass without a mutant\n`);
  for (const { file, failed, output } of red) console.error(`${file}: ${failed.join(', ') || output.slice(-2000)}`);
  throw new Error(`${red.length} test files fail without a mutant`);
}

/** @returns how many survived */
async function runAll(): Promise<number> {
  const runs = await inTurn(chosen, async (mutant, workspace) => {
    const run = await workspace.run(mutant.tests, mutant);
    console.log(lineOf(mutant, run));
    return run;
  });
  return runs.filter(({ passed }) => passed).length;
}

function lineOf({ family, guard, file, tests }: Mutant, { passed, failed }: TestRun): string {
  const verdict = passed ? 'SURVIVED' : 'red';
  const by = passed
    ? tests.join(' ')
    : `${failed[0] ?? 'no test ran to its end'}${failed.length > 1 ? ` (+${failed.length - 1})` : ''}`;
  return `${verdict.padEnd(9)}${family.padEnd(12)}${guard.padEnd(64)} ${file}\n${''.padEnd(21)}${by}`;
}

/** Each with a workspace of its own, in their order. */
async function inTurn<T, R>(all: readonly T[], work: (one: T, workspace: Workspace) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const entries = all.entries();
  await Promise.all(
    workspaces.map(async (workspace) => {
      for (const [at, one] of entries) results[at] = await work(one, workspace);
    }),
  );
  return results;
}

function fail(problem: string): never {
  console.error(problem);
  process.exit(1);
}
