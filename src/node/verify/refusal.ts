/** Why something that is signed does not count, and small readers of what strangers wrote. A refusal ends one signature, not the verification. */
import { isOciError, OciError } from '../../errors.ts';
import { isUnreadable } from '../../graph/unreadable.ts';
import { isObject } from '../../model/descriptor.ts';

/** The error that one signature is put aside with. */
export function refusal(reason: string, cause?: unknown): OciError {
  return new OciError('SIGNATURE_INVALID', reason, { cause });
}

/** Why it is put aside. @throws the error itself, if it is not about this signature alone */
export function reasonOf(error: unknown): string {
  if (isUnreadable(error) || isOciError(error, 'SIGNATURE_INVALID', 'FOREIGN_LAYER')) return error.message;
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

/** What holds its content as base64 has few parts; more are there to fill the memory of whoever reads them. */
const MAX_PARTS = 10_000;

/** @throws OciError `SIGNATURE_INVALID` where JSON has more parts than anything honest that was not proved yet */
export function checkParts(bytes: Uint8Array, what: string): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let parts = 0;
  for (const mark of [',', '[', '{']) {
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1))
      if (++parts > MAX_PARTS) throw refusal(`${what} has more than ${MAX_PARTS} parts`);
  }
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
