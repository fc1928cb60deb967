import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retry } from '../../src/http/retry.ts';
import type { HttpRequest } from '../../src/http/types.ts';
import { script } from '../support/scripted-transport.ts';
import { settle } from '../support/streams.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const to = (registry: string, at: number): HttpRequest => ({
  method: 'GET',
  url: `${registry}/v2/${at}`,
  headers: {},
  registry,
});

test('a registry that asks one request to wait sees none of the others before', async () => {
  const clock = virtualClock();
  const wire = script(({ url }) =>
    clock.now() < 30_000 && url.startsWith('https://reg.test') ? { status: 429, headers: { 'retry-after': '30' } } : {},
  );
  const send = retry(clock, { random: () => 0.5 })(wire.send);
  const first = [...Array(16).keys()].map((at) => send(to('https://reg.test', at)));
  await settle();
  assert.equal(wire.requests.length, 16);
  const later = send(to('https://reg.test', 99));
  const elsewhere = send(to('https://other.test', 0));
  await clock.advance(29_999);
  assert.deepEqual(wire.lines().slice(16), ['GET https://other.test/v2/0']);
  await clock.advance(1501);
  assert.equal(wire.requests.length, 17 + 17);
  for (const response of await Promise.all([...first, later])) {
    assert.equal(response.status, 200);
    await response.cancel();
  }
  await (await elsewhere).cancel();
});

test('who leaves while the registry is closed leaves at once', async () => {
  const clock = virtualClock();
  const wire = script((_, count) => (count === 0 ? { status: 429, headers: { 'retry-after': '30' } } : {}));
  const controller = new AbortController();
  const sending = retry(clock)(wire.send)({ ...to('https://reg.test', 1), signal: controller.signal });
  await settle();
  controller.abort();
  await assert.rejects(sending, { code: 'ABORTED' });
  assert.equal(clock.waiting, 0);
});
