import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from '../../src/node/serve/serve.ts';
import { createClient } from '../../src/registry/client.ts';
import { virtualClock } from '../../src/testing/virtual-clock.ts';
import { rejection } from '../support/failure.ts';

test('a wait of a client can be waited for, however long the wire takes to bring about', async (t) => {
  const answers = [{ status: 429, headers: { 'retry-after': '60' } }, { status: 404 }];
  const served = await serve(async () => new Response('{}', answers.shift() ?? { status: 500 }));
  t.after(served.close);
  const clock = virtualClock();
  const client = createClient({ clock });
  t.after(() => client.close());
  const pulled = rejection('NOT_FOUND', client.repository(`${served.host}/team/app`).manifest('1'));
  await clock.whenWaiting();
  assert.equal(answers.length, 1);
  await clock.advance(66_000);
  await pulled;
  assert.equal(clock.waiting, 0);
});

test('what waits wakes at its time, in the order of times, and so does what then waits again', async () => {
  const clock = virtualClock();
  const woken: string[] = [];
  const sleep = async (ms: number): Promise<void> => {
    await clock.wait(ms);
    woken.push(`${ms} at ${clock.now()}`);
  };
  const all = Promise.all([sleep(20), sleep(10).then(() => sleep(5)), sleep(31)]);
  await clock.whenWaiting(3);
  await clock.advance(30);
  assert.deepEqual(woken, ['10 at 10', '5 at 15', '20 at 20']);
  assert.deepEqual([clock.now(), clock.waiting], [30, 1]);
  await Promise.all([clock.advance(1), clock.advance(2)]);
  assert.deepEqual([clock.now(), woken.at(-1)], [33, '31 at 31']);
  await all;
});

test('who is told to stop waits no more, and nobody waits who was told before', async () => {
  const clock = virtualClock();
  const controller = new AbortController();
  const waits = rejection('ABORTED', clock.wait(10, controller.signal));
  assert.equal(clock.waiting, 1);
  controller.abort();
  await waits;
  await rejection('ABORTED', clock.wait(10, controller.signal));
  assert.equal(clock.waiting, 0);
});
