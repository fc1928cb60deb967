import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { collect, mapLimited } from '../../src/graph/collect.ts';

const numbers = Array.from({ length: 20 }, (_, at) => at);

test('a failure is thrown though other work still waits for its turn', async () => {
  const done: number[] = [];
  const work = async (number: number): Promise<void> => {
    if (number === 0) throw new Error('the first one fails');
    await setImmediate();
    done.push(number);
  };
  await assert.rejects(collect(mapLimited(numbers, 2, work)), { message: 'the first one fails' });
  assert.ok(done.length < numbers.length);
});

test('a reader that stops early ends the work', async () => {
  const begun: number[] = [];
  for await (const number of mapLimited(numbers, 2, async (one) => {
    begun.push(one);
    if (one > 0) await setImmediate();
    return one;
  })) {
    if (number === 0) break;
  }
  assert.ok(begun.length < numbers.length);
});
