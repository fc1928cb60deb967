/** Plain gzip layers: the first reading leaves an index in a cache, and the next takes a few ranges. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../../src/bytes/hash.ts';
import { readAll } from '../../../src/bytes/read.ts';
import { collect } from '../../../src/graph/collect.ts';
import { memoryCache } from '../../../src/store/cache.ts';
import { spoolToMemory } from '../../../src/store/spool.ts';
import { seededBytes } from '../../../src/testing/fixtures.ts';
import { ignoreRange, rottenBlobs } from '../../../src/testing/quirks/blobs.ts';
import { filler, gzipLayer, lower, openCache, upper } from '../../support/gzip-layers.ts';
import { encode, file, textOf, tree } from '../../support/layered.ts';
import { lazyWorld, total } from '../../support/lazy-world.ts';

const size = upper.bytes.length;

test('CAP-E11: a plain gzip layer is read whole at first, then by a range, by another reader too', async () => {
  const { files, asked } = await lazyWorld([lower, upper]);
  const cache = memoryCache();
  const first = files({ cache, spool: spoolToMemory(1 << 26) });
  assert.equal(await textOf(first.read('usr/middle')), 'in the middle');
  assert.deepEqual(asked(), [{ layer: 1, range: undefined, bytes: size }]);
  await first.close();
  const next = files({ cache, spool: spoolToMemory(1 << 26) });
  for (const [name, text] of Object.entries({ first: 'the first', same: 'in the middle', last: 'the last' })) {
    assert.equal(await textOf(next.read(`usr/${name}`)), text);
    const ranges = asked();
    assert.equal(ranges.length, 1, 'no more than one request');
    assert.ok(ranges[0]?.range !== undefined && total(ranges) < size / 4, `${total(ranges)} bytes`);
  }
  assert.deepEqual(await readAll(next.read('usr/filler-1'), 1 << 20, 'filler'), filler(2));
  assert.equal(asked().length, 1, 'one range, of many pieces');
});

test('CAP-E11: a plain gzip layer is listed from the index alone, as it was listed', async () => {
  const { files, asked } = await lazyWorld([lower, upper]);
  const cache = memoryCache();
  const [before, lines] = [await collect(files({ cache }).entries()), await tree(files({ whole: true }))];
  asked();
  assert.deepEqual(await tree(files({ cache })), lines);
  assert.deepEqual(
    JSON.parse(JSON.stringify(await collect(files({ cache }).entries()))),
    JSON.parse(JSON.stringify(before)),
  );
  assert.deepEqual(asked(), []);
  assert.ok(lines.includes('usr/same = usr/middle') && !lines.includes('gone'));
});

test('CAP-E11: a plain gzip layer gives many files in one pass', async () => {
  const { files, asked } = await lazyWorld([lower, upper]);
  const cache = memoryCache();
  await tree(files({ cache }));
  const opened = files({ cache });
  const all = await collect(opened.entries());
  asked();
  const found: Record<string, string> = {};
  const wanted = all.filter(({ path }) => ['usr/first', 'usr/last', 'low'].includes(path));
  for await (const { file, body } of opened.bodies(wanted))
    found[file.path] = digestOf(await readAll(body, 1 << 20, 'x'));
  assert.deepEqual(found, {
    low: digestOf(filler(1)),
    'usr/first': digestOf(encode('the first')),
    'usr/last': digestOf(encode('the last')),
  });
  assert.ok(asked().every(({ range }) => range !== undefined));
});

test('CAP-E11: a plain gzip layer leaves an index in the same reader, where nothing is spooled', async () => {
  const { files, asked } = await lazyWorld([upper]);
  const opened = files({ cache: memoryCache() });
  assert.equal(await textOf(opened.read('usr/last')), 'the last');
  const [whole, range, ...more] = asked();
  assert.equal(whole?.bytes, size);
  assert.ok(range?.range !== undefined && range.bytes < size / 4);
  assert.deepEqual(more, []);
});

test('CAP-E11: a plain gzip layer is read whole by a registry that ignores ranges', async () => {
  const cache = memoryCache();
  const { files, asked } = await lazyWorld([upper], [ignoreRange()]);
  await tree(files({ cache }));
  asked();
  const opened = files({ cache });
  assert.equal(await textOf(opened.read('usr/middle')), 'in the middle');
  const entries = (await collect(opened.entries())).filter(({ path }) => path === 'usr/last');
  for await (const { body } of opened.bodies(entries)) assert.equal(await textOf(body), 'the last');
});

test('CAP-E11: a plain gzip layer that is small is read whole: nothing is kept of it', async () => {
  const cache = openCache();
  const { files } = await lazyWorld([await gzipLayer([file('a', seededBytes(100_000, 1))])]);
  await tree(files({ cache }));
  assert.equal(cache.kept.size, 0);
});

test('CAP-E11: a plain gzip layer that is not what its digest says leaves no index', async () => {
  const cache = openCache();
  const { files } = await lazyWorld([upper], [rottenBlobs()]);
  await assert.rejects(tree(files({ cache })));
  assert.equal(cache.kept.size, 0);
});

test('CAP-E11: a plain gzip layer is read though the cache fails to make anything of it', async () => {
  const zeros = await gzipLayer([file('zeros', new Uint8Array(20 << 20)), file('random', filler(1))]);
  const { files } = await lazyWorld([zeros]);
  const cache = openCache();
  assert.deepEqual(await tree(files({ cache })), ['random', 'zeros']);
  assert.equal(await textOf(files({ cache }).read('random')), await textOf(files().read('random')));
});
