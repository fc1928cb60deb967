/**
 * Errors on the wire (distribution-spec, "Error Codes"): which status and code each failure of a store gets, and how
 * little is told of those that are nobody's business. Where the specification has no code, a 4xx is plain text,
 * because JSON must have one of its codes.
 */
import { type ErrorCode, isOciError, type OciError } from '../errors.ts';

/** The codes of the specification. */
export type SpecCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS';

interface WireError {
  readonly code: SpecCode | 'UNKNOWN';
  readonly message: string;
  readonly detail?: unknown;
}

/** An error response with a code of the specification. */
export function problem(
  status: number,
  code: SpecCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return errorsResponse(status, [{ code, message }], headers);
}

/** A 4xx that the specification has no code for. */
export function plainProblem(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return bodyResponse(status, `${message}\n`, 'text/plain; charset=utf-8', headers);
}

/** What a client is told when a call to the store has failed. */
export function failure(error: unknown): Response {
  if (!isOciError(error)) return internal();
  if (error.code === 'MANIFEST_BLOB_UNKNOWN') return missingLinks(error);
  const answer = answers[error.code];
  if (answer === undefined) return internal();
  const [status, code, message = error.message] = answer;
  const wait = error.retryAfterMs === undefined ? {} : { 'Retry-After': String(Math.ceil(error.retryAfterMs / 1000)) };
  return code === undefined ? plainProblem(status, message, wait) : errorsResponse(status, [{ code, message }], wait);
}

/** Status, code (none: plain text), and a message where the store's own might tell a path or a host. */
type Answer = readonly [status: number, code: WireError['code'] | undefined, message?: string];

const answers: Partial<Record<ErrorCode, Answer>> = {
  REFERENCE_INVALID: [400, 'NAME_INVALID'],
  DIGEST_INVALID: [400, 'DIGEST_INVALID'],
  DIGEST_MISMATCH: [400, 'DIGEST_INVALID'],
  SIZE_MISMATCH: [400, 'SIZE_INVALID'],
  MANIFEST_INVALID: [400, 'MANIFEST_INVALID'],
  DESCRIPTOR_INVALID: [400, 'MANIFEST_INVALID'],
  UPLOAD_INVALID: [400, 'BLOB_UPLOAD_INVALID', 'the upload cannot go on'],
  TOO_LARGE: [413, 'SIZE_INVALID'],
  NOT_FOUND: [404, 'NAME_UNKNOWN', 'not found'],
  DENIED: [403, 'DENIED', 'access denied'],
  UNSUPPORTED: [405, 'UNSUPPORTED', 'the operation is not supported'],
  CONFLICT: [412, undefined, 'the condition of the request does not hold'],
  RATE_LIMITED: [429, 'TOOMANYREQUESTS', 'too many requests'],
  LIMIT: [429, 'TOOMANYREQUESTS'],
  DISK_FULL: [507, 'UNKNOWN', 'the registry has no space left'],
  ABORTED: [499, undefined, 'the request was ended'],
};

function missingLinks({ digests, message }: OciError): Response {
  const entries = digests.map((digest): WireError => {
    return { code: 'MANIFEST_BLOB_UNKNOWN', message: 'blob unknown to registry', detail: { digest } };
  });
  return errorsResponse(400, entries.length > 0 ? entries : [{ code: 'MANIFEST_BLOB_UNKNOWN', message }]);
}

function internal(): Response {
  return errorsResponse(500, [{ code: 'UNKNOWN', message: 'internal error' }]);
}

function errorsResponse(
  status: number,
  errors: readonly WireError[],
  headers: Readonly<Record<string, string>> = {},
): Response {
  return bodyResponse(status, JSON.stringify({ errors }), 'application/json', headers);
}

function bodyResponse(status: number, text: string, type: string, headers: Readonly<Record<string, string>>): Response {
  const bytes = new TextEncoder().encode(text);
  return new Response(bytes, {
    status,
    headers: { ...headers, 'Content-Type': type, 'Content-Length': String(bytes.length) },
  });
}
