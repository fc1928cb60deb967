import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, formatSize, parseDuration } from '../../src/cli/terminal/bytes.ts';

test('sizes have three digits and a unit', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [12_345, '12.3 kB'],
    [999_499, '999 kB'],
    [999_500, '1.00 MB'],
    [7_338_842, '7.34 MB'],
    [5 * 1024 ** 3, '5.37 GB'],
  ];
  for (const [bytes, shown] of cases) assert.equal(formatSize(bytes), shown);
});

test('times have the two units that matter', () => {
  const cases: readonly (readonly [number, string])[] = [
    [850, '850 ms'],
    [1234, '1.2 s'],
    [9949, '9.9 s'],
    [12_000, '12 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
  ];
  for (const [ms, shown] of cases) assert.equal(formatDuration(ms), shown);
});

test('reads times as people write them', () => {
  assert.equal(parseDuration('500ms'), 500);
  assert.equal(parseDuration('30'), 30_000);
  assert.equal(parseDuration('1.5s'), 1500);
  assert.equal(parseDuration('1h30m'), 5_400_000);
  for (const text of ['', 'soon', '5 m', '-1s', '1d', '1h30']) {
    assert.throws(() => parseDuration(text), { code: 'USAGE' }, text);
  }
});
