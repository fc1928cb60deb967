/** G22 and G23: a registry that asks to be left alone is, by everybody, for as long as it asks; or it is told at once that nobody waits so long. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Call } from '../../src/model/call.ts';
import { answerWith } from '../../src/testing/faults.ts';
import { putImage, seededContent } from '../../src/testing/fixtures.ts';
import { only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';
import { type VirtualClock, virtualClock } from '../support/virtual-clock.ts';

const date = (ms: number): string => new Date(ms).toUTCString();
const NOW = Date.UTC(2026, 10, 22);
const WINDOW_MS = 30_000;

const answers: Readonly<Record<string, Wrap>> = {
  '429 with seconds': answerWith(429, { 'retry-after': '30' }),
  '429 with an HTTP date': answerWith(429, { 'retry-after': date(NOW + WINDOW_MS), date: date(NOW) }),
  '503 with seconds': answerWith(503, { 'retry-after': '30' }),
};

interface Timed extends TestRegistry {
  readonly time: VirtualClock;
  /** When each request came to the registry, in ms of the clock. */
  readonly times: number[];
}

function timed(wrap: Wrap, random: number): Timed {
  const time = virtualClock();
  const times: number[] = [];
  const record: Wrap = (handler) => (request, info) => {
    times.push(time.now());
    return handler(request, info);
  };
  const made = testRegistry({
    wraps: [record, wrap],
    client: { clock: time, retry: { random: () => random }, chunkSize: 300_000 },
  });
  return { ...made, time, times };
}

/** Moves the clock in steps of a second until the work is done. */
async function through<T>(time: VirtualClock, work: Promise<T>): Promise<T> {
  const state = { isDone: false };
  const end = (): void => void (state.isDone = true);
  work.then(end, end);
  for (let seconds = 0; !state.isDone && seconds < 600; seconds++) await time.advance(1000);
  assert.ok(state.isDone, 'it never ended');
  return work;
}

async function fill({ registry }: TestRegistry): Promise<void> {
  for (const name of ['team/app', 'team/other']) {
    await putImage(registry.repository(name), { layers: [], tags: ['1'] });
  }
}

/** What sixteen do at once, in two repositories; each is one request. */
function sixteen({ client, repository }: TestRegistry): readonly Promise<unknown>[] {
  const other = client.repository('registry.test/team/other');
  const { digest } = seededContent(1, 'x').descriptor;
  const each = [
    () => repository.manifest('1'),
    () => other.stat(digest),
    () => other.resolve('1'),
    async () => {
      for await (const _ of repository.tags());
    },
  ];
  return Array.from({ length: 16 }, (_, at) => each[at % each.length]?.() ?? assert.fail());
}

/** Nobody asked within the window, and all did within a tenth after it. */
function assertLeftAlone(times: readonly number[], from: number): void {
  const later = times.filter((at) => at > from);
  assert.ok(later.length > 0);
  assert.ok(
    later.every((at) => at >= from + WINDOW_MS && at <= from + WINDOW_MS * 1.1),
    later.join(),
  );
}

for (const [what, wrap] of Object.entries(answers)) {
  for (const random of [0, 0.999]) {
    test(`G22: ${what}: sixteen at once wait for it, and no request is seen before (chance ${random})`, async () => {
      const made = timed(only(wrap, { times: 16 }), random);
      await fill(made);
      await through(made.time, Promise.all(sixteen(made)));
      assert.equal(made.requests.length, 32);
      assert.equal(made.times.filter((at) => at === 0).length, 16);
      assertLeftAlone(made.times, 0);
    });

    test(`G22: ${what}: told to one, whoever begins meanwhile waits as well (chance ${random})`, async () => {
      const made = timed(only(wrap, { times: 1 }), random);
      await fill(made);
      const first = made.repository.manifest('1');
      await made.time.advance(5000);
      await through(made.time, Promise.all([first, ...sixteen(made)]));
      assert.equal(made.times.filter((at) => at < WINDOW_MS).length, 1);
      assert.equal(made.times.length, 18);
      assertLeftAlone(made.times, 0);
    });
  }

  test(`G22: ${what}: a chunk of an upload waits, and with it what else is asked`, async () => {
    const patches = { matches: requestTo('upload', 'PATCH'), after: 1, times: 1 };
    const made = timed(only(wrap, patches), 0);
    const content = seededContent(800_000, what);
    const pushing = made.repository.putBlob(content);
    await made.time.advance(5000);
    const asking = made.repository.resolve('1');
    assert.equal(await through(made.time, pushing), 'written');
    await asking;
    assertLeftAlone(made.times, 0);
    assert.deepEqual(await made.registry.repository('team/app').stat(content.descriptor.digest), content.descriptor);
    const sent = made.requests.filter(({ method, status }) => method === 'PATCH' && status === 202);
    assert.equal(
      sent.reduce((sum, request) => sum + request.sent, 0),
      content.descriptor.size,
      'no confirmed byte is sent again',
    );
  });
}

