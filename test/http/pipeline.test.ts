import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHosts } from '../../src/http/hosts.ts';
import { createSend, type SendOptions } from '../../src/http/pipeline.ts';
import type { HttpRequest } from '../../src/http/types.ts';
import { rejection } from '../support/failure.ts';
import { type Answer, json, type SentRequest, script } from '../support/scripted-transport.ts';
import { testClock } from '../support/test-clock.ts';
import { bearer, challengeOf } from '../support/token-session.ts';

const challenge = challengeOf({ realm: 'https://auth.reg.test/token' });

function setUp(answer: (request: SentRequest, count: number) => Answer, options: Partial<SendOptions> = {}) {
  const wire = script(answer);
  const clock = testClock();
  const send = createSend({
    transport: wire.send,
    hosts: createHosts(),
    clock,
    retry: { random: () => 0 },
    ...options,
  });
  const get = async (change: Partial<HttpRequest> = {}): Promise<number> => {
    const response = await send({
      method: 'GET',
      url: 'https://reg.test/v2/a/b',
      headers: {},
      registry: 'https://reg.test',
      ...change,
    });
    await response.cancel();
    return response.status;
  };
  return { wire, clock, get };
}

test('CONN-9: every request tells who sends it, unless it says so itself', async () => {
  const answer = ({ url, headers }: SentRequest): Answer =>
    url.includes('token') ? json({ token: 't' }) : bearer(headers, () => true, challenge);
  const usual = setUp(answer);
  await usual.get();
  assert.deepEqual(
    usual.wire.requests.map(({ headers }) => headers['user-agent']),
    ['lading', 'lading', 'lading'],
  );
  const own = setUp(answer, { userAgent: 'mine/1' });
  await own.get();
  await own.get({ headers: { 'user-agent': 'other' } });
  assert.deepEqual(
    own.wire.requests.map(({ headers }) => headers['user-agent']),
    ['mine/1', 'mine/1', 'mine/1', 'other'],
  );
});

test('a token server that fails for now is asked again, for a request of any kind', async () => {
  for (const status of [503, 429]) {
    const { wire, get, clock } = setUp(({ url, headers }, count) =>
      url.includes('token')
        ? count === 0
          ? { status }
          : json({ token: 't' })
        : bearer(headers, () => true, challenge),
    );
    assert.equal(await get({ method: 'POST' }), 200);
    assert.equal(wire.requests.length, 4);
    assert.deepEqual(clock.waits, [250]);
  }
});

test('a token server that talks without end is cut off', async () => {
  const { wire, get } = setUp(({ url, headers }) =>
    url.includes('token') ? { body: `{"token":"${'x'.repeat(128 * 1024)}"}` } : bearer(headers, () => true, challenge),
  );
  await rejection('TOO_LARGE', get());
  assert.equal(wire.open(), 0);
});

test('layers of the user stand next to the wire: they see tokens and hops, with what they carry', async () => {
  const seen: string[] = [];
  const { get } = setUp(
    ({ url, headers }) => {
      if (url.includes('token')) return json({ token: 't' });
      if (url.includes('cdn')) return {};
      return headers.authorization === undefined
        ? bearer({}, () => false, challenge)
        : { status: 307, headers: { location: 'https://cdn.test/x' } };
    },
    {
      middleware: [
        (next) => (request) => {
          seen.push(`${new URL(request.url).host} ${request.headers.authorization ?? '-'}`);
          return next(request);
        },
      ],
    },
  );
  assert.equal(await get(), 200);
  assert.deepEqual(seen, ['reg.test -', 'auth.reg.test -', 'reg.test Bearer t', 'cdn.test -']);
});

test('a request that has been given up is not sent', async () => {
  const { wire, get } = setUp(() => ({}));
  await rejection('ABORTED', get({ signal: AbortSignal.abort() }));
  await rejection('TIMEOUT', get({ signal: AbortSignal.abort(new DOMException('too long', 'TimeoutError')) }));
  assert.equal(wire.requests.length, 0);
});
