/** Failures of the file system as errors of this package. */
import { isOciError, OciError } from '../errors.ts';

/** The `code` of a system error, e.g. `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/**
 * What the file system refused, told by what was attempted (`write /a/b`): `DISK_FULL` or `IO`. Errors of ours pass.
 */
export function ioError(cause: unknown, attempted: string): OciError {
  if (isOciError(cause)) return cause;
  const code = errnoOf(cause);
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const hint = code === 'EACCES' || code === 'EPERM' ? 'it belongs to another user, or is write-protected' : undefined;
  return new OciError(full ? 'DISK_FULL' : 'IO', `cannot ${attempted}: ${code ?? 'unknown error'}`, { cause, hint });
}
