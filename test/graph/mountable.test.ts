import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { createMountable } from '../../src/graph/mountable.ts';
import type { Activity } from '../../src/model/call.ts';
import type { Store } from '../../src/store/types.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import { servedRegistry } from '../support/served-registry.ts';

test('CAP-J10: what one repository of a registry has been given, the others mount', async (t) => {
  const served = await servedRegistry();
  t.after(() => served.close());
  const from = createMemoryRegistry();
  const image = await buildImage({ layers: [{ files: { a: 'a' } }, { files: { b: 'b' } }] });
  for (const name of ['one', 'two']) await putBuilt(from.repository(name), image, { tags: ['1'] });
  const blobs = createMountable();
  const outcomes: string[][] = [];
  for (const name of ['one', 'two']) {
    const target: Store = served.client.repository(`${served.host}/${name}`);
    const told: string[] = [];
    const on = (activity: Activity): void => {
      blobs.note(activity, target);
      if (activity.type === 'done') told.push(activity.outcome);
    };
    await copy(blobs.from(from.repository(name)), '1', target, { tags: ['1'], on });
    outcomes.push(told);
  }
  assert.deepEqual(outcomes, [
    ['written', 'written', 'written', 'written'],
    ['mounted', 'mounted', 'mounted', 'written'],
  ]);
  const uploads = served.log.filter(({ method, path }) => method === 'PUT' && path.includes('/blobs/'));
  assert.equal(uploads.length, 3);
});

test('CAP-J10: where a mount is refused, the source is read', async (t) => {
  const served = await servedRegistry([
    (next) => async (request, info) => {
      const url = new URL(request.url);
      for (const name of ['mount', 'from']) url.searchParams.delete(name);
      return next(request.method === 'POST' ? new Request(url, request) : request, info);
    },
  ]);
  t.after(() => served.close());
  const from = createMemoryRegistry().repository('one');
  await putBuilt(from, await buildImage({ layers: [{ files: { a: 'a' } }] }), { tags: ['1'] });
  const blobs = createMountable();
  for (const name of ['one', 'two']) {
    const target: Store = served.client.repository(`${served.host}/${name}`);
    await copy(blobs.from(from), '1', target, { tags: ['1'], on: (activity) => blobs.note(activity, target) });
    assert.ok(await target.resolve('1'));
  }
  assert.equal(served.log.filter(({ method, path }) => method === 'PUT' && path.includes('/blobs/')).length, 4);
});
