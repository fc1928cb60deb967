/**
 * What a runtime's error codes mean: `node:http`, undici, Bun and Deno all name the system's. It also decides which
 * failures are passing, so that `retry` need not know any runtime.
 */
import { abortError, type ErrorCode, isOciError, OciError } from '../errors.ts';
import { quote } from '../model/quote.ts';
import { redactUrl } from './redact.ts';
import type { HttpRequest } from './types.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly said: string;
  readonly hint?: string | undefined;
}

const unreachable: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name could not be resolved just now',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  ECONNABORTED: 'the connection was aborted',
  EPIPE: 'the connection was closed',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to its network',
  ENETDOWN: 'the network is down',
  EADDRNOTAVAIL: 'no local address or port is free',
  UND_ERR_SOCKET: 'the connection was closed',
};

const doubts: Readonly<Record<string, string>> = {
  ENOTFOUND: 'check its name',
  ECONNREFUSED: 'check its name and port, and whether it is running',
};

const timeouts: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

const certificate: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is of an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  HOSTNAME_MISMATCH: 'its certificate is for another host',
};

/** Failures before anything was sent: any request may be tried again. */
const neverSent: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Requests that a kept connection failed before any byte of an answer: the server had closed it meanwhile. */
const stale = new WeakSet<object>();

/** The error to throw for what a runtime threw while a request was under way. */
export function networkError(error: unknown, request: HttpRequest, reusedSocket: boolean = false): OciError {
  if (isOciError(error)) return error;
  if (request.signal?.aborted === true) return abortError(request.signal);
  const { code, said, hint } = meaningOf(error, new URL(request.url));
  const { host } = new URL(request.url);
  const failure = new OciError(code, `cannot reach ${host}: ${said}`, {
    hint,
    cause: error,
    request: { method: request.method, url: redactUrl(request.url) },
  });
  if (reusedSocket && code === 'UNREACHABLE') stale.add(failure);
  return failure;
}

/** The error for something that did not come in time. */
export function timeoutError(request: HttpRequest, said: string, cause?: unknown): OciError {
  const shown = { method: request.method, url: redactUrl(request.url) };
  return new OciError('TIMEOUT', `${new URL(request.url).host} is too slow: ${said}`, { request: shown, cause });
}

/** The error for a body that ended before its end. */
export function cutShort(request: HttpRequest, read: number, expected: number | undefined, cause?: unknown): OciError {
  const { host } = new URL(request.url);
  const part = expected === undefined ? `${read} bytes` : `${read} of ${expected} bytes`;
  return new OciError('UNREACHABLE', `${host} closed the connection early, after ${part}`, {
    request: { method: request.method, url: redactUrl(request.url) },
    cause,
  });
}

/** Was it only a kept connection that had ended? Then the request costs nothing to repeat. */
export function isStaleConnection(error: unknown): boolean {
  return typeof error === 'object' && error !== null && stale.has(error);
}

/** Is it a fault of the connection that may pass? */
export function isPassing(error: unknown): boolean {
  if (!isOciError(error)) return false;
  const cause = codeOf(error.cause);
  if (error.code === 'PROTOCOL') return cause.startsWith('HPE_') && cause !== 'HPE_HEADER_OVERFLOW';
  return (error.code === 'UNREACHABLE' && cause !== 'ENOTFOUND') || error.code === 'TIMEOUT';
}

/** Did it fail before anything was sent? */
export function isNeverSent(error: unknown): boolean {
  return isOciError(error) && neverSent.has(codeOf(error.cause));
}

function meaningOf(error: unknown, url: URL): Meaning {
  const code = codeOf(error);
  const lost = unreachable[code];
  if (lost !== undefined) return { code: 'UNREACHABLE', said: lost, hint: doubts[code] };
  if (timeouts.has(code)) return { code: 'TIMEOUT', said: 'nothing came in time' };
  const distrusted = certificate[code];
  if (distrusted !== undefined) return { code: 'TLS', said: distrusted, hint: certificateHint(url) };
  if (isTlsCode(code)) return tlsMeaning(error, code, url);
  if (code === 'HPE_HEADER_OVERFLOW' || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return { code: 'PROTOCOL', said: 'the headers of its answer are too large' };
  }
  if (code.startsWith('HPE_')) return { code: 'PROTOCOL', said: 'its answer is not HTTP', hint: notHttpHint(url) };
  if (code === 'ERR_INVALID_CHAR' || code === 'ERR_INVALID_HTTP_TOKEN' || code === 'ERR_UNESCAPED_CHARACTERS') {
    return { code: 'USAGE', said: 'a header or path of the request has characters that HTTP does not allow' };
  }
  return { code: 'UNREACHABLE', said: code === '' ? 'the connection failed' : quote(code, 60) };
}

function certificateHint({ host }: URL): string {
  return `trust its authority with --ca-file FILE, or, at your own risk, use --insecure ${host}`;
}

function notHttpHint({ protocol, host }: URL): string | undefined {
  return protocol === 'http:' ? `if ${host} speaks https, leave out --plain-http` : undefined;
}

function isTlsCode(code: string): boolean {
  return /^(?:EPROTO$|ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|ERROR_IN_CERT|INVALID_CA|PATH_LENGTH)/.test(
    code,
  );
}

function tlsMeaning(error: unknown, code: string, { host }: URL): Meaning {
  const text = error instanceof Error ? error.message : '';
  if (
    /wrong.version.number|packet.length.too.long|http.request|unknown.protocol|record.layer/i.test(`${code} ${text}`)
  ) {
    return {
      code: 'TLS',
      said: 'it does not speak TLS',
      hint: `if it speaks plain http, say so: --plain-http ${host}`,
    };
  }
  if (/alert.*(?:certificate|unknown.ca|access.denied)|CERTIFICATE_REQUIRED/i.test(`${code} ${text}`)) {
    return {
      code: 'TLS',
      said: 'it wants a (different) client certificate',
      hint: 'give it with --cert-file and --key-file',
    };
  }
  if (/handshake.failure/i.test(text)) {
    return {
      code: 'TLS',
      said: 'it refused the TLS handshake',
      hint: 'it may want a client certificate: --cert-file, --key-file',
    };
  }
  return { code: 'TLS', said: `the TLS handshake failed (${quote(code, 60)})` };
}

/** The first code in a chain of causes; fetch wraps what happened. */
function codeOf(error: unknown): string {
  for (let at = error, depth = 0; typeof at === 'object' && at !== null && depth < 5; depth++) {
    const { code, errors, cause } = at as { code?: unknown; errors?: unknown; cause?: unknown };
    if (typeof code === 'string' && code !== '') return code;
    at = cause ?? (Array.isArray(errors) ? (errors[0] as unknown) : undefined); // one error an address that was tried
  }
  return '';
}
