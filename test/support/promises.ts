/** What every table of promises has to be, without its tests being run: whole, with a test of its id in each file that it names. */
import assert from 'node:assert/strict';
import { leadingIds } from '../../scripts/table/ids.ts';
import { readTable, type Row, type Table } from '../../scripts/table/rows.ts';
import { idsIn, testFiles, titlesIn } from '../../scripts/table/titles.ts';
import { projectRoot, readProjectFile } from './named-tests.ts';

export function readPromises(document: string): Table & { readonly ids: readonly string[] } {
  const table = readTable(readProjectFile(document));
  return { ...table, ids: table.rows.map(({ id }) => id) };
}

/** Every row names test files that have its id. */
export function assertFilesHaveIds(rows: readonly Row[]): void {
  const lacking = rows.flatMap(({ id, files }) => {
    if (files.length === 0) return [`${id} names no test`];
    return files.filter((file) => !has(file, id)).map((file) => `${id} does not stand in ${file}`);
  });
  assertNone(lacking);
}

/** Every title with an id of the table has a row. */
export function assertTitlesHaveRows(ids: readonly string[], isOfTable: (id: string) => boolean): void {
  const unknown = testFiles(projectRoot).flatMap((file) =>
    titlesIn(file, readProjectFile(file)).flatMap((title) =>
      leadingIds(title)
        .filter((id) => isOfTable(id) && !ids.includes(id))
        .map((id) => `${file}: ${id}`),
    ),
  );
  assertNone(unknown);
}

/** Shows them all, which a comparison of arrays does not. */
export function assertNone(wrong: readonly string[]): void {
  assert.ok(wrong.length === 0, wrong.join('\n'));
}

function has(file: string, id: string): boolean {
  return testFiles(projectRoot).includes(file) && idsIn(file, readProjectFile(file)).has(id);
}
