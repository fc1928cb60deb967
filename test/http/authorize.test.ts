import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Credential } from '../../src/http/types.ts';
import { rejection } from '../support/failure.ts';
import { json } from '../support/scripted-transport.ts';
import { bearer, session } from '../support/token-session.ts';

const pull = ['repository:a/b:pull'];
const push = ['repository:a/b:pull,push'];
const alice: Credential = { username: 'alice', password: 'pä ss' };
const basic = `Basic ${Buffer.from('alice:pä ss').toString('base64')}`;

describe('an open registry', () => {
  test('AUTH-1 GO-11: is asked once, and shown nothing', async () => {
    const { wire, get, lookups } = session({ credential: alice, registry: () => ({}) });
    assert.equal(await get(pull), 200);
    assert.deepEqual(wire.lines(), ['GET https://reg.test/v2/a/b']);
    assert.equal(wire.requests[0]?.headers.authorization, undefined);
    assert.equal(lookups.length, 0);
  });
});

describe('a registry with tokens', () => {
  test('AUTH-3 GO-12: is asked thrice the first time, and once afterwards', async () => {
    const { wire, get } = session({});
    assert.equal(await get(pull), 200);
    assert.equal(await get(pull), 200);
    const token = 'GET https://auth.reg.test/token?service=reg&scope=repository%3Aa%2Fb%3Apull';
    const registry = 'GET https://reg.test/v2/a/b';
    assert.deepEqual(wire.lines(), [registry, token, registry, registry]);
    assert.equal(wire.requests[3]?.headers.authorization, 'Bearer t1');
    assert.equal(wire.open(), 0);
  });

  test('C4 AUTH-3: gets a token for another repository ahead of the request', async () => {
    const { wire, get } = session({});
    await get(pull);
    await get(['repository:c:pull'], '/v2/c');
    assert.deepEqual(wire.lines().slice(3), [
      'GET https://auth.reg.test/token?service=reg&scope=repository%3Ac%3Apull',
      'GET https://reg.test/v2/c',
    ]);
  });

  test('lets a token to push also pull, and asks for more when a request needs more', async () => {
    const { wire, get, tokens } = session({});
    await get(pull);
    await get(push);
    await get(pull);
    assert.deepEqual(tokens(), ['repository:a/b:pull', 'repository:a/b:pull,push']);
    assert.equal(wire.requests.at(-1)?.headers.authorization, 'Bearer t2');
  });

  test('AUTH-3: is asked for one token by however many at once', async () => {
    const { get, tokens } = session({});
    await get(pull);
    await Promise.all([...Array(16).keys()].map(() => get(['repository:c:pull'], '/v2/c')));
    assert.equal(tokens().length, 2);
  });

  test('C5 AUTH-5: gets the password as Basic, at the token server only', async () => {
    const { wire, get } = session({ credential: alice });
    await get(pull);
    assert.deepEqual(
      wire.requests.map(({ headers }) => headers.authorization),
      [undefined, basic, 'Bearer t1'],
    );
  });

  test('gets a request body again', async () => {
    const { wire, send } = session({});
    const body = {
      size: 2,
      open: async function* () {
        yield new TextEncoder().encode('hi');
      },
    };
    await (await send({ method: 'PATCH', body, scopes: push })).cancel();
    assert.deepEqual(
      wire.requests.map((sent) => sent.body),
      ['hi', '', 'hi'],
    );
  });

  test('C2 AUTH-4: may say access_token, but must say something', async () => {
    assert.equal(await session({ token: () => json({ access_token: 'a' }) }).get(pull), 200);
    assert.equal(await session({ token: () => json({ token: '', access_token: 'a' }) }).get(pull), 200);
    for (const body of [{}, { token: '' }, { token: 7 }, { token: 'a\r\nx: y' }, [], null, 'x']) {
      await rejection('UNAUTHORIZED', session({ token: () => json(body) }).get(pull));
    }
  });
});

