/** A 401 means something else to whoever showed nothing, a wrong password, an old token, or a token that allows too little. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { failureOf } from '../../src/http/failure.ts';
import type { Credential, HttpRequest } from '../../src/http/types.ts';
import { challengeOf, session } from '../support/token-session.ts';

const alice: Credential = { username: 'alice', password: 'secret' };
const token: Credential = { registryToken: 'one of last year' };

interface Refusal {
  readonly name: string;
  readonly credential?: Credential;
  readonly challenge: string;
  readonly code: ErrorCode;
  readonly hint: RegExp;
}

const basic = 'Basic realm="r"';
const bearer = challengeOf({});
const invalid = `${bearer},error="invalid_token"`;
const insufficient = `${bearer},error="insufficient_scope"`;

const refusals: readonly Refusal[] = [
  { name: 'nothing shown, Basic', challenge: basic, code: 'UNAUTHORIZED', hint: /needs a login/ },
  { name: 'a password', credential: alice, challenge: basic, code: 'UNAUTHORIZED', hint: /password was not accepted/ },
  { name: 'an anonymous token', challenge: bearer, code: 'UNAUTHORIZED', hint: /needs a login/ },
  { name: 'an anonymous token of too little', challenge: insufficient, code: 'UNAUTHORIZED', hint: /needs a login/ },
  { name: 'the token of an account', credential: alice, challenge: bearer, code: 'UNAUTHORIZED', hint: /login/ },
  {
    name: 'an account that may not',
    credential: alice,
    challenge: insufficient,
    code: 'DENIED',
    hint: /may not do this/,
  },
  { name: 'a token that went bad', credential: alice, challenge: invalid, code: 'TOKEN_INVALID', hint: /expired/ },
  { name: 'a token of the user', credential: token, challenge: bearer, code: 'TOKEN_INVALID', hint: /expired/ },
  {
    name: 'the same where Basic is wanted',
    credential: token,
    challenge: basic,
    code: 'TOKEN_INVALID',
    hint: /expired/,
  },
  {
    name: 'a token of the user that may not',
    credential: token,
    challenge: insufficient,
    code: 'DENIED',
    hint: /may not/,
  },
];

describe('a refusal of', () => {
  for (const { name, credential, challenge, code, hint } of refusals) {
    test(`ERR-2: ${name} is ${code}`, async () => {
      const headers = { 'www-authenticate': challenge };
      const { send, wire } = session({ ...(credential && { credential }), registry: () => ({ status: 401, headers }) });
      const scopes = ['repository:a/b:pull'];
      const request: HttpRequest = {
        method: 'GET',
        url: 'https://reg.test/v2/a/b',
        headers: {},
        registry: 'https://reg.test',
        scopes,
      };
      const error = await failureOf(await send({ scopes }), 'cannot read a/b', request);
      assert.equal(error.code, code);
      assert.match(error.hint ?? '', hint);
      assert.doesNotMatch(JSON.stringify(error) + error.message, /last year|secret/);
      assert.equal(wire.open(), 0);
    });
  }
});
