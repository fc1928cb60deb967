/**
 * Faults by operations, each once and for ever: what comes of it is the right bytes or an error of ours, never anything else.
 * A sample that the seed chooses; `npm run test:reliability` runs the whole.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultFamilies } from '../../src/testing/proxy/index.ts';
import { needs } from '../support/real/find-tool.ts';
import { sample, seededRandom } from '../support/seeded.ts';
import { runMatrix } from './matrix.ts';
import { cells, noCells } from './matrix-cells.ts';
import { operations } from './matrix-operations.ts';

const SAMPLE = 40;

test('there is a cell for every fault and every operation that can meet, and a reason where they cannot', () => {
  assert.ok(cells.length >= 400, String(cells.length));
  const faults = Object.values(faultFamilies).flat().length + 2;
  assert.equal(cells.length + noCells.length, faults * Object.keys(operations).length);
  assert.equal(new Set(Object.values(operations).map(({ group }) => group)).size, 12);
  assert.ok(noCells.every(({ because }) => because.length > 0));
});

test(
  'every cell ends with the right bytes or a typed error, tells no secret, and leaves nothing',
  needs('openssl'),
  async (t) => {
    const seed = Number(process.env.LADING_SEED ?? new Date().getUTCDate());
    t.diagnostic(`seed ${seed}`);
    const chosen = sample(cells, SAMPLE, seededRandom(seed));
    const reports = await runMatrix(chosen, { registry: 'lading', seed, lanes: 3 });
    assert.deepEqual(
      reports.flatMap(({ family, failures }) => failures.map((failure) => `${family}: ${failure}`)),
      [],
    );
  },
);
