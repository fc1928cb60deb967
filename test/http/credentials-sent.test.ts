import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Credential } from '../../src/http/types.ts';
import { rejection } from '../support/failure.ts';
import { type Answer, json } from '../support/scripted-transport.ts';
import { bearer, session } from '../support/token-session.ts';

const pull = ['repository:a/b:pull'];
const alice: Credential = { username: 'alice', password: 'CANARY' };
const basic = `Basic ${btoa('alice:CANARY')}`;
const refresh: Credential = { identityToken: 'CANARY-refresh' };

const challenge = (value?: string): Answer => ({
  status: 401,
  headers: value === undefined ? {} : { 'www-authenticate': value },
});
const authorizations = ({
  requests,
}: {
  requests: readonly { headers: Readonly<Record<string, string>> }[];
}): (string | undefined)[] => requests.map(({ headers }) => headers.authorization);

describe('a password', () => {
  const wantsBasic = (value?: string) =>
    session({
      credential: alice,
      registry: ({ headers }) => (headers.authorization === basic ? {} : challenge(value)),
    });

  for (const [what, value] of [
    ['Basic is asked for', 'Basic realm="r"'],
    ['Basic is one of several ways', 'Negotiate, Basic realm="r"'],
    ['nothing says how', undefined],
  ] as const) {
    test(`C7 AUTH-2 GO-10: is sent as Basic when ${what}, and then ahead`, async () => {
      const { wire, get } = wantsBasic(value);
      assert.deepEqual([await get(pull), await get(pull)], [200, 200]);
      // who is refused without a word asks at the API's root what is wanted
      const unproven = value === undefined ? [undefined, undefined] : [undefined];
      assert.deepEqual(authorizations(wire), [...unproven, basic, basic]);
    });
  }

  test('C3 AUTH-2: that is wrong is sent once', async () => {
    const { wire, get, lookups } = session({ credential: alice, registry: () => challenge('Basic realm="r"') });
    assert.equal(await get(pull), 401);
    assert.equal(wire.requests.length, 2);
    assert.equal(lookups.length, 2, 'it is looked up again: a helper may have a new one');
    assert.equal(wire.open(), 0);
  });

  test('C7: goes as Basic to a registry that gave no good token (Harbor)', async () => {
    const { wire, get } = session({
      credential: alice,
      registry: ({ headers }) =>
        headers.authorization === basic
          ? {}
          : headers.authorization === undefined
            ? bearer({}, () => false)
            : challenge('Basic realm="harbor"'),
    });
    assert.equal(await get(pull), 200);
    assert.deepEqual(authorizations(wire), [undefined, basic, 'Bearer t1', basic]);
  });

  test('AUTH-5: is posted to a token server that knows no GET', async () => {
    for (const status of [404, 405]) {
      const { wire, get } = session({
        credential: alice,
        token: (_, { method }) => (method === 'GET' ? { status } : json({ access_token: 'a' })),
      });
      assert.equal(await get(pull), 200);
      const form = new URLSearchParams(wire.requests[2]?.body);
      assert.deepEqual(Object.fromEntries(form), {
        grant_type: 'password',
        username: 'alice',
        password: 'CANARY',
        client_id: 'lading',
        service: 'reg',
        scope: pull[0],
      });
    }
  });
});

describe('a token server that refuses', () => {
  for (const status of [400, 401, 403]) {
    test(`ERR-2: credentials with ${status} is not asked again without them`, async () => {
      const { wire, get } = session({
        credential: alice,
        token: () => ({ status, body: '{"details":"wrong CANARY"}' }),
      });
      const error = await rejection('UNAUTHORIZED', get(pull));
      assert.equal(wire.requests.length, 2);
      assert.match(error.hint ?? '', /lading login reg\.test/);
      assert.equal(error.status, status);
      assert.doesNotMatch(JSON.stringify(error) + error.message, /CANARY/);
      assert.equal(wire.open(), 0);
    });
  }

  test('anybody leads to a hint to log in', async () => {
    const error = await rejection('UNAUTHORIZED', session({ token: () => ({ status: 401, body: 'no' }) }).get(pull));
    assert.match(error.message, /cannot get a token for repository:a\/b:pull: auth\.reg\.test answered 401/);
  });

  test('for now is told as that', async () => {
    const limited = await rejection(
      'RATE_LIMITED',
      session({ token: () => ({ status: 429, headers: { 'retry-after': '5' } }) }).get(pull),
    );
    assert.deepEqual([limited.status, limited.retryAfterMs], [429, 5000]);
    const broken = await rejection('SERVER_ERROR', session({ token: () => ({ status: 503 }) }).get(pull));
    assert.equal(broken.status, 503);
  });

  test('later ends a request, even where the registry would answer anybody', async () => {
    let open = false;
    const { wire, get } = session({
      credential: alice,
      registry: ({ headers }) => (open ? {} : bearer(headers, () => true)),
      token: (count) => (count === 1 ? json({ token: 't' }) : { status: 401 }),
    });
    await get(pull);
    open = true;
    await rejection('UNAUTHORIZED', get(['repository:c:pull']));
    assert.equal(wire.open(), 0);
  });
});

