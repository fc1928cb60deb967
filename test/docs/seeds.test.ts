/** The table of what older clients promised, without running its tests, as `npm run check:seeds` does: it is whole, and names what is there. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { leadingIds, seriesOf } from '../../scripts/table/ids.ts';
import { readTable } from '../../scripts/table/rows.ts';
import { idsIn, testFiles, titlesIn } from '../../scripts/table/titles.ts';
import { COMMANDS } from '../../src/cli/commands.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(root + file, 'utf8');
const { rows, problems } = readTable(read('docs/seeds.md'));
const ids = rows.map(({ id }) => id);

/** How many promises each list has. */
const lists: Readonly<Record<string, number>> = {
  'RUBY-': 70,
  'GO-': 37,
  'NODE-': 64,
  'NAME-': 9,
  'CONN-': 12,
  'AUTH-': 14,
  'READ-': 23,
  'WRITE-': 11,
  'ERR-': 6,
  A: 4,
  B: 5,
  C: 8,
  D: 13,
  E: 6,
  F: 12,
  G: 3,
};

/** What the page says of its own words, and what stands for a value of the reader's. */
const variables = new Set(['client', 'registry', 'repository', 'defaultIndex', 'dir', 'directory', 'other']);

test('the table has every promise once, in order, and no empty cell', () => {
  assert.deepEqual(problems, []);
  const wanted = Object.entries(lists).flatMap(([series, count]) =>
    Array.from({ length: count }, (_, at) => `${series}${at + 1}`),
  );
  assert.deepEqual(ids, wanted);
});

test('every row names test files that have its id', () => {
  const lacking = rows.flatMap(({ id, files }) => {
    if (files.length === 0) return [`${id} names no test`];
    return files.filter((file) => !has(file, id)).map((file) => `${id} does not stand in ${file}`);
  });
  none(lacking);
});

test('every title with an id of the table has a row', () => {
  const series = new Set(Object.keys(lists));
  const unknown = testFiles(root).flatMap((file) =>
    titlesIn(file, read(file)).flatMap((title) =>
      leadingIds(title)
        .filter((id) => series.has(seriesOf(id)) && !ids.includes(id))
        // `G01` to `G42` are the acceptance tests.
        .filter((id) => !/^G\d\d$/.test(id))
        .map((id) => `${file}: ${id}`),
    ),
  );
  none(unknown);
});

test('the names in the column of the API are exported, and the errors are codes', () => {
  const surface = wordsOf(read('test/api/surface.golden.txt'));
  const unknown = rows.flatMap(({ id, cells }) =>
    [...codeIn(cells.API)].flatMap((code) =>
      [...wordsOf(code.replaceAll(/'[^']*'/g, ''))]
        .filter((word) => !surface.has(word) && !variables.has(word))
        .map((word) => `${id}: ${word}`),
    ),
  );
  none(unknown);
});

test('the commands and options in the column of the command are those of the command line', () => {
  const names = new Set(COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]));
  const options = new Set(read('docs/cli.md').match(/--[a-z-]+/g));
  const unknown = rows.flatMap(({ id, cells }) =>
    [...codeIn(cells.command)].flatMap((code) => {
      const command = /^lading ([a-z0-9-]+)/.exec(code)?.[1];
      const unknownOptions = (code.match(/--[a-z-]+/g) ?? []).filter((option) => !options.has(option));
      return [...(command === undefined || names.has(command) ? [] : [command]), ...unknownOptions].map(
        (word) => `${id}: ${word}`,
      );
    }),
  );
  none(unknown);
});

/** Shows them all, which a comparison of arrays does not. */
function none(wrong: readonly string[]): void {
  assert.ok(wrong.length === 0, wrong.join('\n'));
}

function has(file: string, id: string): boolean {
  return testFiles(root).includes(file) && idsIn(file, read(file)).has(id);
}

function codeIn(cell = ''): Set<string> {
  return new Set([...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));
}

function wordsOf(code: string): Set<string> {
  return new Set(code.match(/[A-Za-z_]\w*/g));
}
