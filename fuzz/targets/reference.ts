/** References: what is taken is written back to the same one, and is a path below `/v2/` that no URL parser folds. */
import assert from 'node:assert/strict';
import { formatReference, familiarReference, parseReference, type Reference } from '../../src/model/reference.ts';
import { referenceTexts } from '../../test/support/reference-texts.ts';
import { text, valueOf, verdictOf } from '../judge.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  name: 'reference',
  corpus: () => lines('reference'),
  arbitrary: referenceTexts.map((reference) => new TextEncoder().encode(reference)),
  tokens: [
    'docker.io',
    'localhost',
    ':5000',
    '@sha256:',
    'f'.repeat(64),
    'library/',
    '[::1]',
    '__',
    '-',
    '.',
    'a'.repeat(128),
  ],
  run(input) {
    const reference = valueOf(() => parseReference(text(input)));
    if (reference !== undefined) check(reference);
    return verdictOf(reference);
  },
};

function check(reference: Reference): void {
  assert.deepEqual(parseReference(formatReference(reference)), reference);
  assert.deepEqual(parseReference(familiarReference(reference)), reference);
  const { domain, path, tag = 'latest', digest = tag } = reference;
  const place = `/v2/${path}/manifests/${digest}`;
  assert.equal(new URL(`https://${domain}${place}`).pathname, place);
  assert.match(tag, /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/);
}
