import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fetchTransport } from '../../src/http/fetch-transport.ts';
import { redactResponseHeaders } from '../../src/http/redact.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { startOrigin } from '../support/http-origin.ts';

describe('the cookies of an answer', () => {
  for (const [name, send] of [
    ['nodeTransport', nodeTransport({ proxy: false })],
    ['fetchTransport', fetchTransport()],
  ] as const) {
    test(`come one by one from ${name}, apart from its headers`, async () => {
      const lines = ['a=1; Path=/', 'b=2; Expires=Wed, 21 Oct 2015 07:28:00 GMT'];
      await using origin = await startOrigin((request, response) => {
        response.writeHead(200, request.url === '/none' ? {} : { 'set-cookie': lines }).end();
      });
      const get = async (path: string) => {
        const response = await send({ method: 'GET', url: `${origin.url}${path}`, headers: {}, registry: origin.url });
        await response.cancel();
        return response;
      };
      const response = await get('/');
      assert.deepEqual(response.setCookie, lines);
      assert.equal(response.headers['set-cookie'], undefined);
      assert.deepEqual((await get('/none')).setCookie, []);
    });
  }
});

test('a token in a challenge is replaced, and what says how to log in is not', () => {
  const shown = (challenge: string) => redactResponseHeaders({ 'www-authenticate': challenge })['www-authenticate'];
  assert.equal(
    shown('Token signature=123abc,repository="foo/bar",access=read'),
    'Token signature=REDACTED,repository="foo/bar",access=read',
  );
  assert.equal(shown('signature="12 3"'), 'signature=REDACTED');
  assert.equal(shown('Token abc123=='), 'Token REDACTED');
  assert.equal(shown('Basic realm="auth required",Token'), 'Basic realm="auth required",Token');
  assert.equal(shown('Basic realm="r", Token abc, Negotiate'), 'Basic realm="r", Token REDACTED, Negotiate');
  const bearer = 'Bearer realm="https://auth.test/token",service="reg",scope="repository:a:pull"';
  assert.equal(shown(bearer), bearer);
});
