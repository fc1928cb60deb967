import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OciError } from '../../src/errors.ts';
import { networkError } from '../../src/http/network-error.ts';
import { retry, type RetryPolicy } from '../../src/http/retry.ts';
import type { HttpRequest } from '../../src/http/types.ts';
import type { Activity } from '../../src/model/call.ts';
import { rejection } from '../support/failure.ts';
import { type Answer, inOrder, script } from '../support/scripted-transport.ts';
import { testClock } from '../support/test-clock.ts';

const request = (change: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url: 'https://reg.test/v2/?_state=CANARY',
  headers: {},
  registry: 'https://reg.test',
  ...change,
});

const policy: Partial<RetryPolicy> = { random: () => 0 };
const fault = (code: string, change: Partial<HttpRequest> = {}, reused = false): Answer => ({
  error: networkError(Object.assign(new Error(code), { code }), request(change), reused),
});

const times = (count: number, answer: Answer): readonly Answer[] => Array.from({ length: count }, () => answer);

async function run(answers: readonly Answer[], change: Partial<HttpRequest> = {}, options = policy) {
  const wire = inOrder(...answers);
  const clock = testClock();
  const send = retry(clock, options)(wire.send);
  const outcome = await send(request(change)).then(
    async (response) => {
      await response.cancel();
      return response.status;
    },
    (error: OciError) => error.code,
  );
  assert.equal(wire.open(), 0);
  return { outcome, sent: wire.requests.length, waits: clock.waits };
}

describe('a passing failure', () => {
  for (const status of [408, 429, 499, 500, 502, 503, 504, 522]) {
    test(`CONN-6: of ${status} is repeated`, async () => {
      const { outcome, sent } = await run([{ status }, { status: 200 }]);
      assert.deepEqual({ outcome, sent }, { outcome: 200, sent: 2 });
    });
  }

  for (const code of [
    'ECONNRESET',
    'EPIPE',
    'ECONNREFUSED',
    'EAI_AGAIN',
    'ETIMEDOUT',
    'HPE_INVALID_HEADER_TOKEN',
    'UND_ERR_SOCKET',
  ]) {
    test(`CONN-6: of ${code} is repeated`, async () => {
      const { outcome, sent } = await run([fault(code), { status: 200 }]);
      assert.deepEqual({ outcome, sent }, { outcome: 200, sent: 2 });
    });
  }

  test('CONN-6: that does not pass is told after five attempts', async () => {
    assert.deepEqual(await run(times(5, { status: 503 })), {
      outcome: 503,
      sent: 5,
      waits: [250, 250, 250, 250],
    });
    const lost = await run(times(5, fault('ECONNRESET')));
    assert.deepEqual([lost.outcome, lost.sent], ['UNREACHABLE', 5]);
  });

  test('is waited for longer and longer, with chance', async () => {
    const { waits } = await run(times(5, { status: 503 }), {}, { random: () => 1, maxBackoffMs: 5000 });
    assert.deepEqual(waits, [250, 750, 2250, 5000]);
  });
});

describe('what does not pass', () => {
  for (const status of [200, 304, 400, 401, 403, 404, 405, 501, 505, 507]) {
    test(`CONN-6: ${status} is told at once`, async () => assert.equal((await run([{ status }])).sent, 1));
  }

  for (const code of ['ENOTFOUND', 'CERT_HAS_EXPIRED', 'EPROTO', 'HPE_HEADER_OVERFLOW', 'ERR_INVALID_CHAR']) {
    test(`CONN-6: ${code} is told at once`, async () => assert.equal((await run([fault(code)])).sent, 1));
  }

  test('an error that is none of ours is passed on', async () => {
    const own = new Error('a bug');
    await assert.rejects(retry(testClock())(inOrder({ error: own }).send)(request()), own);
  });
});

describe('a request that may not be sent twice', () => {
  test('CONN-6: is not, whether it says so or its method does', async () => {
    for (const change of [{ method: 'POST' }, { method: 'PATCH' }, { method: 'PUT', idempotent: false }] as const) {
      assert.equal((await run([{ status: 503 }], change)).sent, 1);
      assert.equal((await run([fault('ECONNRESET')], change)).sent, 1);
      assert.equal((await run([fault('ECONNRESET', {}, true)], change)).sent, 1);
    }
  });

  test('CONN-6: is, when it was not taken up, or when the caller allows it', async () => {
    assert.equal((await run([{ status: 429 }, { status: 202 }], { method: 'PATCH' })).outcome, 202);
    assert.equal((await run([fault('ECONNREFUSED'), { status: 202 }], { method: 'POST' })).outcome, 202);
    assert.equal((await run([{ status: 503 }, { status: 202 }], { method: 'POST', idempotent: true })).outcome, 202);
  });
});

