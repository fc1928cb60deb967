/** What a credential helper prints, after its exit code (`0 {"Username":…}`): a credential, none, or an error that repeats nothing of it. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { readHelperAnswer } from '../../src/node/credentials/credential-helper.ts';
import { requireRefusal, text } from '../judge.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';

const answer = fc.record(
  {
    ServerURL: fc.string(),
    Username: fc.oneof(fc.string(), fc.constant('<token>')),
    Secret: fc.oneof(fc.string(), fc.nat()),
  },
  { requiredKeys: [] },
);

export const target: FuzzTarget = {
  name: 'helper',
  corpus: () => lines('helper'),
  arbitrary: fc
    .tuple(fc.constantFrom('0', '1'), answer)
    .map(([code, json]) => Buffer.from(`${code} ${JSON.stringify(json)}`)),
  tokens: [
    '0 ',
    '1 ',
    '"Username":"u"',
    '"Secret":"CANARY"',
    '<token>',
    'credentials not found in native keychain',
    '\n',
  ],
  run(input) {
    const [, code = '1', stdout = ''] = /^(\d{1,3}|SIG(?:KILL|TERM|SEGV|PIPE)) ?([^]*)$/.exec(text(input)) ?? [];
    try {
      const found = readHelperAnswer('fake', 'reg.example.com', { code: code === '0' ? 0 : code, stdout });
      for (const value of Object.values(found ?? {})) assert.equal(typeof value, 'string');
      return 'taken';
    } catch (error) {
      requireRefusal(error);
      assert.doesNotMatch(String(error), /CANARY/);
      return 'refused';
    }
  },
};
