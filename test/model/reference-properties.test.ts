import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isOciError } from '../../src/errors.ts';
import { familiarReference, formatReference, parseReference } from '../../src/model/reference.ts';
import { referenceTexts } from '../support/reference-texts.ts';

test('NAME-9: formatting and parsing again gives the same reference', () => {
  fc.assert(
    fc.property(referenceTexts, (written) => {
      const reference = parseReference(written);
      assert.deepEqual(parseReference(formatReference(reference)), reference);
      assert.equal(formatReference(parseReference(formatReference(reference))), formatReference(reference));
    }),
    { numRuns: 500 },
  );
});

test('NAME-9: the familiar form means the same', () => {
  fc.assert(
    fc.property(referenceTexts, (written) => {
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
      .tuple(referenceTexts, fc.string({ maxLength: 3 }), fc.nat())
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
