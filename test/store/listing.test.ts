/** Listings in lexical order, while others write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLexical, listAfter, listFrom, sortedAfter } from '../../src/store/listing.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { createNameMap } from '../../src/store/name-map.ts';
import { mapPages, pagesOf } from '../../src/store/paged.ts';
import { all, putImage, rejects } from '../../src/testing/samples.ts';

const letters = ['a', 'b', 'c', 'd', 'e', 'f'];

test('names come in order, and the listing is known to be', async () => {
  assert.deepEqual(await all(listAfter(new Set(letters.toReversed()), { last: 'd' })), ['e', 'f']);
  assert.deepEqual(sortedAfter(letters, 'cc'), ['d', 'e', 'f']);
  assert.deepEqual(sortedAfter(letters, undefined), letters);
  assert.ok(isLexical(listAfter([], {})));
  // who changes it answers for its order
  assert.ok(!isLexical(mapPages(listAfter([], {}), (page) => page.toReversed())));
});

test('a page is looked for when it is read, by the name before it, and no other name is touched', async () => {
  const asked: string[] = [];
  const look = (last: string | undefined, count: number): readonly string[] => {
    asked.push(`${count} after ${last}`);
    return sortedAfter(letters, last).slice(0, count);
  };
  const listing = pagesOf(listFrom(look, { pageSize: 2, last: 'a' }, (name) => name !== 'b'))[Symbol.asyncIterator]();
  assert.deepEqual(asked, []);
  assert.deepEqual((await listing.next()).value, ['c']);
  assert.deepEqual(asked, ['2 after a']);
  assert.deepEqual((await listing.next()).value, ['d', 'e']);
  assert.deepEqual((await listing.next()).value, ['f']);
  assert.ok((await listing.next()).done);
  assert.deepEqual(asked, ['2 after a', '2 after c', '2 after e']);
});

test('an aborted listing ends between its pages', async () => {
  const controller = new AbortController();
  const names = createNameMap<true>();
  for (const name of letters) names.set(name, true);
  const listing = listFrom((...page) => names.after(...page), { pageSize: 2, signal: controller.signal });
  await listing.next();
  await listing.next();
  controller.abort();
  await rejects(listing.next(), 'ABORTED');
});

test('what is written while tags are listed makes none of the others come twice or not at all', async () => {
  const store = createMemoryRegistry().repository('one');
  const { manifest } = await putImage(store, 'one', letters);
  const found: string[] = [];
  for await (const tag of store.tags({ pageSize: 2 })) {
    found.push(tag);
    if (tag !== 'b') continue;
    await store.delete({ tag: 'a' });
    await store.delete({ tag: 'b' });
    await store.delete({ tag: 'd' });
    await store.putManifest(manifest, { tags: ['aa', 'ee', 'g'] });
  }
  assert.deepEqual(found, ['a', 'b', 'c', 'e', 'ee', 'f', 'g']);
});
