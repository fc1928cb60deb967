/** What the ways of sending a blob have in common: the work, what may go wrong with it, and whether to try again. */
import { isOciError, type OciError } from '../errors.ts';
import { MIN_TRANSFER_BYTES, type Pour } from '../bytes/transfer.ts';
import type { Call } from '../model/call.ts';
import type { Content } from '../store/types.ts';
import type { Place } from './session.ts';

/** One blob on its way. */
export interface Upload {
  readonly place: Place;
  readonly content: Content;
  readonly call: Call;
}

export type Way = 'whole' | 'chunks';

/** How the blob gets past this thread, where that can be and is worth it. */
export function pourOf({ place: { session, host }, content }: Upload): Pour | undefined {
  return session.transfers(host.origin) && content.descriptor.size >= MIN_TRANSFER_BYTES ? content.pour : undefined;
}

/** Why a session did not end with a blob, and which way to try next. */
export interface Setback {
  readonly error: OciError;
  readonly next: Way;
}

/** Did the answer get lost, so that nobody knows what became of the request? */
export function isAmbiguous(error: unknown): error is OciError {
  if (isOciError(error, 'PROTOCOL')) return error.status === undefined;
  return isOciError(error, 'UNREACHABLE', 'TIMEOUT', 'SERVER_ERROR');
}

/** Does the registry no longer know the session (a balancer without affinity: harbor#17504)? */
export function isLostSession({ status, errors }: OciError): boolean {
  const lost = errors.some(({ code }) => code === 'BLOB_UPLOAD_UNKNOWN' || code === 'BLOB_UPLOAD_INVALID');
  return status === 404 ? lost || errors.length === 0 : status === 400 && lost;
}

/** Is there a reason to think that another session does better? */
export function throwUnlessWorthwhile(setback: Setback): Setback {
  if (isAmbiguous(setback.error) || isLostSession(setback.error)) return setback;
  throw setback.error;
}

const MAX_WAIT_MS = 120_000;

/**
 * How long to wait before another attempt, in ms: what the registry asked for, else longer each time.
 * @throws the error, when the registry asks for more than anybody waits
 */
export function waitBefore(attempt: number, error: OciError): number {
  if ((error.retryAfterMs ?? 0) > MAX_WAIT_MS) throw error;
  return error.retryAfterMs ?? 100 * 2 ** attempt;
}
