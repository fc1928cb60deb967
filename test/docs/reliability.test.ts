/** The page on reliability: its table is whole and names what is there, and so does the rest of it. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { faultFamilies } from '../../src/testing/proxy/index.ts';
import { operations } from '../reliability/matrix-operations.ts';
import { projectRoot, readProjectFile } from '../support/named-tests.ts';
import { assertFilesHaveIds, assertNone, assertTitlesHaveRows, readPromises } from '../support/promises.ts';

const page = readProjectFile('docs/reliability.md');
const { rows, problems, ids } = readPromises('docs/reliability.md');

test('the table has G01 to G42 once, in order, and no empty cell', () => {
  assert.deepEqual(problems, []);
  assert.deepEqual(
    ids,
    Array.from({ length: 42 }, (_, at) => `G${String(at + 1).padStart(2, '0')}`),
  );
});

test('every row names test files that have its id', () => {
  assertFilesHaveIds(rows);
});

test('every acceptance test has a row', () => {
  assertTitlesHaveRows(ids, (id) => /^G\d\d$/.test(id));
  const named = new Set(rows.flatMap(({ files }) => files));
  const files = readdirSync(`${projectRoot}test/acceptance`).filter((file) => file.endsWith('.test.ts'));
  assertNone(files.filter((file) => !named.has(`test/acceptance/${file}`)));
});

test('the families of faults and the number of operations are those of the matrix', () => {
  for (const family of [...Object.keys(faultFamilies), 'dns']) assert.ok(page.includes(`\`${family}\``), family);
  assert.equal(new Set(Object.values(operations).map(({ group }) => group)).size, 12);
});

test('its commands are scripts of the package', () => {
  const { scripts } = JSON.parse(readProjectFile('package.json')) as { scripts: Record<string, string> };
  const named = [...page.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);
  assert.ok(named.length >= 5);
  assertNone(named.filter((name) => scripts[name] === undefined));
});
