/** Times with more digits than a number has, as an archive writes them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../../src/graph/collect.ts';
import { file, layered } from '../../support/layered.ts';

for (const [what, mtime, wanted] of [
  ['zeros behind it', '1400000000.100000000', 1_400_000_000.1],
  ['all nanoseconds', '1400000000.123456789', '1400000000.123456789'],
  ['more than nanoseconds', '1400000000.1234567891', '1400000000.123456789'],
  ['nothing in nine digits', '1400000000.0000000001', 1_400_000_000],
] as const) {
  test(`a time with ${what}`, async () => {
    const { files } = await layered([file('f', '', { pax: { mtime } })]);
    const [entry] = await collect(files().list());
    assert.equal(entry?.exactMtime ?? entry?.mtime, wanted);
  });
}
