/** One at a time, in the order of asking. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as settled } from 'node:timers/promises';
import { createTurns } from '../../src/node/directory/turns.ts';

test('turns come in the order of asking, one at a time for each key', async () => {
  const turns = createTurns();
  const told: string[] = [];
  const take = async (key: string, name: string): Promise<void> => {
    const end = await turns(key);
    told.push(`${name} begins`);
    await settled();
    told.push(`${name} ends`);
    end();
  };
  await Promise.all([take('a', 'one'), take('a', 'two'), take('b', 'other')]);
  const ofOne = told.filter((line) => !line.startsWith('other'));
  assert.deepEqual(ofOne, ['one begins', 'one ends', 'two begins', 'two ends']);
  assert.ok(told.indexOf('other begins') < told.indexOf('one ends'));
});

test('who is aborted waits no longer, and stops nobody behind him', async () => {
  const turns = createTurns();
  const controller = new AbortController();
  const end = await turns('a');
  const aborted = turns('a', controller.signal);
  const next = turns('a');
  controller.abort();
  await assert.rejects(aborted, { code: 'ABORTED' });
  end();
  (await next)();
});

test('many may wait with one signal without a warning of a leak', async (t) => {
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on('warning', warn);
  t.after(() => process.off('warning', warn));
  const turns = createTurns();
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 20 }, async () => (await turns('a', signal))()));
  await settled();
  assert.deepEqual(warnings, []);
});
