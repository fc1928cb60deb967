/** What the bench makes of its samples. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ratio, summarize, summaryOf } from '../../bench/statistics.ts';
import { resultOf } from '../support/bench-results.ts';

test('the median of an odd number of values is the middle one, of an even number between the two', () => {
  assert.deepEqual(summarize([10, 9, 100]), { median: 10, min: 9, max: 100 });
  assert.deepEqual(summarize([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4 });
});

test('values stay in the order they were taken in', () => {
  const taken = [3, 1, 2];
  summarize(taken);
  assert.deepEqual(taken, [3, 1, 2]);
});

test('of nothing there is no median', () => {
  assert.deepEqual(summarize([]), { median: Number.NaN, min: Number.NaN, max: Number.NaN });
});

test('a ratio is that of medians, ours over theirs', () => {
  const ours = resultOf('lading', [{ wallMs: 90 }, { wallMs: 1000 }, { wallMs: 80 }]);
  const theirs = resultOf('skopeo', [{ wallMs: 100 }, { wallMs: 180 }, { wallMs: 190 }]);
  assert.equal(ratio(ours, theirs, 'wallMs'), 0.5);
  assert.deepEqual(summaryOf(ours, 'wallMs'), { median: 90, min: 80, max: 1000 });
});
