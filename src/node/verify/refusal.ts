/** Why something that is signed does not count, and small readers of what strangers wrote. A refusal ends one signature, not the verification. */
import { isOciError, OciError } from '../../errors.ts';
import { isObject } from '../../model/descriptor.ts';

/** The error that one signature is put aside with. */
export function refusal(reason: string, cause?: unknown): OciError {
  return new OciError('SIGNATURE_INVALID', reason, { cause });
}

/** Of what one signature may lack; all else ends the verification. */
const ITS_OWN = [
  'SIGNATURE_INVALID',
  'NOT_FOUND',
  'DIGEST_MISMATCH',
  'SIZE_MISMATCH',
  'TOO_LARGE',
  'MANIFEST_INVALID',
  'DESCRIPTOR_INVALID',
  'DIGEST_INVALID',
  'VERSION_UNSUPPORTED',
] as const;

/** Why it is put aside. @throws the error itself, if it is not about this signature alone */
export function reasonOf(error: unknown): string {
  if (isOciError(error, ...ITS_OWN)) return error.message;
  throw error;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A JSON object of bytes that somebody may have signed. @throws OciError `SIGNATURE_INVALID` */
export function readObject(bytes: Uint8Array, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    throw refusal(`${what} is not JSON`, cause);
  }
  if (isObject(value)) return value;
  throw refusal(`${what} is not a JSON object`);
}

/** Bytes of base64 in either alphabet. @throws OciError `SIGNATURE_INVALID` */
export function readBase64(text: unknown, what: string): Uint8Array {
  if (typeof text !== 'string' || text === '') throw refusal(`${what} is missing`);
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) throw refusal(`${what} is not base64`);
  return Buffer.from(text, 'base64');
}

/** The value under a path of names; undefined where the way ends. */
export function dig(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => (isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined), value);
}

/** The same where it is a string. */
export function digText(value: unknown, ...path: readonly string[]): string | undefined {
  const found = dig(value, ...path);
  return typeof found === 'string' ? found : undefined;
}
