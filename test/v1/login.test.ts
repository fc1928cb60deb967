import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rejection } from '../support/failure.ts';
import { json } from '../support/scripted-transport.ts';
import { v1Script } from '../support/v1-script.ts';

const users = 'https://reg.test/v1/users/';
const account = { username: 'alice', password: 'CANARY' };

test('one GET proves it, with the password and nothing else', async () => {
  const { client, wire } = v1Script(
    { [users]: json('OK') },
    { credentials: async () => ({ username: 'other', password: 'other' }) },
  );
  await client.login('reg.test', account);
  const [sent] = wire.requests;
  assert.deepEqual([wire.requests.length, sent?.method, sent?.body], [1, 'GET', '']);
  assert.equal(sent?.headers.authorization, `Basic ${btoa('alice:CANARY')}`);
});

test('a password that is refused is not followed by another one', async () => {
  const { client, wire } = v1Script(
    { [users]: { status: 401, headers: { 'www-authenticate': 'Basic realm="auth required",Token' } } },
    { credentials: async () => ({ username: 'other', password: 'other' }) },
  );
  await rejection('UNAUTHORIZED', client.login('reg.test', account));
  assert.equal(wire.requests.length, 1);
});

test('a redirect does not take the password along', async () => {
  const { client, wire } = v1Script({
    [users]: { status: 307, headers: { location: 'https://other.test/v1/users/' } },
    'https://other.test/v1/users/': { status: 401 },
  });
  await rejection('UNAUTHORIZED', client.login('reg.test', account));
  assert.equal(wire.requests[1]?.headers.authorization, undefined);
});

test('a page for people proves nothing, and a registry without a login says so', async () => {
  const page = v1Script({ [users]: { headers: { 'content-type': 'text/html' }, body: '<html>hello</html>' } });
  await rejection('UNSUPPORTED', page.client.login('reg.test', account));
  const none = v1Script({ 'https://reg.test/v1/_ping': json({}) });
  await rejection('UNSUPPORTED', none.client.login('reg.test', account));
});

test('somebody else who answers proves nothing: the password was not shown there', async () => {
  for (const to of ['https://sso.test/welcome', 'https://reg.test:8443/v1/users/']) {
    const { client, wire } = v1Script({
      [users]: { status: 302, headers: { location: to } },
      [to]: json('OK'),
    });
    const error = await rejection('UNSUPPORTED', client.login('reg.test', account));
    assert.match(error.message, /sending it on to (sso\.test|reg\.test:8443)$/);
    assert.equal(wire.requests[1]?.headers.authorization, undefined);
    assert.equal(wire.open(), 0);
  }
});

test('a redirect within the index takes the password along', async () => {
  const there = 'https://reg.test/v1/users';
  const { client, wire } = v1Script({ [users]: { status: 301, headers: { location: there } }, [there]: json('OK') });
  await client.login('reg.test', account);
  assert.equal(wire.requests[1]?.headers.authorization, `Basic ${btoa('alice:CANARY')}`);
});
