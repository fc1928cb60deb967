/** A short soak, with a fixed seed: `npm run soak` is the long one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slope } from '../support/soak/resources.ts';
import { soak } from '../support/soak/soak.ts';

test('mixed operations under faults end well or with a typed error, leave nothing open, and nothing wrong', async () => {
  const { wrong, untyped, leaked, struck, counts } = await soak({
    operations: 150,
    seed: 1905,
    perRound: 75,
    withReal: false,
  });
  assert.deepEqual(wrong, []);
  assert.deepEqual(untyped, []);
  assert.deepEqual(leaked, []);
  assert.ok(struck > 10, `only ${struck} requests were spoiled`);
  assert.equal(counts.size, 10, 'every operation was done');
});

test('growth is what is left of the ups and downs', () => {
  assert.equal(slope([5, 5, 5]), 0);
  assert.equal(slope([1, 3, 5, 7]), 2);
  assert.ok(Math.abs(slope([10, 12, 10, 12, 10])) < 0.1);
});
