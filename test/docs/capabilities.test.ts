/** The table of what people do to images, without running its tests, as `npm run check:capabilities` does: it is whole, and names what is there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { seriesOf } from '../../scripts/table/ids.ts';
import { processContext } from '../../src/cli/context.ts';
import { createFrame } from '../../src/cli/frame.ts';
import { wholeProgram } from '../../src/cli/program.ts';
import { readProjectFile } from '../support/named-tests.ts';
import { assertFilesHaveIds, assertNone, assertTitlesHaveRows, readPromises } from '../support/promises.ts';

const { rows, problems, ids } = readPromises('docs/capabilities.md');

/** How far each group is numbered, and what is left out of it: that of one vendor, of one kind of store, or of another time. */
const groups: Readonly<Record<string, { readonly last: number; readonly without?: readonly number[] }>> = {
  'CAP-E': { last: 18 },
  'CAP-F': { last: 15, without: [14] },
  'CAP-G': { last: 15, without: [12, 13] },
  'CAP-H': { last: 4 },
  'CAP-I': { last: 9, without: [7] },
  'CAP-J': { last: 10, without: [4, 8, 9] },
  'CAP-M': { last: 7 },
  'CAP-N': { last: 3 },
};

const peers = ['crane', 'regctl', 'oras', 'skopeo', 'docker_registry2'] as const;

/** What the page says of its own words. */
const variables = new Set(['client', 'registry', 'repository', 'name', 'text']);

test('the table has every capability once, in order, and no empty cell', () => {
  assert.deepEqual(problems, []);
  const wanted = Object.entries(groups).flatMap(([group, { last, without = [] }]) =>
    Array.from({ length: last }, (_, at) => at + 1)
      .filter((number) => !without.includes(number))
      .map((number) => `${group}${number}`),
  );
  assert.deepEqual(ids, wanted);
});

test('of each other tool it is told whether it has that', () => {
  for (const { id, cells } of rows) {
    for (const peer of peers) assert.match(cells[peer] ?? '', /^[✓◐–]$/, `${id}: ${peer}`);
  }
});

test('every row names test files that have its id', () => {
  assertFilesHaveIds(rows);
});

test('every title with an id of the table has a row', () => {
  assertTitlesHaveRows(ids, (id) => Object.hasOwn(groups, seriesOf(id)));
});

test('the names in the column of the API are exported', () => {
  const surface = wordsOf(readProjectFile('test/api/surface.golden.txt'));
  const unknown = rows.flatMap(({ id, cells }) =>
    codeIn(cells.API).flatMap((code) =>
      [...wordsOf(code.replaceAll(/'[^']*'/g, ''))]
        .filter((word) => !surface.has(word) && !variables.has(word))
        .map((word) => `${id}: ${word}`),
    ),
  );
  assertNone(unknown);
});

test('the commands in the column of the command are those of the command line, with their options', async () => {
  const program = await wholeProgram(createFrame(processContext()));
  const unknown = rows.flatMap(({ id, cells }) =>
    codeIn(cells.command).flatMap((code) => wrongIn(program, code).map((word) => `${id}: ${code}: ${word}`)),
  );
  assertNone(unknown);
});

/** The words of `lading index add --replace` that its command does not know. */
function wrongIn(program: CommandUnknownOpts, code: string): readonly string[] {
  const [name, ...words] = code.split(' ');
  if (name !== 'lading') return [code];
  let command: CommandUnknownOpts = program;
  for (const word of words.filter((one) => !one.startsWith('--'))) {
    const found = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (found === undefined) return [word];
    command = found;
  }
  const known = new Set(command.options.map(({ long }) => long));
  return words.filter((word) => word.startsWith('--') && !known.has(word));
}

function codeIn(cell = ''): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

function wordsOf(code: string): Set<string> {
  return new Set(code.match(/[A-Za-z_]\w*/g));
}
