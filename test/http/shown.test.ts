import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBasic, passwordIn } from '../../src/http/basic.ts';
import { failureOf } from '../../src/http/failure.ts';
import { createHosts } from '../../src/http/hosts.ts';
import { createSend } from '../../src/http/pipeline.ts';
import type { HttpRequest } from '../../src/http/types.ts';
import type { OciError } from '../../src/errors.ts';
import { script } from '../support/scripted-transport.ts';
import { testClock } from '../support/test-clock.ts';

const request: HttpRequest = {
  method: 'GET',
  url: 'https://reg.test/v2/a/blobs/uploads/1?_state=CANARY-state&n=5000',
  headers: { 'x-team': 'web', 'x-key': 'CANARY-key', accept: 'text/plain' },
  registry: 'https://reg.test',
};

/** The error of a server that repeats what it is sent. */
async function refused(status: number, credential: { username: string; password: string }): Promise<OciError> {
  const wire = script(({ url, headers }) => ({
    status: headers.authorization === undefined ? 401 : status,
    headers: { 'www-authenticate': 'Basic realm="r"' },
    body: JSON.stringify({ errors: [{ code: 'E', message: url, detail: { headers, password: credential.password } }] }),
  }));
  const hosts = createHosts({ 'reg.test': { credential } });
  const response = await createSend({ transport: wire.send, hosts, clock: testClock() })(request);
  return failureOf(response, 'cannot read a', request);
}

test('GEN-3: what a server repeats of the request is left out of its words, and nothing else', async () => {
  for (const status of [400, 401, 403]) {
    const error = await refused(status, { username: 'me', password: 'CANARY pass:word' });
    const told = JSON.stringify(error) + error.message;
    assert.doesNotMatch(told, /CANARY|Q0FOQVJ/);
    assert.match(told, /_state=REDACTED&n=5000/);
    const [{ detail } = {}] = error.errors;
    assert.deepEqual(detail, {
      headers: {
        authorization: 'REDACTED',
        'user-agent': 'lading',
        'x-team': 'web',
        'x-key': 'REDACTED',
        accept: 'text/plain',
      },
      password: 'REDACTED',
    });
  }
});

test('a password comes back from Basic as it was, and from nothing else', () => {
  for (const password of ['', 'a:b', 'pä ss', '日本'])
    assert.equal(passwordIn(encodeBasic({ username: 'me', password })), password);
  for (const value of ['', 'Basic', 'Basic a', 'Basic bWU=', 'Basic =', 'Bearer bWU6cA==', 'Basic bWU6cA== x'])
    assert.equal(passwordIn(value), undefined);
});

test('GEN-3: a secret is found in JSON however its characters are escaped', async () => {
  for (const password of ['CANARY"quote', 'CANARY\\back', 'CANARY/slash', 'CANARY&<>', 'CANARY-pä', 'CANARY\ttab']) {
    const body = JSON.stringify({ errors: [{ code: password, message: password, detail: { [password]: [password] } }] })
      .replaceAll('/', '\\/')
      .replace(/[&<>ä]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);
    const wire = script(() => ({ status: 403, body }));
    const hosts = createHosts({
      'reg.test': { headers: { authorization: encodeBasic({ username: 'me', password }) } },
    });
    const response = await createSend({ transport: wire.send, hosts, clock: testClock() })(request);
    const error = await failureOf(response, 'cannot read a', request);
    assert.doesNotMatch(JSON.stringify(error) + error.message, /CANARY/, body);
    assert.equal(error.errors.length, 1);
  }
});

test('what is hidden does not break the JSON that has the same word in it', async () => {
  const body = '{"errors":[{"code":"NAME_UNKNOWN","detail":true}]}';
  const wire = script(() => ({ status: 404, body }));
  const send = createSend({ transport: wire.send, hosts: createHosts(), clock: testClock() });
  const sent = { ...request, headers: { 'x-docker-token': 'true' } };
  const error = await failureOf(await send(sent), 'cannot read a', sent);
  assert.deepEqual(error.errors, [{ code: 'NAME_UNKNOWN', detail: true }]);
});

test('GEN-3: what was read ahead is cleaned as well', async () => {
  const wire = script(({ headers }) => ({
    status: headers.authorization === undefined ? 401 : 203,
    headers: { 'www-authenticate': 'Basic realm="r"' },
    body: `you sent ${headers.authorization}`,
  }));
  const hosts = createHosts({ 'reg.test': { credential: { username: 'me', password: 'CANARY' } } });
  const asked = { ...request, document: 1000 };
  const response = await createSend({ transport: wire.send, hosts, clock: testClock() })(asked);
  assert.match((await failureOf(response, 'cannot read a', asked)).message, /203 \("you sent REDACTED"\)$/);
  assert.equal(wire.open(), 0);
});
