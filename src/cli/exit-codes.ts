/** The exit codes, and which error ends with which. They are part of the contract with scripts: docs/cli.md lists them. */
import { type ErrorCode, isOciError } from '../errors.ts';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  integrity: 5,
  unreachable: 6,
  unsupported: 7,
  partial: 8,
  interrupted: 130,
  terminated: 143,
} as const;

const byCode: Partial<Record<ErrorCode, number>> = {
  USAGE: EXIT.usage,
  REFERENCE_INVALID: EXIT.usage,
  PLATFORM_INVALID: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  LAYER_MISSING: EXIT.notFound,
  UNAUTHORIZED: EXIT.notAllowed,
  TOKEN_INVALID: EXIT.notAllowed,
  DENIED: EXIT.notAllowed,
  CREDENTIALS: EXIT.notAllowed,
  DIGEST_INVALID: EXIT.integrity,
  DIGEST_MISMATCH: EXIT.integrity,
  SIZE_MISMATCH: EXIT.integrity,
  SIGNATURE_INVALID: EXIT.integrity,
  UNREACHABLE: EXIT.unreachable,
  TLS: EXIT.unreachable,
  TIMEOUT: EXIT.unreachable,
  UNSUPPORTED: EXIT.unsupported,
  VERSION_UNSUPPORTED: EXIT.unsupported,
  NOT_A_REGISTRY: EXIT.unsupported,
  ABORTED: EXIT.interrupted,
};

/** The exit code of an error; anything unknown is `1`. */
export function exitCodeOf(error: unknown): number {
  return isOciError(error) ? (byCode[error.code] ?? EXIT.failed) : EXIT.failed;
}
