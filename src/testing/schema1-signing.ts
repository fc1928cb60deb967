/**
 * Signing a schema 1 manifest as libtrust does it: the payload is cut before its last brace, the signatures are put in, and
 * what was cut off comes after them; the protected header tells where. The keys are made for the occasion.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** The algorithms that libtrust knows. */
export type Schema1Algorithm = 'ES256' | 'ES384' | 'ES512' | 'RS256' | 'RS384' | 'RS512';

const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

/**
 * The signed form of a payload; without signatures the payload itself.
 * @param payload a JSON object with members, indented.
 */
export function signSchema1(payload: Uint8Array, algorithms: readonly Schema1Algorithm[]): Uint8Array {
  if (algorithms.length === 0) return payload;
  const cut = Buffer.from(payload).lastIndexOf('\n}');
  const tail = payload.subarray(cut);
  const header = { formatLength: cut, formatTail: base64url(tail), time: '2015-01-02T03:04:05Z' };
  const encoded = base64url(new TextEncoder().encode(JSON.stringify(header)));
  const signatures = algorithms.map((alg) => signatureOf(`${encoded}.${base64url(payload)}`, alg, encoded));
  const member = `,\n   "signatures": ${JSON.stringify(signatures, undefined, 3).replaceAll('\n', '\n   ')}`;
  return new Uint8Array(Buffer.concat([payload.subarray(0, cut), Buffer.from(member), tail]));
}

function signatureOf(input: string, alg: Schema1Algorithm, header: string): object {
  const { privateKey, publicKey } = keyPair(alg);
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  const signature = base64url(sign(`sha${alg.slice(2)}`, Buffer.from(input), key));
  return { header: { jwk: publicKey.export({ format: 'jwk' }), alg }, signature, protected: header };
}

function keyPair(alg: Schema1Algorithm): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const namedCurve = curves[alg];
  if (namedCurve === undefined) return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return generateKeyPairSync('ec', { namedCurve });
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
