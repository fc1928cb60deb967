/**
 * The signatures of a schema 1 manifest, as libtrust writes them: each says in its protected header how many of the bytes
 * were signed, and what came after those (`formatLength`, `formatTail`). They prove that nothing was changed since it was
 * signed, and not who signed: the key stands beside the signature.
 */
import { OciError, throwIfAborted } from '../errors.ts';
import type { Call } from './call.ts';
import { isObject } from './descriptor.ts';
import { quote } from './quote.ts';
import { parseStrictJson } from './strict-json.ts';

/** A public key (RFC 7517). */
export type PublicJwk = Readonly<Record<string, unknown>>;

export interface Schema1Signature {
  readonly header: { readonly alg: string; readonly jwk?: PublicJwk; readonly x5c?: readonly string[] };
  /** base64url of a JSON text. */
  readonly protected: string;
  /** base64url. */
  readonly signature: string;
}

const MAX_SIGNATURES = 100;

/** @throws OciError `MANIFEST_INVALID` */
export function parseSignatures(value: unknown): readonly Schema1Signature[] {
  if (!Array.isArray(value) || value.length === 0) throw invalid('signatures is not a list of signatures');
  if (value.length > MAX_SIGNATURES) throw invalid(`it has more than ${MAX_SIGNATURES} signatures`);
  for (const [at, one] of value.entries()) {
    const isWhole = isObject(one) && typeof one.protected === 'string' && typeof one.signature === 'string';
    const header = isWhole ? one.header : undefined;
    if (!isObject(header) || typeof header.alg !== 'string') throw invalid(`signatures[${at}] is not a signature`);
    if (header.jwk !== undefined && !isObject(header.jwk)) throw invalid(`signatures[${at}] has a jwk that is no key`);
  }
  return value as readonly Schema1Signature[];
}

/**
 * The bytes that were signed; all signatures have to agree on them.
 * @throws OciError `MANIFEST_INVALID`
 */
export function payloadOf(bytes: Uint8Array, signatures: readonly Schema1Signature[]): Uint8Array {
  const [first, ...others] = signatures.map(formatOf);
  if (first === undefined) throw invalid('it has no signature');
  for (const { length, tail } of others) {
    if (length !== first.length || tail !== first.tail) throw invalid('its signatures are of different payloads');
  }
  if (first.length > bytes.length) throw invalid('formatLength is more than there is');
  const tail = fromBase64url(first.tail, 'formatTail');
  const payload = new Uint8Array(first.length + tail.length);
  payload.set(bytes.subarray(0, first.length));
  payload.set(tail, first.length);
  return payload;
}

interface Format {
  /** Bytes. */
  readonly length: number;
  /** base64url. */
  readonly tail: string;
}

function formatOf({ protected: text }: Schema1Signature, at: number): Format {
  const header = parseStrictJson(fromBase64url(text, `signatures[${at}].protected`));
  const { formatLength: length, formatTail: tail } = isObject(header) ? header : {};
  if (typeof tail !== 'string' || typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0) {
    throw invalid(`signatures[${at}] does not tell what is signed`);
  }
  return { length, tail };
}

function fromBase64url(text: string, where: string): Uint8Array {
  try {
    if (!/^[\w-]*$/.test(text)) throw new TypeError('it has other characters');
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));
  } catch (cause) {
    throw invalid(`${where} is not base64url`, cause);
  }
}

/**
 * Verifies every signature with the key that comes along with it. This proves integrity, not identity: whoever changes an
 * image can sign it anew, with a key of his own. What is not signed proves nothing, and is no error.
 * @param from names the manifest in errors.
 * @returns the keys, for those who know whom they trust.
 * @throws OciError `DIGEST_MISMATCH` when a signature is not of this payload, `MANIFEST_INVALID` for one that proves
 * nothing (`none`, no key), `UNSUPPORTED` for one by a chain of certificates, `ABORTED`
 */
export async function verifySchema1(
  schema1: { readonly payload?: Uint8Array | undefined; readonly signatures: readonly Schema1Signature[] },
  from: string = 'the manifest',
  { signal }: Call = {},
): Promise<readonly PublicJwk[]> {
  const { payload, signatures } = schema1;
  if (payload === undefined) return [];
  const keys: PublicJwk[] = [];
  const { encodePayload } = await import('./jws.ts');
  const encoded = encodePayload(payload);
  for (const [at, signature] of signatures.entries()) {
    throwIfAborted(signal); // a hundred signatures of a large payload take seconds
    keys.push(await verifySignature(signature, encoded, `signatures[${at}] of ${from}`));
  }
  return keys;
}

async function verifySignature(signature: Schema1Signature, payload: string, name: string): Promise<PublicJwk> {
  const { alg, jwk, x5c } = signature.header;
  if (x5c !== undefined) {
    throw new OciError('UNSUPPORTED', `${name} is by a chain of certificates, which cannot be verified here`);
  }
  const { SIGNATURE_ALGORITHMS, verifyJws } = await import('./jws.ts');
  if (!SIGNATURE_ALGORITHMS.includes(alg)) throw invalid(`${name} has the algorithm ${quote(alg)}`);
  if (jwk === undefined) throw invalid(`${name} comes without its key`);
  const isRight = await verifyJws({ ...signature, alg, jwk }, payload).catch((cause: unknown) => {
    throw invalid(`${name} cannot be verified`, cause);
  });
  if (isRight) return jwk;
  throw new OciError('DIGEST_MISMATCH', `${name} is not of these bytes`, {
    hint: 'the manifest was changed or damaged after it was signed',
  });
}

function invalid(problem: string, cause?: unknown): OciError {
  return new OciError('MANIFEST_INVALID', `not a valid schema 1 manifest: ${problem}`, { cause });
}
