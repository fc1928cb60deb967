import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OciError } from '../../src/errors.ts';
import { rememberCredentials } from '../../src/http/credentials.ts';
import { startFlight } from '../../src/http/flight.ts';
import { gate } from '../../src/http/gate.ts';
import { createTokenCache, type Token } from '../../src/http/token-cache.ts';
import type { HttpRequest } from '../../src/http/types.ts';
import { rejection } from '../support/failure.ts';
import { script } from '../support/scripted-transport.ts';
import { settle } from '../support/streams.ts';
import { testClock } from '../support/test-clock.ts';

/** Work that a test ends. */
function pending<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

describe('work that several wait for', () => {
  test('goes on when one of them leaves, and ends when the last does', async () => {
    const work = pending<number>();
    let ended: AbortSignal | undefined;
    let ends = 0;
    const flight = startFlight(
      (signal) => {
        ended = signal;
        return work.promise;
      },
      () => ends++,
    );
    const [one, two] = [new AbortController(), new AbortController()];
    const waits = [flight.join(one.signal), flight.join(two.signal)];
    one.abort();
    await rejection('ABORTED', waits[0] ?? assert.fail());
    assert.deepEqual([ended?.aborted, ends], [false, 0]);
    two.abort();
    await rejection('ABORTED', waits[1] ?? assert.fail());
    assert.deepEqual([ended?.aborted, ends], [true, 1]);
  });

  test('fails for all of them', async () => {
    const work = pending<number>();
    const flight = startFlight(
      () => work.promise,
      () => undefined,
    );
    const waits = [flight.join(), flight.join()];
    work.reject(new OciError('UNREACHABLE', 'no'));
    for (const wait of waits) await rejection('UNREACHABLE', wait);
  });
});

describe('tokens', () => {
  const query = (...scopes: string[]) => ({ issuer: 'reg', scopes });
  const token: Token = { value: 't', lifetimeMs: 60_000 };

  test('on their way are waited for by whoever needs no more', async () => {
    const cache = createTokenCache(testClock());
    const work = pending<Token>();
    let fetches = 0;
    const fetch = (): Promise<Token> => {
      fetches++;
      return work.promise;
    };
    const waits = [
      cache.get(query('repository:a:pull,push'), fetch),
      cache.get(query('repository:a:pull'), fetch),
      cache.get(query('repository:b:pull'), fetch),
    ];
    assert.equal(fetches, 2);
    work.resolve(token);
    for (const wait of waits) assert.deepEqual(await wait, { value: 't', fresh: true });
    assert.deepEqual(await cache.get(query('repository:a:push'), fetch), { value: 't', fresh: false });
  });

  test('that failed are fetched anew', async () => {
    const cache = createTokenCache(testClock());
    await rejection(
      'UNREACHABLE',
      cache.get(query('s'), () => Promise.reject(new OciError('UNREACHABLE', 'no'))),
    );
    assert.deepEqual(await cache.get(query('s'), async () => token), { value: 't', fresh: true });
  });

  test('that nobody waits for any more are not fetched', async () => {
    const cache = createTokenCache(testClock());
    const controller = new AbortController();
    let signal: AbortSignal | undefined;
    const first = cache.get(
      query('s'),
      (ends) => {
        signal = ends;
        return new Promise(() => undefined);
      },
      controller.signal,
    );
    controller.abort();
    await rejection('ABORTED', first);
    assert.equal(signal?.aborted, true);
    assert.deepEqual(await cache.get(query('s'), async () => token), { value: 't', fresh: true });
  });

  test('of one account are not those of another', async () => {
    const cache = createTokenCache(testClock());
    await cache.get({ issuer: 'alice', scopes: [] }, async () => token);
    assert.equal((await cache.get({ issuer: 'bob', scopes: [] }, async () => ({ ...token, value: 'u' }))).value, 'u');
  });
});

test('a credential that is being looked up is not looked up again, and a failure is not kept', async () => {
  let looked = 0;
  const memory = rememberCredentials(async () => {
    looked++;
    await settle();
    if (looked === 1) throw new OciError('CREDENTIALS', 'the helper failed');
    return { registryToken: String(looked) };
  });
  const [one, two] = [memory.find('reg.test'), memory.find('reg.test')];
  await rejection('CREDENTIALS', one);
  await rejection('CREDENTIALS', two);
  assert.deepEqual(await memory.find('reg.test'), { registryToken: '2' });
  assert.deepEqual(await memory.find('reg.test'), { registryToken: '2' });
  memory.forget('reg.test');
  assert.deepEqual(await memory.find('reg.test'), { registryToken: '3' });
});

describe('a limit on requests to a host', () => {
  const request = (registry: string, change: Partial<HttpRequest> = {}): HttpRequest => ({
    method: 'GET',
    url: `${registry}/v2/`,
    headers: {},
    registry,
    ...change,
  });

  test('is kept until the head of the answer, and by each host for itself', async () => {
    const answers = [...Array(5).keys()].map(() => pending<object>());
    let at = 0;
    const wire = script(() => answers[at++]?.promise ?? {});
    const send = gate(2)(wire.send);
    const sending = ['a', 'a', 'a', 'b'].map((host) => send(request(`https://${host}.test`)));
    await settle();
    assert.deepEqual(
      wire.lines().map((line) => line.slice(12, 13)),
      ['a', 'a', 'b'],
    );
    answers[1]?.resolve({});
    await settle();
    assert.equal(wire.requests.length, 4);
    for (const answer of answers) answer.resolve({});
    await Promise.all(sending); // no body was read: a stream holds no slot
  });

  test('does not count requests with bodies, which may read from the same host', async () => {
    const wire = script(() => ({}));
    const send = gate(1)(wire.send);
    const body = {
      size: 0,
      open: async function* (): AsyncGenerator<Uint8Array> {
        yield* (await send(request('https://a.test'))).body;
      },
    };
    assert.equal((await send(request('https://a.test', { method: 'PUT', body }))).status, 200);
  });

  test('lets go who is aborted, and gives the slot back after a failure', async () => {
    const first = pending<object>();
    let at = 0;
    const wire = script(() => (at++ === 0 ? first.promise : {}));
    const send = gate(1)(wire.send);
    const one = send(request('https://a.test'));
    const controller = new AbortController();
    const two = send(request('https://a.test', { signal: controller.signal }));
    const three = send(request('https://a.test'));
    controller.abort();
    await rejection('ABORTED', two);
    first.reject(new OciError('UNREACHABLE', 'no'));
    await rejection('UNREACHABLE', one);
    assert.equal((await three).status, 200);
    assert.equal(wire.requests.length, 2);
  });
});
