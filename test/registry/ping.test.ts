import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OciError } from '../../src/errors.ts';
import { encodeBasic } from '../../src/http/basic.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import type { Send } from '../../src/http/types.ts';
import type { Activity } from '../../src/model/call.ts';
import { createClient } from '../../src/registry/client.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { tokenAccess } from '../../src/server/token-access.ts';
import * as faults from '../../src/testing/faults.ts';
import { answering, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { testClock } from '../support/test-clock.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const realm = 'https://registry.test/token';
const credentials = fixedCredentials({ 'registry.test': { username: 'me', password: 'right' } });

/** A registry that wants tokens; anybody gets one, unless told. */
function withTokens(answer: () => Response = () => Response.json({ token: 'ok' })): TestRegistry {
  const access = tokenAccess({
    realm,
    service: 'test',
    verify: (token) => (token === 'ok' ? { grants: [] } : undefined),
  });
  const wrap: Wrap = answering(({ url }) => url.startsWith(realm), answer);
  return testRegistry({ server: { access }, wraps: [wrap], client: { credentials } });
}

describe('CAP-E1 CONN-11 NODE-22: a ping', () => {
  test('tells what answers, by one request', async () => {
    const { client, lines } = testRegistry();
    const ping = await client.ping('registry.test');
    assert.equal(ping.registry, 'registry.test');
    assert.equal(ping.origin, 'https://registry.test');
    assert.equal(ping.apiVersion, 'registry/2.0');
    assert.deepEqual([ping.authRequired, ping.challenges], [false, []]);
    assert.equal(ping.response.status, 200);
    assert.deepEqual(lines(), ['GET /v2/ 200']);
  });

  test('NODE-23: succeeds with good credentials, and tells what was asked for', async () => {
    const access = basicAccess({ check: (_, password) => password === 'right', realm: 'The registry' });
    const { client, lines } = testRegistry({ server: { access }, client: { credentials } });
    for (const requests of [2, 2]) {
      const before = lines().length;
      const { authRequired, challenges, response } = await client.ping('registry.test');
      assert.equal(authRequired, true);
      assert.deepEqual(
        challenges.map(({ scheme, parameters }) => [scheme, parameters.realm]),
        [['basic', 'The registry']],
      );
      assert.equal(response.status, 200);
      assert.equal(lines().length - before, requests);
    }
  });

  test('tells where the tokens come from, also when it has one already', async () => {
    const { client, repository, open } = withTokens();
    const first = await client.ping('registry.test');
    const [challenge] = first.challenges;
    assert.deepEqual([first.authRequired, challenge?.scheme], [true, 'bearer']);
    assert.deepEqual([challenge?.parameters.realm, challenge?.parameters.service], [realm, 'test']);
    await repository.resolve('v1').catch(() => undefined);
    const later = await client.ping('registry.test');
    assert.deepEqual([later.authRequired, later.challenges], [true, first.challenges]);
    assert.equal(later.response.status, 200);
    assert.equal(open(), 0);
  });

  test('tells of a refusal that does not say how', async () => {
    const refuse: Wrap = answering(
      (request) => !request.headers.has('authorization'),
      () => new Response(null, { status: 401 }),
    );
    const { client } = testRegistry({ wraps: [refuse], client: { credentials } });
    const { authRequired, challenges } = await client.ping('registry.test');
    assert.deepEqual([authRequired, challenges], [true, []]);
  });

  test('tells that it wants proof, also of who has set it for the host', async () => {
    const access = basicAccess({ check: (_, password) => password === 'right' });
    const headers = {
      authorization: encodeBasic({ username: 'me', password: 'right' }),
      cookie: 'own=1',
      'x-own': '1',
    };
    const { client, requests } = testRegistry({
      server: { access },
      client: { hosts: { 'registry.test': { headers } } },
    });
    const { authRequired, challenges } = await client.ping('registry.test');
    assert.deepEqual([authRequired, challenges[0]?.scheme], [true, 'basic']);
    const { authorization, cookie, 'x-own': own } = requests.at(-1)?.headers ?? {};
    assert.deepEqual([authorization, cookie, own], [undefined, undefined, '1']);
  });

  test('tells its caller of every request, of that for the challenge, too', async () => {
    const { client, requests } = withTokens();
    await client.ping('registry.test');
    const told: Activity[] = [];
    const before = requests.length;
    await client.ping('registry.test', { on: (activity) => told.push(activity) });
    assert.equal(told.filter(({ type }) => type === 'request').length, requests.length - before);
    assert.equal(requests.at(-1)?.headers.authorization, undefined);
    assert.equal(requests.at(-1)?.status, 401);
  });
});

describe('B2: a ping that fails', () => {
  test('RUBY-15 RUBY-16: tells that nobody is there, or that TLS failed', async () => {
    for (const code of ['UNREACHABLE', 'TLS', 'TIMEOUT'] as const) {
      const transport: Send = async () => {
        throw new OciError(code, 'no');
      };
      await rejection(code, createClient({ transport, clock: testClock() }).ping('registry.test'));
    }
  });

  test('RUBY-13 RUBY-14: tells who wants credentials from who refuses them', async () => {
    for (const [status, code] of [
      [401, 'UNAUTHORIZED'],
      [403, 'DENIED'],
    ] as const) {
      const { client } = testRegistry({ wraps: [faults.answerWith(status)] });
      const error = await rejection(code, client.ping('registry.test'));
      assert.equal(error.status, status);
    }
  });

  test('RUBY-13: tells that a password is wrong, of the registry or of its token server', async () => {
    const access = basicAccess({ check: (_, password) => password === 'another' });
    const basic = testRegistry({ server: { access }, client: { credentials } });
    await rejection('UNAUTHORIZED', basic.client.ping('registry.test'));
    const bearer = withTokens(() => Response.json({ details: 'incorrect username or password' }, { status: 401 }));
    await rejection('UNAUTHORIZED', bearer.client.ping('registry.test'));
  });

  test('RUBY-15: tells what is no registry', async () => {
    const html = { 'content-type': 'text/html; charset=utf-8' };
    for (const wrap of [
      faults.answerWith(404),
      faults.answerWith(405),
      faults.answerWith(200, html, '<html>'),
      faults.answerWith(404, html, '<html>'),
    ]) {
      const { client } = testRegistry({ wraps: [wrap] });
      const error = await rejection('NOT_A_REGISTRY', client.ping('registry.test'));
      assert.match(error.message, /https:\/\/registry\.test\/v2\//);
    }
    const transport: Send = async () => {
      throw new OciError('PROTOCOL', 'not HTTP');
    };
    await rejection('NOT_A_REGISTRY', createClient({ transport, clock: testClock() }).ping('registry.test'));
  });

  test('NODE-12 NODE-23: tells a registry of the retired protocol from none', async () => {
    const { client } = testRegistry({ wraps: [faults.answerWith(404, { 'x-docker-registry-version': '0.9.1' })] });
    const error = await rejection('VERSION_UNSUPPORTED', client.ping('registry.test'));
    assert.equal(error.status, 404);
    assert.match(error.hint ?? '', /lading v1/);
    // Some name that version beside the one of today.
    const both = testRegistry({ wraps: [faults.answerWith(200, { 'x-docker-registry-version': '0.9.1' })] });
    await both.client.ping('registry.test');
  });

  test('takes a registry for one that says little of itself', async () => {
    for (const body of ['', '{}', 'true']) {
      const { client } = testRegistry({ wraps: [faults.answerWith(200, {}, body)] });
      assert.equal((await client.ping('registry.test')).apiVersion, undefined);
    }
  });

  test('does not take a failing registry for none', async () => {
    const { client } = testRegistry({
      wraps: [answering(requestTo('ping'), () => new Response(null, { status: 503 }))],
    });
    await rejection('SERVER_ERROR', client.ping('registry.test'));
  });
});
