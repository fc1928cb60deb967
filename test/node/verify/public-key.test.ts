import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import { parsePublicKey } from '../../../src/node/verify/public-key.ts';
import { failure } from '../../support/failure.ts';

const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

describe('CAP-I6: every kind of key', () => {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pss = { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const ed = generateKeyPairSync('ed25519');
  const all = [
    ['P-256', own, own.privateKey, 'sha256'],
    ['P-384 with SHA-256', p384, p384.privateKey, 'sha256'],
    ['P-384 with SHA-384', p384, p384.privateKey, 'sha384'],
    ['RSA', rsa, rsa.privateKey, 'sha256'],
    ['RSA-PSS', rsa, pss, 'sha256'],
    ['Ed25519', ed, ed.privateKey, null],
  ] as const;
  for (const [name, { publicKey }, key, hash] of all) {
    test(`${name} is verified, and refused for other bytes and by another key`, () => {
      assert.ok(key);
      const bytes = Buffer.from('signed');
      const signature = sign(hash, bytes, key);
      const parsed = parsePublicKey(pem(publicKey));
      assert.equal(parsed.verify(bytes, signature), true);
      assert.equal(parsed.verify(Buffer.from('Signed'), signature), false);
      assert.equal(parsed.verify(bytes, signature.subarray(1)), false);
      assert.equal(parsed.verify(bytes, Buffer.alloc(0)), false);
      for (const [, another] of all.filter(([, each]) => each.publicKey !== publicKey))
        assert.equal(parsePublicKey(pem(another.publicKey)).verify(bytes, signature), false);
    });
  }

  test('but weak ones, private ones, several, and what is none', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const wrong = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const secret = own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const broken = pem(own.publicKey).replace(/\nM/, '\nN');
    const texts = [
      '',
      'hello',
      pem(weak.publicKey),
      pem(wrong.publicKey),
      secret,
      pem(own.publicKey).repeat(2),
      broken,
    ];
    for (const text of texts) failure('CONFIG_INVALID', () => parsePublicKey(text));
    assert.equal(
      parsePublicKey(rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()).fingerprint.length,
      71,
    );
  });
});
