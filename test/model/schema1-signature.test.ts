import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseSchema1 } from '../../src/model/schema1.ts';
import { verifySchema1 } from '../../src/model/schema1-signature.ts';
import { buildSchema1 } from '../../src/testing/schema1.ts';
import { rejection } from '../support/failure.ts';
import { oldImage, protectedWith, replaced, withEachSignature, withSignatures } from '../support/schema1.ts';

const image = await buildSchema1(oldImage);
const verify = async (bytes: Uint8Array): Promise<number> => (await verifySchema1(parseSchema1(bytes))).length;

test('NODE-31: verifies every signature, by every algorithm that libtrust knows', async () => {
  const signatures = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512'] as const;
  assert.equal(await verify((await buildSchema1({ ...oldImage, signatures })).bytes), 6);
  for (const algorithm of signatures) {
    assert.equal(await verify((await buildSchema1({ ...oldImage, signatures: [algorithm] })).bytes), 1, algorithm);
  }
});

test('verifies what docker-registry 2.8 has signed, and gives its key', async () => {
  const bytes = new Uint8Array(readFileSync(new URL('./corpus/schema1-signed.json', import.meta.url)));
  const [key] = await verifySchema1(parseSchema1(bytes));
  assert.equal(key?.kid, 'QBOK:AF6E:MIXE:RC22:BHIY:K4SQ:W5QS:DE27:LS4W:QRKR:33LZ:UR53');
  await rejection('DIGEST_MISMATCH', verify(replaced(bytes, '"tag": "2"', '"tag": "3"')));
});

test('what is not signed has nothing to be verified', async () => {
  assert.equal(await verify(image.payload), 0);
});

test('NODE-54: a payload that was changed after it was signed is refused', async () => {
  const error = await rejection('DIGEST_MISMATCH', verify(replaced(image.bytes, '"team/app"', '"team/axx"')));
  assert.match(error.message, /^signatures\[0\] of the manifest is not of these bytes$/);
});

test('NODE-54: a damaged signature is refused, and one of several is enough', async () => {
  const two = await buildSchema1({ ...oldImage, signatures: ['ES256', 'RS256'] });
  for (const at of [0, 1]) {
    const bytes = withSignatures(two, (all) => {
      const { signature = '' } = all[at] ?? {};
      const damaged = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
      return all.map((one, here) => (here === at ? { ...one, signature: damaged } : one));
    });
    const error = await rejection('DIGEST_MISMATCH', verify(bytes));
    assert.ok(error.message.startsWith(`signatures[${at}] `), error.message);
  }
  await rejection('DIGEST_MISMATCH', verify(withEachSignature(image, () => ({ signature: '' }))));
  await rejection('MANIFEST_INVALID', verify(withEachSignature(image, () => ({ signature: '***' }))));
});

test('a protected header that was changed is refused, though it says the same of the payload', async () => {
  const bytes = withEachSignature(image, (one) => ({ protected: protectedWith(one, { time: 'now' }) }));
  await rejection('DIGEST_MISMATCH', verify(bytes));
});

test('a signature by another key than the one beside it is refused', async () => {
  const other = await buildSchema1(oldImage);
  const keys = JSON.parse(new TextDecoder().decode(other.bytes)) as { signatures: { header: object }[] };
  const bytes = withEachSignature(image, () => ({ header: { ...keys.signatures[0]?.header } }));
  await rejection('DIGEST_MISMATCH', verify(bytes));
});

test('signatures that prove nothing are refused by name', async () => {
  const header = (change: Record<string, unknown>): Promise<number> =>
    verify(withEachSignature(image, (one) => ({ header: { ...one.header, ...change } })));
  assert.match((await rejection('MANIFEST_INVALID', header({ alg: 'none' }))).message, /has the algorithm "none"/);
  assert.match((await rejection('MANIFEST_INVALID', header({ alg: 'HS256' }))).message, /has the algorithm "HS256"/);
  assert.match((await rejection('MANIFEST_INVALID', header({ jwk: undefined }))).message, /without its key/);
  assert.match((await rejection('UNSUPPORTED', header({ x5c: ['MIIB'] }))).message, /chain of certificates/);
  await rejection('MANIFEST_INVALID', header({ alg: 'ES384' }));
  await rejection('MANIFEST_INVALID', header({ jwk: { kty: 'oct', k: 'AAAA' } }));
  await rejection('MANIFEST_INVALID', header({ jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } }));
});

test('ends with the signal of its caller', async () => {
  const verifying = verifySchema1(parseSchema1(image.bytes), 'the manifest', { signal: AbortSignal.abort() });
  await rejection('ABORTED', verifying);
});
