/** Public keys, and signatures by them: the algorithms that cosign signs with. A signature does not tell its own; the key does. */
import { constants, createHash, createPublicKey, type KeyObject, verify as verifyBytes } from 'node:crypto';
import { OciError } from '../../errors.ts';

/** A key that signatures are tried with. */
export interface PublicKey {
  /** `sha256:` and the hash of its DER form, as `openssl pkey -pubin -outform DER | sha256sum` has it. */
  readonly fingerprint: string;
  verify(bytes: Uint8Array, signature: Uint8Array): boolean;
}

const MAX_PEM = 64 * 1024;
const MIN_RSA_BITS = 2048;
const block = /^\s*-----BEGIN ((?:RSA )?PUBLIC KEY)-----\s[A-Za-z0-9+/=\s]+-----END \1-----\s*$/;

/**
 * Reads a public key.
 * @param pem SPKI (`PUBLIC KEY`) or PKCS #1 (`RSA PUBLIC KEY`), one key and nothing else
 * @throws OciError `CONFIG_INVALID`
 */
export function parsePublicKey(pem: string): PublicKey {
  if (pem.includes('PRIVATE KEY-----'))
    throw invalid('a private key', 'it signs; "cosign public-key" prints the public one');
  if (pem.includes('BEGIN CERTIFICATE-----'))
    throw invalid('a certificate', '"openssl x509 -pubkey -noout -in FILE" prints the key in it');
  if (pem.length > MAX_PEM || !block.test(pem))
    throw invalid('no public key in PEM', 'it begins with -----BEGIN PUBLIC KEY-----');
  const key = readKey(pem);
  const schemes = schemesOf(key);
  const der = key.export({ type: 'spki', format: 'der' });
  return {
    fingerprint: `sha256:${createHash('sha256').update(der).digest('hex')}`,
    verify: (bytes, signature) => schemes.some((scheme) => isSigned(bytes, key, scheme, signature)),
  };
}

function readKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw invalid('no public key that can be read', undefined, cause);
  }
}

interface Scheme {
  /** null: the scheme has its own. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
  readonly padding?: number;
}

const PKCS1: Scheme = { hash: 'sha256', padding: constants.RSA_PKCS1_PADDING };
const PSS: Scheme = { hash: 'sha256', padding: constants.RSA_PKCS1_PSS_PADDING };

/** cosign hashed with SHA-256 whatever the curve, and since 2024 with what fits the curve: both are in use. */
const CURVES: Readonly<Record<string, readonly Scheme[]>> = {
  prime256v1: [{ hash: 'sha256' }],
  secp384r1: [{ hash: 'sha256' }, { hash: 'sha384' }],
  secp521r1: [{ hash: 'sha256' }, { hash: 'sha512' }],
};

function schemesOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): readonly Scheme[] {
  const curve = CURVES[details?.namedCurve ?? ''];
  if (type === 'ec' && curve !== undefined) return curve;
  if (type === 'ed25519') return [{ hash: null }];
  if (type === 'rsa' || type === 'rsa-pss') {
    if ((details?.modulusLength ?? 0) < MIN_RSA_BITS) throw invalid(`an RSA key of fewer than ${MIN_RSA_BITS} bits`);
    return type === 'rsa' ? [PKCS1, PSS] : [PSS];
  }
  throw invalid(
    `a key of a kind that signs no image (${details?.namedCurve ?? type})`,
    'ECDSA on P-256, P-384 or P-521, Ed25519, or RSA',
  );
}

function isSigned(bytes: Uint8Array, key: KeyObject, { hash, padding }: Scheme, signature: Uint8Array): boolean {
  try {
    return verifyBytes(hash, bytes, padding === undefined ? key : { key, padding }, signature);
  } catch {
    // Some forms of a wrong signature are an error to OpenSSL.
    return false;
  }
}

function invalid(what: string, hint?: string, cause?: unknown): OciError {
  return new OciError('CONFIG_INVALID', `the public key is ${what}`, { hint, cause });
}
