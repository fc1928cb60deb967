/** Listings that come in pages: item by item for most readers, page by page for who has much to do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect, take } from '../../src/graph/collect.ts';
import { mapPages, paged, pagesOf } from '../../src/store/paged.ts';

/** Pages, and what became of them. */
function listing(...pages: readonly (readonly number[])[]): { items: AsyncGenerator<number>; told: string[] } {
  const told: string[] = [];
  async function* source(): AsyncGenerator<readonly number[]> {
    try {
      for (const page of pages) {
        told.push(`page of ${page.length}`);
        yield page;
      }
    } finally {
      told.push('end');
    }
  }
  return { items: paged(source()), told };
}

test('items come one after another, and no page before it is needed', async () => {
  const { items, told } = listing([1, 2], [3]);
  assert.deepEqual(told, []);
  assert.equal((await items.next()).value, 1);
  assert.equal((await items.next()).value, 2);
  assert.deepEqual(told, ['page of 2']);
  assert.deepEqual(await collect(items), [3]);
});

test('pages come as they were made, also through what changes them', async () => {
  const { items } = listing([1, 2], [3], [4, 5, 6]);
  const even = mapPages(items, (page) => page.filter((one) => one % 2 === 0));
  assert.deepEqual(await collect(pagesOf(even)), [[2], [4, 6]]);
});

test('of what has no pages each item is one', async () => {
  async function* items(): AsyncGenerator<number> {
    yield* [1, 2];
  }
  assert.deepEqual(await collect(pagesOf(items())), [[1], [2]]);
});

test('whoever wants a few gets no more pages than it takes, and the listing is closed', async () => {
  const { items, told } = listing([1, 2], [3, 4], [5]);
  assert.deepEqual(await collect(take(items, 3)), [1, 2, 3]);
  assert.deepEqual(told, ['page of 2', 'page of 2', 'end']);
  assert.deepEqual(await collect(take(listing([1], [2]).items, undefined)), [1, 2]);
  assert.deepEqual(await collect(take(listing([1]).items, 0)), []);
});

test('a reader that leaves closes the listing', async () => {
  const { items, told } = listing([1, 2], [3]);
  for await (const one of items) if (one === 1) break;
  assert.deepEqual(told, ['page of 2', 'end']);
});
