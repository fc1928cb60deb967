import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { editEnv } from '../../src/image/change/env-edits.ts';

const name = fc.constantFrom('A', 'B', 'C', 'PATH', 'Path');
const variable = fc.tuple(name, fc.constantFrom('', '1', 'a=b')).map(([key, value]) => `${key}=${value}`);
const edits = fc.dictionary(name, fc.option(fc.constantFrom('', '2', 'x=y')));
const nameOf = (entry: string): string => entry.split('=', 1)[0] ?? '';

test('CAP-G1: whatever stands in an environment, what is edited is there once or not at all, and the rest as it was', () => {
  fc.assert(
    fc.property(fc.array(variable), edits, (before, wanted) => {
      const after = editEnv(before, wanted);
      const isEdited = (entry: string): boolean => Object.hasOwn(wanted, nameOf(entry));
      assert.deepEqual(
        after.filter((entry) => !isEdited(entry)),
        before.filter((entry) => !isEdited(entry)),
      );
      for (const [key, value] of Object.entries(wanted)) {
        const found = after.filter((entry) => nameOf(entry) === key);
        assert.deepEqual(found, value === null ? [] : [`${key}=${value}`]);
      }
      assert.deepEqual(editEnv(after, wanted), after, 'a second time changes nothing');
    }),
  );
});
