import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/graph/collect.ts';
import type { Activity } from '../../src/model/call.ts';
import { rejection } from '../support/failure.ts';
import { json } from '../support/scripted-transport.ts';
import { v1Script } from '../support/v1-script.ts';

const search = 'https://reg.test/v1/search';
const pageOf = (url: string): number => Number(new URL(url).searchParams.get('page'));

test('an index without pages is asked once', async () => {
  const results = [
    { name: 'library/a', description: null },
    { name: 'b/c', description: 'd' },
  ];
  const { client, wire } = v1Script({ [search]: json({ query: 'x', num_results: 2, results }) });
  assert.deepEqual(await collect(client.search('reg.test', 'x')), [
    { name: 'library/a' },
    { name: 'b/c', description: 'd' },
  ]);
  assert.equal(wire.requests.length, 1);
});

test('an index that stops before its last page (quay.io) is told of', async () => {
  const warnings: string[] = [];
  const on = (activity: Activity): void => void (activity.type === 'warning' && warnings.push(activity.text));
  const { client, wire } = v1Script({
    [search]: ({ url }) => {
      const page = Math.min(pageOf(url), 5);
      return json({ page, num_pages: page + 1, results: [{ name: `a/p${page}` }] });
    },
  });
  const found = await collect(client.search('reg.test', 'x', { on }));
  assert.deepEqual(
    found.map(({ name }) => name),
    ['a/p1', 'a/p2', 'a/p3', 'a/p4', 'a/p5'],
  );
  assert.deepEqual(warnings, ['reg.test gives no more than 5 pages']);
  assert.equal(wire.requests.length, 6);
});

test('pages without an end are an error, and empty ones are the end', async () => {
  const endless = v1Script(
    { [search]: json({ num_pages: 1e9, results: [{ name: 'a/b' }] }) },
    { limits: { pages: 7 } },
  );
  await rejection('LIMIT', collect(endless.client.search('reg.test', 'x')));
  assert.equal(endless.wire.requests.length, 7);
  const empty = v1Script({ [search]: json({ num_pages: 1e9, results: [] }) });
  assert.deepEqual(await collect(empty.client.search('reg.test', 'x')), []);
});

test('only as much is asked for as is read', async () => {
  const { client, wire } = v1Script({ [search]: json({ num_pages: 9, results: [{ name: 'a/b' }] }) });
  for await (const { name } of client.search('reg.test', 'x')) {
    assert.equal(name, 'a/b');
    break;
  }
  assert.equal(wire.requests.length, 1);
  assert.equal(wire.open(), 0);
});

test('what is no repository is left out, and what is no result an error', async () => {
  const { client } = v1Script({ [search]: json({ results: [{ name: '../x' }, 7, { name: 'a/b', star_count: 'x' }] }) });
  assert.deepEqual(await collect(client.search('reg.test', 'x')), [{ name: 'a/b' }]);
  assert.deepEqual(await collect(v1Script({ [search]: json({ results: null }) }).client.search('reg.test', 'x')), []);
  await rejection('PROTOCOL', collect(v1Script({ [search]: json([]) }).client.search('reg.test', 'x')));
  await rejection('PROTOCOL', collect(v1Script({ [search]: json({ results: {} }) }).client.search('reg.test', 'x')));
});

test('the first page is the first, also where pages are counted from 0', async () => {
  const { client, wire } = v1Script({ [search]: json({ page: 0, num_pages: 1, results: [{ name: 'a/b' }] }) });
  assert.deepEqual(await collect(client.search('reg.test', 'x')), [{ name: 'a/b' }]);
  assert.equal(wire.requests.length, 1);
});

test('millions of results that are none hold nobody up', { timeout: 15_000 }, async () => {
  const body = `{"results":[${Array(4_000_000).fill('{"name":""}').join(',')}]}`;
  const { client } = v1Script({ [search]: { body } }, { limits: { documentBytes: 64 * 1024 * 1024 } });
  assert.deepEqual(await collect(client.search('reg.test', 'x')), []);
  await new Promise((resolve) => setTimeout(resolve)); // only now the limit can end it: it took twice as long
});
