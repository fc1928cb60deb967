import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HostSettings } from '../../src/http/host.ts';
import { createHosts } from '../../src/http/hosts.ts';
import { judgeRealm } from '../../src/http/realm.ts';
import { isSameSite } from '../../src/http/site.ts';
import type { Credential } from '../../src/http/types.ts';
import type { Activity } from '../../src/model/call.ts';
import { failure, rejection } from '../support/failure.ts';
import { bearer, challengeOf, session } from '../support/token-session.ts';

const pull = ['repository:a/b:pull'];
const alice: Credential = { username: 'alice', password: 'CANARY' };

const judge = (realm: string, registry = 'reg.test', settings: HostSettings = {}): string => {
  const hosts = createHosts(Object.keys(settings).length === 0 ? {} : { [registry]: settings });
  const host = hosts(registry);
  const { url, trusted } = judgeRealm(realm, `${host.origin}/v2/`, host, hosts);
  return `${url.href} ${trusted ? 'trusted' : 'anonymous'}`;
};

describe('a token server', () => {
  for (const [realm, registry, verdict] of [
    ['https://auth.reg.test/token', 'reg.test', 'https://auth.reg.test/token trusted'],
    ['https://reg.test/token', 'reg.test', 'https://reg.test/token trusted'],
    ['https://reg.test:5001/token/', 'reg.test', 'https://reg.test:5001/token/ trusted'],
    ['https://gitlab.test/jwt/auth?a=b', 'registry.gitlab.test', 'https://gitlab.test/jwt/auth?a=b trusted'],
    ['https://auth.docker.io/token', 'docker.io', 'https://auth.docker.io/token trusted'],
    ['https://auth.docker.io/token', 'registry.hub.docker.com', 'https://auth.docker.io/token trusted'],
    ['/token', 'reg.test', 'https://reg.test/token trusted'],
    ['auth.reg.test/token', 'reg.test', 'https://auth.reg.test/token trusted'],
    ['http://localhost:5001/token', 'localhost:5000', 'http://localhost:5001/token trusted'],
    ['https://evil.test/token', 'reg.test', 'https://evil.test/token anonymous'],
    ['https://evilreg.test/token', 'reg.test', 'https://evilreg.test/token anonymous'],
    ['https://reg.test.evil.test/token', 'reg.test', 'https://reg.test.evil.test/token anonymous'],
    ['https://b.azurecr.io/token', 'a.azurecr.io', 'https://b.azurecr.io/token anonymous'],
    ['https://evil.co.uk/token', 'reg.co.uk', 'https://evil.co.uk/token anonymous'],
    ['https://8.8.4.4/token', '8.8.8.8', 'https://8.8.4.4/token anonymous'],
    ['http://127.0.0.1:5001/token', 'localhost:5000', 'http://127.0.0.1:5001/token anonymous'],
  ] as const) {
    test(`AUTH-9: ${realm} of ${registry}`, () => assert.equal(judge(realm, registry), verdict));
  }

  const inside = [
    'http://169.254.169.254/',
    'https://169.254.169.254/latest/',
    'https://[::1]/',
    'https://0.0.0.0/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::ffff:10.0.0.1]/',
  ];
  for (const realm of [
    'http://auth.reg.test/token',
    'http://reg.test/token',
    'file:///etc/passwd',
    'https://u:p@auth.reg.test/',
    ...inside,
  ]) {
    test(`C5 AUTH-9: ${realm} is never asked`, async () => {
      failure('REDIRECT_REFUSED', () => judge(realm));
      const { wire, get } = session({ credential: alice, realm });
      await rejection('REDIRECT_REFUSED', get(pull));
      assert.equal(wire.requests.length, 1);
      assert.equal(wire.open(), 0);
    });
  }

  test('that is none is an answer that no registry should give', () => {
    failure('PROTOCOL', () => judge(''));
    failure('PROTOCOL', () => judge('https://[::1/'));
  });

  test('AUTH-9: is trusted where the user says so, and asked over http where the user speaks http', () => {
    assert.equal(judge('https://evil.test/t', 'reg.test', { realms: ['evil.test'] }), 'https://evil.test/t trusted');
    assert.equal(
      judge('https://evil.test:1/t', 'reg.test', { realms: ['evil.test'] }),
      'https://evil.test:1/t anonymous',
    );
    assert.equal(
      judge('https://evil.test:1/t', 'reg.test', { realms: ['https://evil.test:1'] }),
      'https://evil.test:1/t trusted',
    );
    assert.equal(judge('https://10.0.0.1/t', 'reg.test', { realms: ['10.0.0.1'] }), 'https://10.0.0.1/t trusted');
    assert.equal(judge('http://auth.reg.test/t', 'reg.test', { plainHttp: true }), 'http://auth.reg.test/t trusted');
  });
});

