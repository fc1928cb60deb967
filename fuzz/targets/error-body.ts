/** The body of a refusal: a code to switch on, and words on one line, bounded, that repeat no secret. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { fromArray } from '../../src/bytes/read.ts';
import { OciError } from '../../src/errors.ts';
import { failureOf } from '../../src/http/failure.ts';
import { rememberShown } from '../../src/http/shown.ts';
import type { HttpRequest, HttpResponse } from '../../src/http/types.ts';
import { requireRefusal, text } from '../judge.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';

const SECRET = 'CANARY-secret';
const request: HttpRequest = {
  method: 'GET',
  url: 'https://reg.example.com/v2/o/app/manifests/1',
  headers: { authorization: `Bearer ${SECRET}` },
  registry: 'https://reg.example.com',
};
const entry = fc.record(
  {
    code: fc.oneof(fc.string(), fc.constantFrom('NAME_UNKNOWN', 'DENIED', 'toString', '__proto__', 7)),
    message: fc.string(),
    detail: fc.json(),
  },
  { requiredKeys: [] },
);
const body = fc
  .oneof(fc.record({ errors: fc.array(entry, { maxLength: 4 }) }), entry)
  .map((json) => JSON.stringify(json));

export const target: FuzzTarget = {
  name: 'error-body',
  corpus: () => lines('error-body'),
  arbitrary: fc
    .tuple(fc.constantFrom('400', '401', '404', '429', '500'), body)
    .map(([status, json]) => Buffer.from(`${status} ${json}`)),
  tokens: [
    '{"errors":[',
    '{"code":"',
    '"message":"',
    '"detail":',
    SECRET,
    `\\u0043${SECRET.slice(1)}`,
    '<html>',
    '404 ',
    '500 ',
    '[[[[[[[',
  ],
  async run(input) {
    const [, status = '400'] = /^([45]\d\d) /.exec(text(input.subarray(0, 4))) ?? [];
    const sent = /^[45]\d\d /.test(text(input.subarray(0, 4))) ? input.subarray(4) : input;
    const answer: HttpResponse = {
      status: Number(status),
      headers: { 'content-type': 'application/json' },
      url: request.url,
      body: fromArray(sent),
      cancel: async () => undefined,
    };
    const error = await failureOf(await rememberShown()(async () => answer)(request), 'cannot read it', request);
    assert.ok(error instanceof OciError);
    requireRefusal(error);
    assert.equal(error.status, answer.status);
    assert.ok(error.errors.length <= 100);
    const told = JSON.stringify([error, error.message, error.errors]);
    assert.ok(!told.includes(SECRET), 'what the server was shown stands in the error');
    // Words in the form of the specification are understood; whatever else came is not.
    return error.errors.length > 0 ? 'taken' : 'refused';
  },
};
