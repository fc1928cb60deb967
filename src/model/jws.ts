/**
 * Verifying a signature of JSON (RFC 7515) with the key that comes along with it. The library `jose` does it; the build
 * puts it into this file, so that it imports nothing else of the package.
 */
import { encode } from 'jose/base64url';
import { JWSSignatureVerificationFailed } from 'jose/errors';
import { flattenedVerify } from 'jose/jws/flattened/verify';

/** A signature and its public key (RFC 7517). */
export interface KeyedSignature {
  readonly alg: string;
  readonly jwk: Readonly<Record<string, unknown>>;
  /** The protected header, base64url. */
  readonly protected: string;
  /** base64url. */
  readonly signature: string;
}

/** Signatures by a key pair; `none` and shared secrets prove nothing. */
export const SIGNATURE_ALGORITHMS: readonly string[] = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512'];

/** A payload as its signatures have it: base64url. */
export function encodePayload(payload: Uint8Array): string {
  return encode(payload);
}

/**
 * Is it the signature of this payload? It proves that nothing was changed since it was signed, and not who signed: the key
 * is whatever the signature brings.
 * @param payload encoded, once for all its signatures.
 * @throws what the library throws of a key or header that it cannot use
 */
export async function verifyJws(signed: KeyedSignature, payload: string): Promise<boolean> {
  const { alg, jwk, protected: header, signature } = signed;
  const jws = { protected: header, payload, signature, header: { alg } };
  try {
    await flattenedVerify(jws, { ...jwk }, { algorithms: [...SIGNATURE_ALGORITHMS] });
    return true;
  } catch (error) {
    if (error instanceof JWSSignatureVerificationFailed) return false;
    throw error;
  }
}
