/** The command line of the bench. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchOptions } from '../../bench/options.ts';
import { groups } from '../../bench/works.ts';

test('everything is measured in eleven rounds unless told', () => {
  const { groups: wanted, rounds, largeMib, json, write, command } = benchOptions([]);
  assert.deepEqual(
    { wanted, rounds, largeMib, json, write },
    { wanted: groups, rounds: 11, largeMib: 1024, json: false, write: false },
  );
  assert.equal(command, 'npm run bench');
});

test('what is told is done, and the line that does it again is kept', () => {
  const { groups: wanted, rounds, write, command } = benchOptions(['pull', 'list', '--rounds', '15', '--write']);
  assert.deepEqual({ wanted, rounds, write }, { wanted: ['pull', 'list'], rounds: 15, write: true });
  assert.equal(command, 'npm run bench -- pull list --rounds 15 --write');
});

test('what it does not know ends in one line with the usage', () => {
  for (const args of [['fly'], ['--rounds', '0'], ['--rounds', 'x'], ['--size', '-1'], ['--fast']]) {
    assert.throws(() => benchOptions(args), /^Error: [^\n]*npm run bench \[-- pull\|[^\n]*$/s, args.join(' '));
  }
});