describe('an identity token', () => {
  test('AUTH-5: is posted as a refresh token, with all scopes in one', async () => {
    const { wire, get } = session({ credential: refresh });
    assert.equal(await get([...pull, 'repository:x:pull']), 200);
    const sent = wire.requests[1];
    assert.deepEqual(
      [sent?.method, sent?.url, sent?.headers.authorization],
      ['POST', 'https://auth.reg.test/token', undefined],
    );
    assert.deepEqual(Object.fromEntries(new URLSearchParams(sent?.body)), {
      grant_type: 'refresh_token',
      refresh_token: 'CANARY-refresh',
      client_id: 'lading',
      service: 'reg',
      scope: 'repository:a/b:pull repository:x:pull',
    });
  });

  for (const status of [400, 401, 404, 405]) {
    test(`AUTH-5: that is refused with ${status} is never sent as a password`, async () => {
      const { wire, get } = session({ credential: refresh, token: () => ({ status }) });
      await rejection('UNAUTHORIZED', get(pull));
      assert.equal(wire.requests.length, 2);
      assert.deepEqual(authorizations(wire), [undefined, undefined]);
    });
  }

  test('is nothing for Basic', async () => {
    const { wire, get } = session({ credential: refresh, registry: () => challenge('Basic realm="r"') });
    assert.equal(await get(pull), 401);
    assert.equal(wire.requests.length, 1);
  });
});

describe('a token of the user', () => {
  test('AUTH-6: is sent as it is, ahead when it was set for the host, and once', async () => {
    const set = session({ settings: { credential: { registryToken: 'own' } } });
    assert.equal(await set.get(pull), 200);
    assert.deepEqual(authorizations(set.wire), ['Bearer own']);
    const found = session({ credential: { registryToken: 'own' } });
    assert.deepEqual([await found.get(pull), await found.get(pull)], [200, 200]);
    assert.deepEqual(authorizations(found.wire), [undefined, 'Bearer own', 'Bearer own']);
    const refused = session({
      settings: { credential: { registryToken: 'own' } },
      registry: () => bearer({}, () => false),
    });
    assert.equal(await refused.get(pull), 401);
    assert.equal(refused.wire.requests.length, 1);
  });

  test('in the request itself is left alone', async () => {
    const { wire, get } = session({ credential: alice });
    await get(pull, '/v2/a/b', { headers: { authorization: 'Bearer mine' } });
    assert.deepEqual(authorizations(wire), ['Bearer mine']);
  });
});

test('AUTH-1: the settings of a host say who asks, and `none` says nobody', async () => {
  const none = session({ credential: alice, settings: { credential: 'none' } });
  await none.get(pull);
  assert.deepEqual([authorizations(none.wire)[1], none.lookups], [undefined, []]);
  const other = session({ credential: alice, settings: { credential: { username: 'bob', password: 'b' } } });
  await other.get(pull);
  assert.equal(authorizations(other.wire)[1], `Basic ${btoa('bob:b')}`);
});

test('credentials are looked up for the repository, once', async () => {
  const { get, lookups } = session({ credential: alice });
  await get(pull);
  await get(pull);
  await get(['repository:c/d:pull']);
  assert.deepEqual(lookups, ['reg.test a/b', 'reg.test c/d']);
});

test('C5 CONN-9: custom headers go to the registry, and to a token server only when it is the same', async () => {
  const settings = { headers: { 'X-Key': 'CANARY' } };
  const other = session({ settings });
  await other.get(pull);
  assert.deepEqual(
    other.wire.requests.map(({ headers }) => headers['x-key']),
    ['CANARY', undefined, 'CANARY'],
  );
  const same = session({ settings, realm: 'https://reg.test/token' });
  await same.get(pull);
  assert.deepEqual(
    same.wire.requests.map(({ headers }) => headers['x-key']),
    ['CANARY', 'CANARY', 'CANARY'],
  );
});

test('each repository of Artifactory has a token server of its own', async () => {
  const { wire, get } = session({
    credential: alice,
    registry: ({ url, headers }) => {
      const name = url.includes('/one/') ? 'one' : 'two';
      return bearer(
        headers,
        (token) => token === name,
        `Bearer realm="https://reg.test/${name}/token",service="s",scope="repository:${name}/a:pull"`,
      );
    },
    token: (_, { url }) => {
      const name = /test\/(\w+)\/token/.exec(url)?.[1];
      return url.includes(`repository%3A${name}%2F`) ? json({ token: name }) : { status: 403 };
    },
  });
  for (const name of ['one', 'two', 'one', 'two'])
    assert.equal(await get([`repository:${name}/a:pull`], `/v2/${name}/a`), 200);
  assert.equal(wire.requests.length, 3 + 4 + 1 + 1);
  assert.equal(wire.open(), 0);
});
