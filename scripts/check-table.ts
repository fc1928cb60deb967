/**
 * Runs the tests that a table of promises names, and prints each row with what came of them:
 * node --import tsx -C source scripts/check-table.ts docs/seeds.md [ID|SERIES ...]
 * It ends with 1 for a row that no test shows, and for a table that is wrong in itself. Paths are relative to the working directory.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import pLimit from 'p-limit';
import { seriesOf } from './table/ids.ts';
import { judge, type Runs, unlisted } from './table/judge.ts';
import { report } from './table/report.ts';
import { readTable, type Row } from './table/rows.ts';
import { runFile } from './table/run-file.ts';
import { filesWithIds } from './table/titles.ts';

/** Test files at a time, as in `npm test`. */
const AT_ONCE = 2;

const [document, ...wanted] = process.argv.slice(2);
if (document === undefined) {
  console.error('usage: check-table DOCUMENT [ID|SERIES ...]');
  process.exit(2);
}
const table = readTable(readFileSync(document, 'utf8'));
const rows = table.rows.filter(isWanted);
const runs = await runAll(rows);
const elsewhere = rows.every(({ files }) => files.length > 0) ? () => [] : filesWithIds('.');
const verdicts = rows.map((row) => judge(row, runs, elsewhere));
const nothing = rows.length === 0 && table.rows.length > 0 ? [{ text: `no row is called ${wanted.join(' or ')}` }] : [];
const problems = [...table.problems, ...nothing, ...unlisted(table.rows, runs)];
console.log(report(document, verdicts, problems));
process.exitCode = problems.length > 0 || verdicts.some(({ shown }) => !shown) ? 1 : 0;

/** `RUBY` and `RUBY-` name a whole series. */
function isWanted({ id }: Row): boolean {
  return (
    wanted.length === 0 || wanted.some((word) => word === id || word === seriesOf(id) || `${word}-` === seriesOf(id))
  );
}

async function runAll(of: readonly Row[]): Promise<Runs> {
  const files = [...new Set(of.flatMap((row) => row.files))];
  console.error(`running ${files.length} test files`);
  const limit = pLimit(AT_ONCE);
  const results = files.map((file) =>
    limit(async () => [file, existsSync(file) ? await runFile(file, resolve(file)) : 'absent'] as const),
  );
  return new Map(await Promise.all(results));
}
