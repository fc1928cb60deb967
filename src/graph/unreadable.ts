/** Failures that are about the content itself: whoever goes through a whole repository passes over what one name stands for. */
import { type ErrorCode, isOciError, type OciError } from '../errors.ts';

const CODES: readonly ErrorCode[] = [
  'NOT_FOUND',
  'MANIFEST_INVALID',
  'DESCRIPTOR_INVALID',
  'DIGEST_INVALID',
  'DIGEST_MISMATCH',
  'SIZE_MISMATCH',
  'TOO_LARGE',
  'LIMIT',
  'VERSION_UNSUPPORTED',
];

/** Is it that something is not there, or damaged, malformed or retired? */
export function isUnreadable(error: unknown): error is OciError {
  return isOciError(error, ...CODES);
}
