/** What a token server answers (the body alone, or after a status and a blank): a token that can be a header, and a sane lifetime. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { fromArray } from '../../src/bytes/read.ts';
import { fetchToken } from '../../src/http/token.ts';
import type { HttpResponse, Send } from '../../src/http/types.ts';
import { requireRefusal, text } from '../judge.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';

const PASSWORD = 'CANARY-password';
const realm = new URL('https://auth.example.com/token');
const json = fc.record(
  {
    token: fc.oneof(fc.string(), fc.constantFrom('abc.def', null, 1)),
    access_token: fc.string(),
    expires_in: fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constantFrom(0, -1, '300', 1e300)),
    issued_at: fc.oneof(fc.string(), fc.constantFrom('2026-01-02T00:00:00Z', '9999-12-31T23:59:59Z')),
  },
  { requiredKeys: [] },
);

export const target: FuzzTarget = {
  name: 'token-response',
  corpus: () => lines('token-response'),
  arbitrary: json.map((answer) => Buffer.from(JSON.stringify(answer))),
  tokens: [
    '{"token":"abc"',
    '"access_token":"',
    '"expires_in":',
    '"issued_at":"2026-01-02T00:00:00Z"',
    '401 ',
    '302 ',
    '500 ',
    PASSWORD,
  ],
  async run(input) {
    const [, status = '200'] = /^([1-5]\d\d) /.exec(text(input.subarray(0, 4))) ?? [];
    const body = /^[1-5]\d\d /.test(text(input.subarray(0, 4))) ? input.subarray(4) : input;
    const send: Send = async ({ url }) => answer(url, Number(status), body);
    const credential = { username: 'u', password: PASSWORD };
    const request = {
      realm,
      scopes: ['repository:o/app:pull'],
      credential,
      registry: 'https://example.com',
      name: 'example.com',
      headers: {},
    };
    try {
      const { value, lifetimeMs } = await fetchToken(send, request);
      assert.match(value, /^[\x21-\x7e]+$/);
      assert.ok(lifetimeMs > 0 && lifetimeMs <= 24 * 3600 * 1000, String(lifetimeMs));
      return 'taken';
    } catch (error) {
      requireRefusal(error);
      assert.ok(!JSON.stringify([error, String(error)]).includes(PASSWORD), 'the password stands in the error');
      return 'refused';
    }
  },
};

function answer(url: string, status: number, body: Uint8Array): HttpResponse {
  const headers = { 'content-type': 'application/json', date: 'Fri, 02 Jan 2026 00:00:10 GMT', location: '/elsewhere' };
  return { status, headers, url, body: fromArray(body), cancel: async () => undefined };
}
