import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/graph/collect.ts';
import { search } from '../../src/graph/search.ts';
import type { ListOptions, Registry } from '../../src/store/types.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { answering, requestTo } from '../../src/testing/wrap.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { rejection } from '../support/failure.ts';
import { testRegistry } from '../support/test-registry.ts';

const names = ['axb', 'hello-world-v1', 'hello-world-v2', 'hello.world', 'team/app', 'team/web'];

/** A registry that lists these names. */
function listing(options?: { calls: ListOptions[] }): Registry {
  return {
    ...createMemoryRegistry(),
    async *repositories(asked = {}) {
      options?.calls.push(asked);
      yield* names;
    },
  };
}

const found = (text?: string | RegExp): Promise<string[]> => collect(search(listing(), text));

test('D5 READ-2 RUBY-17 RUBY-18: a text is a part of the name, and no pattern', async () => {
  assert.deepEqual(await found('hello-world'), ['hello-world-v1', 'hello-world-v2']);
  assert.deepEqual(await found('team/'), ['team/app', 'team/web']);
  assert.deepEqual(await found('.'), ['hello.world']);
  for (const text of ['a.b', '(', '*', '[', '\\', 'Team', 'nothing']) assert.deepEqual(await found(text), [], text);
  for (const text of [undefined, '']) assert.deepEqual(await found(text), names);
});

test('READ-2: a pattern matches anywhere, and forgets from name to name', async () => {
  const team = /team\/(web|app)$/;
  for (const flags of ['', 'g', 'y', 'gy', 'i']) {
    assert.deepEqual(await found(new RegExp(team.source, flags)), ['team/app', 'team/web'], flags);
  }
  const patterns = [/o/g, /o/y, /world/gy];
  for (const pattern of patterns) {
    pattern.lastIndex = 3;
    const there = names.filter((name) => name.includes(pattern.source));
    assert.deepEqual(await found(pattern), there, String(pattern));
    assert.equal(pattern.lastIndex, 3);
  }
  assert.deepEqual(await found(/HELLO\.W/i), ['hello.world']);
});

test('READ-2: names come as the pages do, and no page is asked for before it is wanted', async () => {
  const pages = [['a/one', 'b/two'], ['a/three']];
  const wrap = answering(requestTo('catalog'), ({ url }) => {
    const page = Number(new URL(url).searchParams.get('page') ?? 0);
    const headers = page === 0 ? { link: '</v2/_catalog?page=1>; rel="next"' } : undefined;
    return Response.json({ repositories: pages[page] }, headers && { headers });
  });
  const { client, requests } = testRegistry({ wraps: [wrap] });
  for await (const name of search(client.registry('registry.test'), 'a/')) {
    assert.equal(name, 'a/one');
    break;
  }
  assert.equal(requests.length, 1);
  assert.deepEqual(await collect(search(client.registry('registry.test'), 'a/')), ['a/one', 'a/three']);
});

test('options go to the listing', async () => {
  const calls: ListOptions[] = [];
  const { signal } = new AbortController();
  await collect(search(listing({ calls }), 'x', { last: 'b', pageSize: 7, signal }));
  assert.deepEqual(calls, [{ last: 'b', pageSize: 7, signal }]);
});

test('READ-2 RUBY-19: a registry without a catalog says so', async () => {
  const { client } = testRegistry({ wraps: [quirks.noCatalog()] });
  await rejection('UNSUPPORTED', collect(search(client.registry('registry.test'), 'x')));
});