describe('a token that has run out', () => {
  test('C2 AUTH-3: is replaced before it is refused, with a margin that suits its life', async () => {
    for (const [expires_in, lives] of [
      [300, 270_000],
      [3600, 3_570_000],
      [undefined, 54_000],
      [10, 9000],
      [0, 54_000],
      [-1, 54_000],
      ['120', 108_000],
      [1e9, 86_370_000],
    ] as const) {
      const { get, tokens, clock } = session({ token: (n) => json({ token: `t${n}`, expires_in }) });
      await get(pull);
      await clock.wait(lives - 1);
      await get(pull);
      assert.equal(tokens().length, 1, `${expires_in} s: too early`);
      await clock.wait(1);
      await get(pull);
      assert.equal(tokens().length, 2, `${expires_in} s: too late`);
    }
  });

  test('counts from when it was made, as far as the server can tell', async () => {
    const headers = { date: 'Wed, 21 Oct 2026 07:28:00 GMT' };
    for (const [issued_at, lives] of [
      ['2026-10-21T07:26:00Z', 150_000],
      ['2026-10-21T09:00:00Z', 270_000],
      ['2001-01-01T00:00:00Z', 270_000],
      ['soon', 270_000],
    ] as const) {
      const { get, tokens, clock } = session({
        token: (n) => ({ ...json({ token: `t${n}`, expires_in: 300, issued_at }), headers }),
      });
      await get(pull);
      await clock.wait(lives - 1);
      await get(pull);
      assert.equal(tokens().length, 1, issued_at);
      await clock.wait(30_001);
      await get(pull);
      assert.equal(tokens().length, 2, issued_at);
    }
  });

  test('C2 AUTH-3: is replaced once when the registry refuses it', async () => {
    const refused = new Set<string>();
    const { wire, get, tokens } = session({
      registry: ({ headers }) => bearer(headers, (token) => !refused.has(token)),
    });
    await get(pull);
    refused.add('t1');
    assert.equal(await get(pull), 200);
    assert.equal(tokens().length, 2);
    refused.add('t2').add('t3');
    assert.equal(await get(pull), 401);
    assert.equal(tokens().length, 3);
    assert.equal(wire.open(), 0);
  });

  test('C2 AUTH-3: is replaced once for all who were refused', async () => {
    const refused = new Set<string>();
    const { get, tokens } = session({ registry: ({ headers }) => bearer(headers, (token) => !refused.has(token)) });
    await get(pull);
    refused.add('t1');
    assert.deepEqual(await Promise.all([...Array(16).keys()].map(() => get(pull))), Array(16).fill(200));
    assert.equal(tokens().length, 2);
  });

  test('C3: is never replaced for ever', async () => {
    const { wire, get } = session({ registry: () => bearer({}, () => false) });
    assert.equal(await get(pull), 401);
    assert.equal(wire.lines().filter((line) => line.includes('/v2/')).length, 2);
  });
});

describe('a scope', () => {
  const grown = 'repository:a/b:pull,push';
  const short = {
    'www-authenticate': `Bearer realm="https://auth.reg.test/token",service="reg",scope="${grown}",error="insufficient_scope"`,
  };

  for (const status of [401, 403]) {
    test(`AUTH-10: that is too small grows as the registry says with ${status}, and stays so`, async () => {
      const { get, tokens } = session({
        registry: ({ headers }) =>
          headers.authorization === 'Bearer t2'
            ? {}
            : headers.authorization === undefined
              ? bearer({}, () => false)
              : { status, headers: short },
      });
      assert.equal(await get(pull), 200);
      assert.equal(await get(pull), 200);
      assert.deepEqual(tokens(), ['repository:a/b:pull', 'repository:a/b:pull,push']);
    });
  }

  test('AUTH-10: of a mount is asked for twice, that of the challenge first', async () => {
    const { wire, get } = session({});
    await get(['repository:a/b:pull', 'repository:x:pull']);
    assert.match(wire.requests[1]?.url ?? '', /scope=repository%3Aa%2Fb%3Apull&scope=repository%3Ax%3Apull$/);
  });

  test('of a mount is one repository only where the user says so', async () => {
    const { wire, get } = session({ settings: { repositoryTokens: true } });
    await get(['repository:a/b:pull', 'repository:x:pull']);
    assert.match(wire.requests[1]?.url ?? '', /scope=repository%3Aa%2Fb%3Apull$/);
  });

  test('under the name that the registry has for the repository replaces ours', async () => {
    const { get, tokens } = session({ scope: 'repository:proxy/a/b:pull' });
    await get(pull);
    await get(pull);
    assert.deepEqual(tokens(), ['repository:proxy/a/b:pull']);
  });

  test('AUTH-10: that nobody named is not sent', async () => {
    const { wire, get } = session({ scope: '' });
    await get(undefined, '/v2/');
    assert.equal(wire.requests[1]?.url, 'https://auth.reg.test/token?service=reg');
  });
});

test('C5 AUTH-2: what is not of the registry is not authorized', async () => {
  const { wire, send } = session({});
  await send({});
  await (await send({ url: 'https://cdn.test/x' })).cancel();
  assert.equal(wire.requests.at(-1)?.headers.authorization, undefined);
});

test('C5 CONN-2 AUTH-2: a registry that was not allowed http is not spoken to over it', async () => {
  const { wire, send } = session({});
  await rejection('USAGE', send({ url: 'http://reg.test/v2/', registry: 'http://reg.test' }));
  assert.equal(wire.requests.length, 0);
});
