import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { parseChallenges } from '../../src/http/challenge.ts';
import type { Send } from '../../src/http/types.ts';
import { createClient } from '../../src/registry/client.ts';
import { challenges } from '../support/challenge-table.ts';
import { misread } from '../support/challenges-misread.ts';

const plain = (header: string): unknown[] =>
  parseChallenges(header).map(({ scheme, params, token68 }) =>
    token68 === undefined ? [scheme, Object.fromEntries(params)] : [scheme, token68],
  );

describe('challenges as registries send them', () => {
  for (const [name, header, expected] of [...challenges, ...misread]) {
    test(`C1 AUTH-8: ${name}`, () => assert.deepEqual(plain(header), expected));
  }
});

test('C1 AUTH-8: a ping tells all of them', async () => {
  for (const [name, header, expected] of [...challenges, ...misread]) {
    const transport: Send = async ({ headers, url }) => {
      const refusal = { status: 401, headers: { 'www-authenticate': header } };
      const answer = headers.authorization === undefined ? refusal : { status: 200, headers: {} };
      return { ...answer, url, body: (async function* () {})(), cancel: async () => undefined };
    };
    const hosts = { 'reg.test': { credential: { registryToken: 'mine' } } };
    const ping = await createClient({ transport, hosts }).ping('reg.test');
    const told = ping.challenges.map(({ scheme, parameters }) => [scheme, parameters]);
    const parameters = expected.map(([scheme, params]) => [scheme, typeof params === 'string' ? {} : params]);
    assert.deepEqual([ping.authRequired, told], [true, parameters], name);
  }
});

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]{0,12}$/);
const value = fc.string({ unit: 'grapheme-ascii', maxLength: 30 });
const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
const challenge = fc.record({
  scheme: token,
  params: fc.uniqueArray(fc.tuple(token, value), {
    minLength: 1,
    maxLength: 5,
    selector: ([name]) => name.toLowerCase(),
  }),
});

test('AUTH-8: whatever was written as a list of challenges is read back', () => {
  fc.assert(
    fc.property(
      fc.array(challenge, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(', ', ',', ' , ,'),
      (list, comma) => {
        const header = list
          .map(
            ({ scheme, params }) => `${scheme} ${params.map(([name, text]) => `${name}=${quoted(text)}`).join(comma)}`,
          )
          .join(comma);
        const expected = list.map(({ scheme, params }) => [
          scheme.toLowerCase(),
          Object.fromEntries(params.map(([name, text]) => [name.toLowerCase(), text])),
        ]);
        assert.deepEqual(plain(header), expected);
      },
    ),
  );
});

test('no header makes it throw', () => {
  const piece = fc.constantFrom('Bearer', ' ', ',', '=', '"', '\\', 'realm', '=', 'a', '/', '\t', 'Basic', 'é', '\0');
  fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => void parseChallenges(pieces.join(''))));
});

test('the longest headers are read in one pass', { timeout: 20_000 }, () => {
  const size = 2_000_000; // were it not one pass, this would take minutes
  const parts = ['a', 'a ', 'a="', ',', 'b=', 'Basic  ', '\\"', 'B a=b,'];
  for (const part of parts) parseChallenges(part.repeat(size / part.length));
  parseChallenges(`B ${'a'.repeat(size)}${' '.repeat(size)}`);
});
