/** The table of what older clients promised, without running its tests, as `npm run check:seeds` does: it is whole, and names what is there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seriesOf } from '../../scripts/table/ids.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { readProjectFile } from '../support/named-tests.ts';
import { assertFilesHaveIds, assertNone, assertTitlesHaveRows, readPromises } from '../support/promises.ts';

const { rows, problems, ids } = readPromises('docs/seeds.md');

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
  'GEN-': 3,
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
  assertFilesHaveIds(rows);
});

test('every title with an id of the table has a row', () => {
  const series = new Set(Object.keys(lists));
  // `G01` to `G42` are the acceptance tests.
  assertTitlesHaveRows(ids, (id) => series.has(seriesOf(id)) && !/^G\d\d$/.test(id));
});

test('the names in the column of the API are exported, and the errors are codes', () => {
  const surface = wordsOf(readProjectFile('test/api/surface.golden.txt'));
  const unknown = rows.flatMap(({ id, cells }) =>
    [...codeIn(cells.API)].flatMap((code) =>
      [...wordsOf(code.replaceAll(/'[^']*'/g, ''))]
        .filter((word) => !surface.has(word) && !variables.has(word))
        .map((word) => `${id}: ${word}`),
    ),
  );
  assertNone(unknown);
});

test('the commands and options in the column of the command are those of the command line', () => {
  const names = new Set(COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]));
  const options = new Set(readProjectFile('docs/cli.md').match(/--[a-z-]+/g));
  const unknown = rows.flatMap(({ id, cells }) =>
    [...codeIn(cells.command)].flatMap((code) => {
      const command = /^lading ([a-z0-9-]+)/.exec(code)?.[1];
      const unknownOptions = (code.match(/--[a-z-]+/g) ?? []).filter((option) => !options.has(option));
      return [...(command === undefined || names.has(command) ? [] : [command]), ...unknownOptions].map(
        (word) => `${id}: ${word}`,
      );
    }),
  );
  assertNone(unknown);
});

function codeIn(cell = ''): Set<string> {
  return new Set([...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));
}

function wordsOf(code: string): Set<string> {
  return new Set(code.match(/[A-Za-z_]\w*/g));
}