test('G22: another registry is asked meanwhile', async () => {
  const isFirst = (request: Request): boolean => new URL(request.url).host === 'registry.test';
  const made = timed(only(answerWith(429, { 'retry-after': '30' }), { matches: isFirst, times: 1 }), 0);
  const waiting = made.repository.stat(seededContent(1, 'x').descriptor.digest);
  await made.time.advance(5000);
  await made.client.repository('another.test/team/app').stat(seededContent(1, 'x').descriptor.digest);
  assert.deepEqual(made.times, [0, 5000]);
  await through(made.time, waiting);
});

test('G22: a request whose attempts are over leaves the registry closed for the next one', async () => {
  const made = timed(only(answerWith(503, { 'retry-after': '30' }), { matches: requestTo('manifest') }), 0);
  await rejection('SERVER_ERROR', through(made.time, made.repository.manifest('1')));
  const last = made.times.at(-1) ?? 0;
  assert.equal(made.times.length, 5);
  await through(made.time, made.repository.stat(seededContent(1, 'x').descriptor.digest));
  assert.ok((made.times.at(-1) ?? 0) >= last + WINDOW_MS);
});

describe('G23: a year', () => {
  const year = 31_536_000;
  const headers = {
    'retry-after': String(year),
    date: date(NOW),
    'ratelimit-limit': '100;w=21600',
    'ratelimit-remaining': '0;w=21600',
  };
  const verbs: Readonly<Record<string, (made: TestRegistry, call: Call) => Promise<unknown>>> = {
    'of a manifest': ({ repository }, call) => repository.manifest('1', call),
    'of a head': ({ repository }, call) => repository.resolve('1', call),
    'of an upload': ({ repository }, call) => repository.putBlob(seededContent(9, 'a'), call),
  };
  for (const [what, verb] of Object.entries(verbs)) {
    for (const status of [429, 503]) {
      test(`G23: ${what}, with ${status}: fails at once, with the date and the quota`, async () => {
        const made = testRegistry({ wraps: [answerWith(status, headers)] });
        const code = status === 429 ? 'RATE_LIMITED' : 'SERVER_ERROR';
        const error = await rejection(code, verb(made, {}));
        assert.equal(made.requests.length, 1);
        assert.deepEqual(made.clock.waits, []);
        assert.equal(error.retryAfterMs, year * 1000);
        assert.match(error.hint ?? '', new RegExp(new Date(NOW + year * 1000).toISOString().replaceAll('.', '\\.')));
        assert.match(error.message, /quota "?0;w=21600"? of "?100;w=21600"?/);
      });
    }
  }

  test('G23: of a chunk: fails at once, and the session is given up', async () => {
    const wrap = only(answerWith(503, headers), { matches: requestTo('upload', 'PATCH') });
    const made = testRegistry({ wraps: [wrap], client: { chunkSize: 100 } });
    const error = await rejection('SERVER_ERROR', made.repository.putBlob(seededContent(300, 'a')));
    assert.equal(error.retryAfterMs, year * 1000);
    assert.equal(made.requests.filter(({ method }) => method === 'PATCH').length, 1);
    assert.equal(made.requests.at(-1)?.method, 'DELETE');
    assert.deepEqual(made.clock.waits, []);
  });
});
