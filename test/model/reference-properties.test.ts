import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isOciError } from '../../src/errors.ts';
import { familiarReference, formatReference, parseReference } from '../../src/model/reference.ts';

const letters = (characters: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters.split('')), minLength, maxLength });
const lower = 'abcxyz019';
const component = fc
  .array(fc.tuple(letters(lower, 1, 5), fc.constantFrom('.', '_', '__', '-', '---')), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.map(([word, joint], at) => (at === 0 ? word : joint + word)).join(''));
const path = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const host = fc.constantFrom(
  'docker.io',
  'localhost',
  'ghcr.io',
  'Upper.Example',
  'a-b.c',
  '10.0.0.1',
  '[::1]',
  '[2001:db8::1]',
);
const domain = fc
  .tuple(host, fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }))
  .map(([name, port]) => (port === undefined ? name : `${name}:${port}`));
const tag = fc.tuple(letters('aZ9_', 1, 1), letters('aZ9_.-', 0, 20)).map((parts) => parts.join(''));
const digest = fc
  .tuple(fc.constantFrom(['sha256', 64] as const, ['sha512', 128] as const), letters('0123456789abcdef', 128, 128))
  .map(([[algorithm, length], hex]) => `${algorithm}:${hex.slice(0, length)}` as const);
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
// a name without a registry begins with a word that is none
const name = fc
  .oneof(fc.tuple(domain, path), fc.tuple(letters(lower, 1, 9), path), fc.tuple(letters(lower, 1, 9)))
  .map((parts) => parts.join('/'));
const text = fc
  .tuple(name, optional(tag), optional(digest))
  .map(([n, t, g]) => `${n}${t === undefined ? '' : `:${t}`}${g === undefined ? '' : `@${g}`}`);

test('formatting and parsing again gives the same reference', () => {
  fc.assert(
    fc.property(text, (written) => {
      const reference = parseReference(written);
      assert.deepEqual(parseReference(formatReference(reference)), reference);
      assert.equal(formatReference(parseReference(formatReference(reference))), formatReference(reference));
    }),
    { numRuns: 500 },
  );
});

test('the familiar form means the same', () => {
  fc.assert(
    fc.property(text, (written) => {
      const reference = parseReference(written);
      assert.deepEqual(parseReference(familiarReference(reference)), reference);
    }),
    { numRuns: 1000 },
  );
});

test('whatever the text, it is a canonical reference or an error of ours', () => {
  const noise = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'aA0._-/:@[]% \nsha256'.split('')) }),
    fc
      .tuple(text, fc.string({ maxLength: 3 }), fc.nat())
      .map(([t, extra, at]) => t.slice(0, at % t.length) + extra + t.slice(at % t.length)),
  );
  fc.assert(
    fc.property(noise, (written) => {
      try {
        const whole = formatReference(parseReference(written));
        assert.match(whole, /^[\w.:[\]-]+\/[a-z0-9._/-]+(:[\w.-]+)?(@sha\d+:[0-9a-f]+)?$/);
        assert.ok(URL.canParse(`https://${whole.split('/')[0]}/v2/`));
      } catch (error) {
        assert.ok(isOciError(error, 'REFERENCE_INVALID', 'DIGEST_INVALID'), String(error));
        assert.match(error.message, /^[\x20-\x7e…]+$/);
      }
    }),
    { numRuns: 1000 },
  );
});
