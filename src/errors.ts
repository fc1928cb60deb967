/**
 * The one error class of the package. Whatever goes wrong ends as an `OciError`: callers switch on `code`,
 * people read `message` (what was attempted, on which host, what came back) and `hint` (what to do about it).
 */

/** Every way in which an operation of this package can fail. */
export type ErrorCode =
  // input
  | 'REFERENCE_INVALID' // a name, tag or digest reference does not follow the grammar
  | 'DIGEST_INVALID' // a digest string is malformed, or its algorithm is not supported
  | 'DESCRIPTOR_INVALID' // a descriptor lacks a field or has an impossible one
  | 'MANIFEST_INVALID' // a manifest, index or image config is malformed or ambiguous
  | 'PLATFORM_INVALID' // a platform string is malformed
  | 'LAYOUT_INVALID' // an image layout or archive is malformed
  | 'CONFIG_INVALID' // a credential or settings file is malformed
  | 'USAGE' // the caller asked for something that makes no sense
  // content
  | 'DIGEST_MISMATCH' // bytes do not hash to the digest that names them
  | 'SIZE_MISMATCH' // more or fewer bytes than the descriptor says
  | 'SIGNATURE_INVALID' // nothing that is signed satisfies the policy
  | 'TOO_LARGE' // a document exceeds its limit
  | 'LIMIT' // a count (depth, pages, redirects, referrers) exceeds its limit
  // registry
  | 'NOT_FOUND' // no such repository, tag, manifest or blob
  | 'UNAUTHORIZED' // the registry or its token server wants (other) credentials
  | 'TOKEN_INVALID' // the bearer token was not accepted: it has expired or was revoked
  | 'DENIED' // authenticated, but not allowed
  | 'RATE_LIMITED' // 429 that outlasted the retries; see `retryAfterMs`
  | 'UNSUPPORTED' // the registry, or this runtime, does not support the operation
  | 'VERSION_UNSUPPORTED' // a retired version where the current one is needed: a schema 1 manifest, a registry of the v1 protocol
  | 'MANIFEST_BLOB_UNKNOWN' // the registry misses something that the manifest refers to
  | 'UPLOAD_INVALID' // the registry lost or refused an upload session
  | 'CONFLICT' // a condition (if-match, no-clobber, lock) was not met
  | 'SERVER_ERROR' // a 5xx that outlasted the retries
  | 'PROTOCOL' // an answer that no registry should give
  | 'NOT_A_REGISTRY' // something answers, but not the distribution API
  | 'REDIRECT_REFUSED' // a server named a URL that this client must not follow
  | 'FOREIGN_LAYER' // a layer stands elsewhere, and fetching it was not asked for
  // network
  | 'UNREACHABLE' // DNS, refused or reset connection
  | 'TLS' // the certificate or the handshake was refused
  | 'TIMEOUT' // nothing came in time
  // local
  | 'LAYER_MISSING' // a blob of the manifest is not among the files to push; `digests` has all that are missing
  | 'CREDENTIALS' // a credential helper failed
  | 'DISK_FULL' // no space for what has to be written
  | 'IO' // any other failure of the file system
  | 'ABORTED'; // the caller's signal

/** One entry of a registry's `errors` array (distribution-spec, "Error Codes"). */
export interface RegistryErrorEntry {
  readonly code: string;
  readonly message?: string;
  readonly detail?: unknown;
}

/** What an error may carry besides its code and message. */
export interface ErrorContext {
  /** What to do about it, one sentence. */
  readonly hint?: string | undefined;
  /** HTTP status, where there was an answer. */
  readonly status?: number | undefined;
  /** The registry's own words. */
  readonly errors?: readonly RegistryErrorEntry[] | undefined;
  /** The request that failed; its URL holds no secrets. */
  readonly request?: { readonly method: string; readonly url: string } | undefined;
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** The digests that an error is about (missing layers, the wrong blob). */
  readonly digests?: readonly string[] | undefined;
  /** What was not found, where the registry told. */
  readonly missing?: Missing | undefined;
  readonly cause?: unknown;
}

/** What a `NOT_FOUND` is about. */
export type Missing = 'repository' | 'manifest' | 'blob';

const brand: unique symbol = Symbol.for('lading.OciError') as never;

/** The error of this package. Recognise it with {@link isOciError}, which also works across two copies of the package. */
export class OciError extends Error {
  override readonly name = 'OciError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly status: number | undefined;
  readonly errors: readonly RegistryErrorEntry[];
  readonly request: { readonly method: string; readonly url: string } | undefined;
  readonly retryAfterMs: number | undefined;
  readonly digests: readonly string[];
  readonly missing: Missing | undefined;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.hint = context.hint;
    this.status = context.status;
    this.errors = context.errors ?? [];
    this.request = context.request;
    this.retryAfterMs = context.retryAfterMs;
    this.digests = context.digests ?? [];
    this.missing = context.missing;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Is this an error of this package, and, when codes are given, one of those? */
export function isOciError(error: unknown, ...codes: readonly ErrorCode[]): error is OciError {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false;
  return codes.length === 0 || codes.includes((error as unknown as OciError).code);
}

/** The error to throw when a caller's signal has ended the work. */
export function abortError(signal: AbortSignal): OciError {
  const { reason } = signal;
  if (isOciError(reason)) return reason;
  const timedOut = typeof reason === 'object' && reason !== null && (reason as Error).name === 'TimeoutError';
  return timedOut
    ? new OciError('TIMEOUT', 'the operation took longer than its limit', { cause: reason })
    : new OciError('ABORTED', 'the operation was aborted', { cause: reason });
}

/** Throws when the signal has ended the work. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortError(signal);
}
