/** An authenticator of the user's own: it sees every request and every answer, may have a request sent again, and not for ever. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { abortError } from '../../src/errors.ts';
import type { HttpRequest, Middleware } from '../../src/http/types.ts';
import { collect } from '../../src/graph/collect.ts';
import { createClient } from '../../src/registry/client.ts';
import { rejection } from '../support/failure.ts';
import { type Answer, json, type Script, script, type SentRequest } from '../support/scripted-transport.ts';
import { testClock } from '../support/test-clock.ts';

const tags = json({ name: 'a', tags: ['v1'] });
const refusal = { status: 401, headers: { 'www-authenticate': 'Signed realm="reg"' } };

function setUp(answer: (request: SentRequest) => Answer, ...middleware: readonly Middleware[]) {
  const wire = script(answer);
  const client = createClient({ transport: wire.send, clock: testClock(), middleware });
  const list = (signal?: AbortSignal): Promise<string[]> => collect(client.repository('reg.test/a').tags({ signal }));
  return { wire, list };
}

const authorizations = ({ requests }: Script): (string | undefined)[] =>
  requests.map(({ headers }) => headers.authorization);

const signed = (request: HttpRequest, count: number): HttpRequest => ({
  ...request,
  headers: { ...request.headers, authorization: `Signed ${count}` },
});

/** Signs anew after every refusal. */
const stubborn: Middleware = (next) => async (request) => {
  for (let count = 1; ; count++) {
    const response = await next(signed(request, count));
    if (response.status !== 401) return response;
    await response.cancel();
  }
};

describe('an authenticator of one’s own', () => {
  test('AUTH-7 GO-8: changes every request before it is sent', async () => {
    const { wire, list } = setUp(
      ({ headers }) => (headers.authorization === undefined ? refusal : tags),
      (next) => (request) => next(signed(request, 1)),
    );
    assert.deepEqual([await list(), await list()], [['v1'], ['v1']]);
    assert.deepEqual(authorizations(wire), ['Signed 1', 'Signed 1']);
  });

  test('AUTH-7 GO-9: sees every answer, and has the request sent again', async () => {
    const { wire, list } = setUp(({ headers }) => (headers.authorization === 'Signed 3' ? tags : refusal), stubborn);
    assert.deepEqual(await list(), ['v1']);
    assert.deepEqual(authorizations(wire), ['Signed 1', 'Signed 2', 'Signed 3']);
    assert.equal(wire.open(), 0);
  });

  for (const [what, layers] of [
    ['one that', [stubborn]],
    ['several that', [stubborn, stubborn]],
  ] as const) {
    test(`AUTH-7 GO-9: ${what} never give up end with an error after ten requests`, async () => {
      const { wire, list } = setUp(() => refusal, ...layers);
      const error = await rejection('LIMIT', list());
      assert.equal(wire.requests.length, 10);
      assert.match(error.message, /^a middleware sent the same GET to reg\.test 10 times$/);
      assert.equal(error.request?.url, 'https://reg.test/v2/a/tags/list?n=1000');
      assert.equal(wire.open(), 0);
    });
  }

  test('AUTH-7: ends with its caller, too', async () => {
    const caller = new AbortController();
    const { wire, list } = setUp(({ headers, request: { signal } }) => {
      if (signal?.aborted === true) return { error: abortError(signal) };
      if (headers.authorization === 'Signed 3') caller.abort();
      return refusal;
    }, stubborn);
    await rejection('ABORTED', list(caller.signal));
    assert.equal(wire.requests.length, 4);
  });

  test('AUTH-7: is counted for each request by itself, and not for what it asks on its own account', async () => {
    const { wire, list } = setUp(
      ({ url, headers }) => (url.includes('/v2/') && headers.authorization === undefined ? refusal : tags),
      (next) => async (request) => {
        const url = 'https://signer.test/sign';
        const asked = await next({ method: 'GET', url, headers: {}, registry: request.registry });
        await asked.cancel();
        return next(signed(request, 1));
      },
    );
    for (let count = 0; count < 20; count++) assert.deepEqual(await list(), ['v1']);
    assert.equal(wire.requests.length, 40);
  });
});
