import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { misjudged } from '../../fuzz/run.ts';
import { loadTarget, targetNames } from '../../fuzz/targets.ts';

/** An extraction has its own tests of the whole corpus. */
const elsewhere = new Set(['tar-extract']);

describe('the corpora', () => {
  for (const name of targetNames.filter((one) => !elsewhere.has(one))) {
    test(`${name}: what is benign is taken, what is hostile is refused`, async (t) => {
      const target = await loadTarget(name);
      t.after(() => target.close?.());
      assert.deepEqual(await misjudged(target), []);
    });

    test(`${name}: at least a quarter of what is judged is benign`, async (t) => {
      const target = await loadTarget(name);
      t.after(() => target.close?.());
      const { benign, hostile } = await target.corpus();
      assert.ok(benign.length * 3 >= hostile.length, `${benign.length} beside ${hostile.length}`);
    });
  }
});
