/** The error that an attempt ends with: one of ours, of the expected code, on one line that no terminal obeys, without a secret. */
import assert from 'node:assert/strict';
import { type ErrorCode, isOciError, type OciError } from '../../src/errors.ts';
import { assertNoCanary, everythingOf } from './planted-secrets.ts';

export function failure(code: ErrorCode, attempt: () => unknown): OciError {
  try {
    attempt();
  } catch (error) {
    return checked(code, error);
  }
  return assert.fail(`expected ${code}, but it was accepted`);
}

export async function rejection(code: ErrorCode, attempt: Promise<unknown>): Promise<OciError> {
  try {
    await attempt;
  } catch (error) {
    return checked(code, error);
  }
  return assert.fail(`expected ${code}, but it was accepted`);
}

function checked(code: ErrorCode, error: unknown): OciError {
  assert.ok(isOciError(error), String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, /^[\x20-\x7e…]+$/);
  assertNoCanary(everythingOf(error), 'an error');
  return error;
}
