import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAnyReference } from '../../src/model/any-reference.ts';
import { parseReference } from '../../src/model/reference.ts';
import { failure } from '../support/failure.ts';

const hex = '1a3f5e7d9c1b3a5f'.repeat(4);

test('NAME-5: 64 hex digits are no name, but an image id where one may stand', () => {
  assert.match(failure('REFERENCE_INVALID', () => parseReference(hex)).message, /image id/);
  assert.deepEqual(parseAnyReference(hex), { digest: `sha256:${hex}` });
  assert.deepEqual(parseAnyReference(`sha256:${hex}`), { digest: `sha256:${hex}` });
  assert.deepEqual(parseAnyReference(`sha512:${hex}${hex}`), { digest: `sha512:${hex}${hex}` });
});

test('NAME-5: whatever else there is, is a reference', () => {
  const texts = [hex.slice(1), `${hex}0`, `${hex}:1`, `docker.io/${hex}`, 'redis', 'sha256:1', `redis@sha256:${hex}`];
  for (const text of texts) assert.deepEqual(parseAnyReference(text), parseReference(text));
  assert.deepEqual(parseAnyReference('app', { defaultDomain: 'quay.io' }), { domain: 'quay.io', path: 'app' });
  failure('REFERENCE_INVALID', () => parseAnyReference(''));
  failure('REFERENCE_INVALID', () => parseAnyReference(hex.toUpperCase()));
});
