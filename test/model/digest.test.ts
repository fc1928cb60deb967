import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestAlgorithm, digestHex, isDigest, parseDigest } from '../../src/model/digest.ts';
import { failure } from '../support/failure.ts';

const hex = '0123456789abcdef'.repeat(4);

for (const [algorithm, length] of [
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
] as const) {
  test(`reads a ${algorithm} digest`, () => {
    const digest = parseDigest(`${algorithm}:${hex.repeat(2).slice(0, length)}`);
    assert.equal(digestAlgorithm(digest), algorithm);
    assert.equal(digestHex(digest), hex.repeat(2).slice(0, length));
  });
}

const bad: readonly unknown[] = [
  '',
  'sha256',
  'sha256:',
  hex,
  `:${hex}`,
  `sha256:${hex.slice(1)}`,
  `sha256:${hex}0`,
  `sha256:${hex.toUpperCase()}`,
  `SHA256:${hex}`,
  `sha256:${hex.slice(0, 63)}g`,
  'sha256:../..',
  `sha256:${'../'.repeat(21)}a`,
  'sha256:%2e%2e',
  `sha256:${'%2e'.repeat(21)}a`,
  `sha256/${hex}`,
  `sha256:sha256:${hex.slice(7)}`,
  `sha1:${hex.slice(0, 40)}`,
  `md5:${hex.slice(0, 32)}`,
  `sha512:${hex}`,
  `sha384:${hex.repeat(2)}`,
  `sha256+b64:${hex}`,
  `blake3:${hex}`,
  ` sha256:${hex}`,
  `sha256:${hex} `,
  `sha256:${hex}\n`,
  `sha256:${hex}\r\nHost: evil`,
  `sha256:${hex.slice(1)}\0`,
  `sha256:\u202e${hex.slice(1)}`,
  `sha256:${hex.slice(1)}\u0660`,
  `sha256:${hex}`.repeat(1000),
  undefined,
  null,
  256,
  {},
  [`sha256:${hex}`],
];

for (const value of bad) {
  test(`refuses the digest ${(JSON.stringify(value) ?? 'undefined').slice(0, 40)}`, () => {
    assert.equal(isDigest(value), false);
    const error = failure('DIGEST_INVALID', () => parseDigest(value));
    assert.ok(error.message.length < 300);
    assert.ok(error.hint);
  });
}
