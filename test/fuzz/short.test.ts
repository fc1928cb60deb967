import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fuzz } from '../../fuzz/run.ts';
import { loadTarget, targetNames } from '../../fuzz/targets.ts';

const SEED = 20;
const RUNS = 400;
/** Of those that make archives, trees and connections. */
const FEWER: Readonly<Record<string, number>> = {
  'tar-reader': 60,
  'tar-extract': 12,
  decompress: 60,
  'docker-archive': 60,
  'server-http': 60,
  'server-upload': 60,
};

describe('a short run', () => {
  for (const name of targetNames) {
    test(`${name}: finds nothing`, async (t) => {
      const target = await loadTarget(name);
      t.after(() => target.close?.());
      const { finding, runs } = await fuzz(target, { runs: FEWER[name] ?? RUNS, seed: SEED });
      assert.equal(finding?.problem, undefined);
      assert.equal(runs, FEWER[name] ?? RUNS);
    });
  }
});
