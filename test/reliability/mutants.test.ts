/** The list of mutants fits the sources; that each is noticed is shown by `npm run test:mutants`. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { mutants } from '../mutants/index.ts';
import { families } from '../mutants/mutant.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('every mutant takes away what stands in the sources once, and names tests that are there', () => {
  for (const { guard, file, find, replace, tests } of mutants) {
    assert.equal(
      readFileSync(root + file, 'utf8').split(find).length,
      2,
      `${guard}: its text stands not once in ${file}`,
    );
    assert.notEqual(find, replace, guard);
    assert.notEqual(tests.length, 0, guard);
    for (const name of tests) assert.ok(existsSync(root + name), `${guard}: there is no ${name}`);
  }
});

test('there are thirty mutants at least, of all families', () => {
  assert.ok(mutants.length >= 30);
  assert.deepEqual([...new Set(mutants.map(({ family }) => family))], [...families]);
  assert.equal(new Set(mutants.map(({ guard }) => guard)).size, mutants.length);
});