describe('credentials', () => {
  test('C5 AUTH-9: are not sent to a foreign token server, and the user learns how to allow it', async () => {
    const told: Activity[] = [];
    const { wire, get } = session({
      credential: alice,
      realm: 'https://evil.test/token',
      registry: ({ headers }) => bearer(headers, () => false, challengeOf({ realm: 'https://evil.test/token' })),
    });
    const error = await rejection('UNAUTHORIZED', get(pull, '/v2/a/b', { on: (activity) => told.push(activity) }));
    assert.match(error.hint ?? '', /--host reg\.test,realm=evil\.test/);
    assert.deepEqual(
      told.map((activity) => activity.type === 'warning' && activity.host),
      ['reg.test'],
    );
    assert.deepEqual(
      wire.requests.map(({ headers }) => headers.authorization),
      [undefined, undefined, 'Bearer t1'],
    );
    assert.doesNotMatch(
      JSON.stringify(wire.requests.map(({ url, headers, body }) => ({ url, headers, body }))),
      /CANARY|YWxpY2U/,
    );
    assert.equal(wire.open(), 0);
  });

  test('are not needed where anybody may read', async () => {
    assert.equal(await session({ credential: alice, realm: 'https://evil.test/token' }).get(pull), 200);
  });

  test('that were withheld are named when the token server refuses anybody', async () => {
    const { get } = session({ credential: alice, realm: 'https://evil.test/token', token: () => ({ status: 401 }) });
    assert.match((await rejection('UNAUTHORIZED', get(pull))).hint ?? '', /realm=evil\.test/);
  });

  test('C5 AUTH-9: are not sent on by a token server that redirects', async () => {
    for (const location of [
      'https://evil.test/',
      'http://auth.reg.test/token',
      'https://reg.test/token',
      'https://u:p@auth.reg.test/',
    ]) {
      const { wire, get } = session({ credential: alice, token: () => ({ status: 302, headers: { location } }) });
      const error = await rejection('REDIRECT_REFUSED', get(pull));
      assert.doesNotMatch(error.message, /u:p/);
      assert.equal(wire.requests.length, 2);
      assert.equal(wire.open(), 0);
    }
    const same = session({
      credential: alice,
      token: (count) => (count === 1 ? { status: 307, headers: { location: '/v1/token' } } : { body: '{"token":"t"}' }),
    });
    assert.equal(await same.get(pull), 200);
    assert.match(same.wire.requests[2]?.headers.authorization ?? '', /^Basic /);
    await rejection('LIMIT', session({ token: () => ({ status: 307, headers: { location: '/' } }) }).get(pull));
  });

  test('C7: go as Basic where that is offered beside a token server that must not be asked', async () => {
    const value = 'Bearer realm="http://169.254.169.254/", Basic realm="r"';
    const { wire, get } = session({
      credential: alice,
      registry: ({ headers }) =>
        headers.authorization?.startsWith('Basic ') === true
          ? {}
          : { status: 401, headers: { 'www-authenticate': value } },
    });
    assert.equal(await get(pull), 200);
    assert.equal(wire.requests.length, 2);
  });
});

test('hosts are of one site when strangers cannot be in it', () => {
  const same = [
    'a.example.com example.com',
    'a.example.co.uk b.example.co.uk',
    'a.test a.test',
    'A.Example.com. b.example.com',
    'registry.cn-hangzhou.aliyuncs.com dockerauth.cn-hangzhou.aliyuncs.com',
    '[::1] [::1]',
  ];
  const other = [
    'a.com b.com',
    'example.co.uk other.co.uk',
    'co.uk a.co.uk',
    'a.github.io b.github.io',
    'a.s3.amazonaws.com b.s3.amazonaws.com',
    'com a.com',
    '1.2.3.4 5.2.3.4',
    '[::1] [::2]',
    'localhost a.localhost',
  ];
  for (const pair of same) assert.equal(isSameSite(...(pair.split(' ') as [string, string])), true, pair);
  for (const pair of other) assert.equal(isSameSite(...(pair.split(' ') as [string, string])), false, pair);
});