describe('a kept connection that had ended', () => {
  test('costs one immediate repetition, which does not count', async () => {
    const stale = fault('ECONNRESET', {}, true);
    assert.deepEqual(await run([stale, { status: 200 }]), { outcome: 200, sent: 2, waits: [] });
    assert.equal((await run([stale, stale, stale, stale, stale, stale])).sent, 6);
  });
});

describe('a server that asks to wait', () => {
  const date = 'Wed, 21 Oct 2026 07:28:00 GMT';
  for (const [what, headers, waits] of [
    ['seconds', { 'retry-after': '7' }, [7000]],
    ['until a date', { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date }, [30_000]],
    ['until a date that is over', { 'retry-after': 'Wed, 21 Oct 2026 07:27:00 GMT', date }, []],
    ['in no form there is', { 'retry-after': 'soon' }, [250]],
  ] as const) {
    test(`CONN-6: ${what} is waited for`, async () => {
      assert.deepEqual(await run([{ status: 429, headers }, {}]), { outcome: 200, sent: 2, waits });
      assert.deepEqual((await run([{ status: 503, headers }, {}])).outcome, 200);
    });
  }

  test('is given up to a tenth more', async () => {
    const { waits } = await run([{ status: 429, headers: { 'retry-after': '10' } }, {}], {}, { random: () => 0.99 });
    assert.deepEqual(waits, [10_990]);
  });

  test('CONN-6: longer than two minutes is not waited for', async () => {
    assert.deepEqual(await run([{ status: 429, headers: { 'retry-after': '121' } }]), {
      outcome: 429,
      sent: 1,
      waits: [],
    });
    assert.equal((await run([{ status: 429, headers: { 'retry-after': '31536000' } }])).sent, 1);
    assert.equal((await run([{ status: 429, headers: { 'retry-after': '120' } }, {}])).sent, 2);
  });

  test('again and again is not waited for beyond ten minutes in all', async () => {
    const answer = { status: 503, headers: { 'retry-after': '120' } };
    const { sent, waits } = await run(times(20, answer), {}, { ...policy, attempts: 20 });
    assert.deepEqual([sent, waits], [6, Array(5).fill(120_000)]);
  });

  test('for hours, because a quota is spent, is not asked again', async () => {
    const spent = { status: 429, headers: { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' } };
    assert.deepEqual(await run([spent]), { outcome: 429, sent: 1, waits: [] });
    assert.equal((await run([{ status: 429, headers: { 'ratelimit-remaining': '7;w=21600' } }, {}])).sent, 2);
  });

  test('as a token server, is waited for', async () => {
    const error = new OciError('RATE_LIMITED', 'auth.test answered 429', { status: 429, retryAfterMs: 3000 });
    assert.deepEqual(await run([{ error }, {}], { method: 'POST' }), { outcome: 200, sent: 2, waits: [3000] });
    assert.equal((await run([{ error: new OciError('UNAUTHORIZED', 'no', { status: 401 }) }])).sent, 1);
  });
});

describe('a body', () => {
  const bodyOf = (open: () => AsyncGenerator<Uint8Array>): Partial<HttpRequest> => ({
    method: 'PUT',
    body: { size: 3, open },
  });

  test('is opened again', async () => {
    const wire = inOrder({ status: 502 }, { status: 201 });
    const body = bodyOf(async function* () {
      yield new TextEncoder().encode('abc');
    });
    await (await retry(testClock(), policy)(wire.send)(request(body))).cancel();
    assert.deepEqual(
      wire.requests.map((sent) => sent.body),
      ['abc', 'abc'],
    );
  });

  test('that cannot be read is not opened again, whatever it fails with', async () => {
    const wire = script(() => ({}));
    const source = new OciError('UNREACHABLE', 'the source is gone');
    let opened = 0;
    const body = bodyOf(async function* () {
      opened++;
      yield* [];
      throw source;
    });
    await assert.rejects(retry(testClock(), policy)(wire.send)(request(body)), (error) => error === source);
    assert.deepEqual([opened, wire.requests.length], [1, 0]);
  });
});

test('repetitions are told, without secrets', async () => {
  const told: Activity[] = [];
  await run([{ status: 502 }, {}], { on: (activity) => told.push(activity) });
  assert.deepEqual(told, [
    {
      type: 'retry',
      method: 'GET',
      url: 'https://reg.test/v2/?_state=REDACTED',
      reason: '502',
      attempt: 1,
      delayMs: 250,
    },
  ]);
});

test('the caller can end the wait', async () => {
  const controller = new AbortController();
  const wire = script(() => {
    controller.abort();
    return { status: 503 };
  });
  const sending = retry(testClock(), policy)(wire.send)(request({ signal: controller.signal }));
  assert.equal((await sending).status, 503);
  await rejection('ABORTED', retry(testClock(), policy)(wire.send)(request({ signal: controller.signal })));
  assert.equal(wire.requests.length, 1);
});
