/** What targets have in common: an `OciError` is a refusal, whatever else is thrown is a finding, and so is a false value. */
import assert from 'node:assert/strict';
import { isOciError } from '../src/errors.ts';
import type { Verdict } from './target.ts';

/** The value of a function; undefined when it was refused as it should be. */
export function valueOf<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    requireRefusal(error);
    return undefined;
  }
}

/** The same of a promise. */
export async function settled<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    requireRefusal(error);
    return undefined;
  }
}

export function verdictOf(value: unknown): Verdict {
  return value === undefined ? 'refused' : 'taken';
}

/** Of this package, on one line, in ASCII, and bounded: it ends in logs and on terminals. */
export function requireRefusal(error: unknown): void {
  if (!isOciError(error)) throw error;
  for (const text of [error.message, error.hint ?? '']) {
    assert.ok(text.length < 4000, `a message of ${text.length} characters`);
    assert.doesNotMatch(
      text,
      /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/,
      'a message with control characters',
    );
  }
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
}

/** How a header comes from the wire: a character a byte. */
export function headerText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
