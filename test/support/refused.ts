/** That something fails as it should, and says why. */
import assert from 'node:assert/strict';
import type { ErrorCode, OciError } from '../../src/errors.ts';
import { rejection } from './failure.ts';

/** @returns the error. */
export async function refused(promise: Promise<unknown>, code: ErrorCode, message: RegExp = /./): Promise<OciError> {
  const error = await rejection(code, promise);
  assert.match(error.message, message);
  return error;
}
