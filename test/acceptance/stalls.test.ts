/** G27: answers that stop, trickle or never begin, over real sockets and with small limits: each is given up, and gone on from where it stood. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createHasher } from '../../src/bytes/hash.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import type { Timeouts } from '../../src/node/http/timeouts.ts';
import { stallBeforeAnswer, stallBody, trickleBody } from '../../src/testing/faults.ts';
import { seededContent } from '../../src/testing/fixtures.ts';
import { only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { servedRegistry, type ServedRegistry } from '../support/served-registry.ts';

const SIZE = 1_000_000;
const content = seededContent(SIZE, 'G27');
const gets = requestTo('blob', 'GET');
const patience = { timeout: 30_000 };

async function slow(
  t: TestContext,
  timeouts: Partial<Timeouts>,
  wrap: Wrap,
): Promise<ServedRegistry & { readonly ranges: (string | null)[] }> {
  const ranges: (string | null)[] = [];
  const record: Wrap = (handler) => (request, info) => {
    if (gets(request)) ranges.push(request.headers.get('range'));
    return handler(request, info);
  };
  const transport = nodeTransport({ proxy: false, timeouts });
  const made = await servedRegistry([record, wrap], { transport });
  t.after(made.close);
  await made.registry.repository('team/app').putBlob(content);
  return { ...made, ranges };
}

async function whole({ repository }: ServedRegistry): Promise<void> {
  const hasher = createHasher('sha256');
  for await (const chunk of repository.blob(content.descriptor).open()) hasher.update(chunk);
  assert.equal(hasher.digest(), content.descriptor.digest);
}

test('G27: no bytes for ever from the middle on: resumed there after the idle limit', patience, async (t) => {
  const made = await slow(t, { idleMs: 300 }, only(stallBody(SIZE / 2), { matches: gets, times: 1 }));
  await whole(made);
  assert.deepEqual(made.ranges, [null, `bytes=${SIZE / 2}-`]);
});

test('G27: no bytes at all, whenever it is asked: an error after five attempts', patience, async (t) => {
  const made = await slow(t, { idleMs: 100 }, only(stallBody(0), { matches: gets }));
  const error = await rejection('UNREACHABLE', whole(made));
  assert.match(error.message, /no bytes for 100 ms/);
  assert.equal(made.ranges.length, 5);
});

test('G27: a trickle never lets the idle limit pass, and is given up for its pace', patience, async (t) => {
  const limits = { idleMs: 10_000, slowMs: 400, minBytes: 100_000 };
  const made = await slow(t, limits, only(trickleBody(10, 20), { matches: gets, times: 1 }));
  await whole(made);
  assert.equal(made.ranges.length, 2);
  const [, range] = made.ranges;
  assert.ok(range === null || /^bytes=[1-9]\d{0,4}-$/.test(range ?? ''), String(range));
});

test('G27: nothing but a trickle, whenever it is asked: an error after five attempts', patience, async (t) => {
  const limits = { idleMs: 10_000, slowMs: 200, minBytes: 100_000 };
  const made = await slow(t, limits, only(trickleBody(10, 20), { matches: gets }));
  const error = await rejection('UNREACHABLE', whole(made));
  assert.match(error.message, /its answer hardly moves/);
  assert.equal(made.ranges.length, 5);
});

test('G27: a head that never comes: the head limit, and another attempt', patience, async (t) => {
  const once = await slow(t, { headMs: 300 }, only(stallBeforeAnswer(), { matches: gets, times: 1 }));
  await whole(once);
  assert.deepEqual(once.ranges, [null, null]);
  const never = await slow(t, { headMs: 100 }, only(stallBeforeAnswer(), { matches: gets }));
  const error = await rejection('TIMEOUT', whole(never));
  assert.match(error.message, /no answer within 100 ms/);
  assert.equal(never.ranges.length, 5);
});
