import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { createTurns } from '../../src/node/directory/turns.ts';

test('turns are taken in the order of asking, and whoever is called off leaves the others theirs', async () => {
  const turns = createTurns();
  const over = new AbortController();
  const end = await turns('one');
  const second = turns('one', over.signal);
  const third = turns('one');
  over.abort();
  await assert.rejects(second, { code: 'ABORTED' });
  end();
  (await third)();
  assert.equal(getEventListeners(over.signal, 'abort').length, 0);
});

test('as many as want may wait on one signal: node warns of no leak', async (t) => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  t.after(() => process.off('warning', note));
  const turns = createTurns();
  const { signal } = new AbortController();
  const end = await turns('one', signal);
  const waiting = Array.from({ length: 12 }, () => turns('one', signal));
  end();
  for (const turn of waiting) (await turn)();
  // Warnings come when what runs now has ended.
  await new Promise(setImmediate);
  assert.deepEqual(warnings, []);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});
