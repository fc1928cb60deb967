/** What a page of a listing may hold: anything. It is read to its end, in a moment, and ends with names or an error of ours. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as turn } from 'node:timers/promises';
import { collect } from '../../src/graph/collect.ts';
import type { Activity } from '../../src/model/call.ts';
import { type Client, createClient } from '../../src/registry/client.ts';
import { type Script, script } from '../support/scripted-transport.ts';
import { testClock } from '../support/test-clock.ts';

/** A registry whose listings have this text for a page, whatever is asked. */
function listing(body: string, pageSize?: number): { client: Client; wire: Script } {
  const wire = script(() => ({ headers: { 'content-type': 'application/json' }, body }));
  return { client: createClient({ transport: wire.send, clock: testClock(), pageSize }), wire };
}

const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

test('entries nested without bound are skipped and told of', async () => {
  const { client } = listing(`{"tags":[${deep},"v1",null],"repositories":[${deep},"a/b"]}`);
  const warnings: string[] = [];
  const on = (activity: Activity): void => void (activity.type === 'warning' && warnings.push(activity.text));
  const repository = client.repository('reg.test/a');
  assert.deepEqual(await collect(repository.tags({ on })), ['v1']);
  assert.deepEqual((await repository.tagPage({ on })).tags, ['v1']);
  assert.deepEqual(await collect(client.registry('reg.test').repositories({ on })), ['a/b']);
  assert.equal(warnings[0], 'skipped 2 entries in the tags of reg.test/a that are no names');
  assert.equal(warnings.length, 3);
});

test('an entry that is shown is a text', async () => {
  const { client } = listing('{"tags":[{},null,"../x","v1"]}');
  const warnings: string[] = [];
  const on = (activity: Activity): void => void (activity.type === 'warning' && warnings.push(activity.text));
  await collect(client.repository('reg.test/a').tags({ on }));
  assert.deepEqual(warnings, ['skipped 3 entries in the tags of reg.test/a that are no names, e.g. "../x"']);
});

test('millions of entries that are no names hold nobody up', { timeout: 15_000 }, async () => {
  const wrong = Array(2_700_000).fill('""').join(',');
  const { client } = listing(`{"tags":[${wrong}]}`);
  assert.deepEqual(await collect(client.repository('reg.test/a').tags()), []);
  const repositories = listing(`{"repositories":[${wrong}]}`).client;
  assert.deepEqual(await collect(repositories.registry('reg.test').repositories()), []);
  await turn(); // only now the limit can end it: were each an error of its own, it would have taken a minute
});

test('a name as long as the page is no cursor for the next one', async () => {
  const { client, wire } = listing(JSON.stringify({ tags: ['A'.repeat(1_000_000)] }), 1);
  assert.deepEqual(await collect(client.repository('reg.test/a').tags()), []);
  assert.deepEqual((await client.repository('reg.test/a').tagPage()).next, undefined);
  assert.equal(Math.max(...wire.requests.map(({ url }) => url.length)), 'https://reg.test/v2/a/tags/list?n=1'.length);
});
