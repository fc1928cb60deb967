/** Values by names in order: what it answers, and that a page of many names costs no look at the others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byCodeUnit, createNameMap } from '../../src/store/name-map.ts';
import { seededRandom } from '../support/seeded.ts';

const random = seededRandom(7);

test('whatever is added and deleted, the names stand in order', () => {
  const map = createNameMap<number>();
  const plain = new Map<string, number>();
  for (let step = 0; step < 20_000; step++) {
    const name = String(random(4000));
    // first it grows, then it shrinks, to nothing of some runs
    if (random(10) < (step < 10_000 ? 8 : 3)) {
      map.set(name, step);
      plain.set(name, step);
    } else {
      assert.equal(map.delete(name), plain.delete(name), name);
    }
    assert.equal(map.get(name), plain.get(name));
    assert.equal(map.size, plain.size);
    if (step % 500 !== 0) continue;
    const sorted = [...plain.keys()].sort();
    const [last, count] = [String(random(4000)), random(1000)];
    assert.deepEqual(map.after(undefined, Number.POSITIVE_INFINITY), sorted);
    assert.deepEqual(map.after(last, count), sorted.filter((one) => one > last).slice(0, count));
    assert.deepEqual([...map.entries()], [...plain.entries()]);
  }
  for (const name of plain.keys()) map.delete(name);
  assert.deepEqual(map.after(undefined, 1), []);
  map.set('again', 1);
  assert.deepEqual(map.after('a', 5), ['again']);
});

test('every page of a hundred thousand names takes a few comparisons', () => {
  let compared = 0;
  const map = createNameMap<true>((a, b) => {
    compared++;
    return byCodeUnit(a, b);
  });
  const names = Array.from({ length: 100_000 }, (_, at) => `n${String(at).padStart(6, '0')}`);
  for (const name of names) map.set(name, true);
  assert.ok(compared < names.length * 30, `${compared} comparisons to add them`);
  const pages: string[][] = [];
  for (let last: string | undefined; pages.at(-1)?.length !== 0; last = pages.at(-1)?.at(-1)) {
    compared = 0;
    pages.push([...map.after(last, 100)]);
    assert.ok(compared < 30, `${compared} comparisons for the page after ${last}`);
  }
  assert.deepEqual(pages.flat(), names);
});
