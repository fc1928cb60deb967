/** Digests: three algorithms, lower-case hex of the right length, and nothing else; none is a path that leads elsewhere. */
import assert from 'node:assert/strict';
import { posix } from 'node:path';
import * as fc from 'fast-check';
import { blobPath } from '../../src/layout/paths.ts';
import { digestAlgorithm, digestHex, isDigest, parseDigest } from '../../src/model/digest.ts';
import { text, valueOf, verdictOf } from '../judge.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';

const lengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };
const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 62, maxLength: 130 });

export const target: FuzzTarget = {
  name: 'digest',
  corpus: () => lines('digest'),
  arbitrary: fc
    .tuple(fc.constantFrom('sha256:', 'sha384:', 'sha512:'), hex)
    .map(([algorithm, digits]) => new TextEncoder().encode(algorithm + digits)),
  tokens: [
    'sha256:',
    'sha512:',
    'sha384:',
    'sha1:',
    'md5:',
    'blake3:',
    'sha256+b64u:',
    'F'.repeat(64),
    'a'.repeat(64),
    'é',
  ],
  run(input) {
    const given = text(input);
    const digest = valueOf(() => parseDigest(given));
    assert.equal(isDigest(given), digest !== undefined);
    const [algorithm = '', digits = '', ...more] = given.split(':');
    const is = more.length === 0 && Object.hasOwn(lengths, algorithm) && digits.length === lengths[algorithm];
    assert.equal(digest !== undefined, is && digits.split('').every((one) => '0123456789abcdef'.includes(one)));
    if (digest !== undefined) {
      assert.equal(`${digestAlgorithm(digest)}:${digestHex(digest)}`, given);
      assert.equal(posix.normalize(blobPath(digest)), `blobs/${algorithm}/${digits}`);
    }
    return verdictOf(digest);
  },
};
