/**
 * From an answer that is no success to the error to throw: the registry's own words, bounded, and a code that callers
 * can switch on. Whether a status is a failure at all is for the caller to know.
 */
import { type ErrorCode, isOciError, type Missing, OciError, type RegistryErrorEntry } from '../errors.ts';
import { readAll } from '../bytes/read.ts';
import { isObject } from '../model/descriptor.ts';
import { quote } from '../model/quote.ts';
import { parseChallenges } from './challenge.ts';
import { decodeBody } from './decode.ts';
import { redactUrl, redactWords } from './redact.ts';
import { parseDate, retryAfterMs } from './retry-after.ts';
import { withoutShown } from './shown.ts';
import type { HttpRequest, HttpResponse } from './types.ts';

const MAX_BODY = 128 * 1024;
const MAX_ENTRIES = 100;
/** Of a detail. What is deeper is left out: whoever writes the error down as JSON would run out of stack. */
const MAX_DEPTH = 64;
/** Ten years. */
const MAX_SHOWN_WAIT_MS = 3.2e11;
/** The last date that there is in JavaScript. */
const MAX_DATE_MS = 8.64e15;

/** distribution-spec, "Error Codes", and those of real registries. */
const meanings: Readonly<Record<string, ErrorCode>> = {
  BLOB_UNKNOWN: 'NOT_FOUND',
  BLOB_UPLOAD_INVALID: 'UPLOAD_INVALID',
  BLOB_UPLOAD_UNKNOWN: 'UPLOAD_INVALID',
  DENIED: 'DENIED',
  MANIFEST_BLOB_UNKNOWN: 'MANIFEST_BLOB_UNKNOWN',
  MANIFEST_INVALID: 'MANIFEST_INVALID',
  MANIFEST_UNKNOWN: 'NOT_FOUND',
  MANIFEST_UNVERIFIED: 'MANIFEST_INVALID',
  NAME_INVALID: 'REFERENCE_INVALID',
  NAME_UNKNOWN: 'NOT_FOUND',
  SIZE_INVALID: 'SIZE_MISMATCH',
  TAG_INVALID: 'REFERENCE_INVALID',
  TOOMANYREQUESTS: 'RATE_LIMITED',
  UNAUTHORIZED: 'UNAUTHORIZED',
  UNSUPPORTED: 'UNSUPPORTED',
};

/** What the codes of not found are about. A status alone does not tell. */
const missing: ReadonlyMap<string, Missing> = new Map([
  ['NAME_UNKNOWN', 'repository'],
  ['MANIFEST_UNKNOWN', 'manifest'],
  ['BLOB_UNKNOWN', 'blob'],
]);

/** Statuses that say more than any code in the body. */
const certain: Readonly<Record<number, ErrorCode>> = {
  401: 'UNAUTHORIZED',
  403: 'DENIED',
  407: 'UNREACHABLE',
  429: 'RATE_LIMITED',
  501: 'UNSUPPORTED',
};

const otherwise: Readonly<Record<number, ErrorCode>> = {
  404: 'NOT_FOUND',
  405: 'UNSUPPORTED',
  409: 'CONFLICT',
  412: 'CONFLICT',
  413: 'TOO_LARGE',
};

const hints: Partial<Readonly<Record<ErrorCode, string>>> = {
  UNAUTHORIZED: 'it does not exist or needs a login: lading login HOST',
  TOKEN_INVALID: 'the token has expired or was revoked: get another one',
  DENIED: 'the account that was used may not do this, or it does not exist',
  SERVER_ERROR: 'it may pass; try again later',
  UNSUPPORTED: 'this registry does not offer the operation',
};

/**
 * Reads what is left of the answer and makes the error; it never throws and always frees the connection.
 * @param attempted what was tried, e.g. `cannot read docker.io/library/alpine:3`
 */
export async function failureOf(response: HttpResponse, attempted: string, request: HttpRequest): Promise<OciError> {
  const { status, headers } = response;
  const { errors, text, cause } = await readWords(response);
  const code = tokenRefusal(response) ?? codeOf(status, errors, request) ?? cause?.code ?? 'PROTOCOL';
  const waitMs = retryAfterMs(headers);
  const words = errors.length > 0 ? errors.slice(0, 3).map(shownEntry).join('; ') : text;
  const { host } = new URL(response.url);
  const message = `${attempted}: ${host} answered ${status}${words === '' ? '' : ` (${words})`}${quota(response)}`;
  return new OciError(code, message, {
    status,
    errors,
    request: { method: request.method, url: redactUrl(request.url) },
    retryAfterMs: waitMs,
    missing: code === 'NOT_FOUND' ? errors.map((entry) => missing.get(entry.code)).find(Boolean) : undefined,
    hint: hintOf(code, response, waitMs) ?? tlsHint(status, words, host),
    cause,
  });
}

function codeOf(status: number, errors: readonly RegistryErrorEntry[], request: HttpRequest): ErrorCode | undefined {
  const sure = certain[status];
  if (sure !== undefined) return sure;
  if (status >= 500) return 'SERVER_ERROR';
  for (const { code } of errors) {
    // Of an upload it says that the bytes were wrong; docker's registry also says it of a tag that is to be deleted.
    if (code === 'DIGEST_INVALID')
      return request.body === undefined && request.method !== 'PUT' ? 'UNSUPPORTED' : 'DIGEST_MISMATCH';
    // ECR says so of credentials that are wrong or have expired, and has no challenge (aws/containers-roadmap#2835).
    if (code === 'DENIED' && status === 400) return 'UNAUTHORIZED';
    const meaning = Object.hasOwn(meanings, code) ? meanings[code] : undefined;
    if (meaning !== undefined) return meaning;
  }
  return otherwise[status];
}

/** What is wrong with a token (RFC 6750, 3.1): it is none any more, or whoever it was given to may not do this. */
function tokenRefusal({ status, headers, refused }: HttpResponse): ErrorCode | undefined {
  if (status !== 401 || refused === undefined || refused === 'basic') return undefined;
  const bearer = parseChallenges(headers['www-authenticate'] ?? '').find(({ scheme }) => scheme === 'bearer');
  const error = bearer?.params.get('error')?.toLowerCase();
  if (error === 'insufficient_scope') return refused === 'anonymous' ? undefined : 'DENIED';
  return error === 'invalid_token' || refused === 'token' ? 'TOKEN_INVALID' : undefined;
}

interface Words {
  readonly errors: readonly RegistryErrorEntry[];
  /** Quoted, when there were no errors in the form of the specification. */
  readonly text: string;
  /** Why there are none, `TOO_LARGE`: nobody read on. Where the status tells what went wrong, that counts all the same. */
  readonly cause?: OciError;
}

/** Takes out what the server was shown, and what signs URLs. Of JSON it has to see each string by itself: as they are written, secrets look otherwise. */
type Clean = (said: string) => string;

async function readWords(response: HttpResponse): Promise<Words> {
  let text: string;
  try {
    text = new TextDecoder().decode(await readAll(decodeBody(response, 'the error'), MAX_BODY, 'the error'));
  } catch (cause) {
    await response.cancel().catch(() => undefined);
    return isOciError(cause, 'TOO_LARGE') ? { errors: [], text: cause.message, cause } : { errors: [], text: '' };
  }
  const clean: Clean = (said) => redactWords(withoutShown(said, response));
  const errors = parseEntries(text, clean);
  if (errors.length > 0 || isMarkup(response, text)) return { errors, text: '' };
  const line = clean(text).replace(/\s+/g, ' ').trim();
  return { errors, text: line === '' ? '' : quote(line, 200) };
}

function isMarkup({ headers }: HttpResponse, text: string): boolean {
  return /html|xml/i.test(headers['content-type'] ?? '') || text.trimStart().startsWith('<');
}

function parseEntries(text: string, clean: Clean): readonly RegistryErrorEntry[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return [];
  }
  if (!isObject(json)) return [];
  // Token servers and Artifactory put one error where the specification has a list.
  const list = Array.isArray(json.errors) ? json.errors : [json];
  return list.slice(0, MAX_ENTRIES).flatMap((entry: unknown) => (isObject(entry) ? readEntry(entry, clean) : []));
}

function readEntry(entry: Record<string, unknown>, clean: Clean): readonly RegistryErrorEntry[] {
  const { detail } = entry;
  const code = [entry.code, entry.error, entry.status].find(
    (one) => typeof one === 'string' || typeof one === 'number',
  );
  const message = [entry.message, entry.error_description, entry.details, detail].find(
    (one) => typeof one === 'string',
  );
  if (code === undefined && message === undefined) return [];
  return [
    {
      code: clean(String(code ?? 'UNKNOWN')).slice(0, 100),
      ...(message === undefined ? {} : { message: clean(message).slice(0, 1000) }),
      ...(detail === undefined || detail === null ? {} : { detail: cleaned(detail, clean, MAX_DEPTH) }),
    },
  ];
}

function cleaned(value: unknown, clean: Clean, levels: number): unknown {
  if (typeof value === 'string') return clean(value);
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) return undefined;
  const within = (inner: unknown): unknown => cleaned(inner, clean, levels - 1);
  if (Array.isArray(value)) return value.map(within);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [clean(key), within(inner)]));
}

function shownEntry({ code, message }: RegistryErrorEntry): string {
  const name = /^[A-Za-z0-9_.-]{1,100}$/.test(code) ? code : quote(code, 100);
  return message === undefined || message === '' ? name : `${name}: ${quote(message, 200)}`;
}

function quota({ headers }: HttpResponse): string {
  const remaining = headers['ratelimit-remaining'];
  const limit = headers['ratelimit-limit'];
  if (remaining === undefined) return '';
  return `, quota ${quote(remaining, 40)}${limit === undefined ? '' : ` of ${quote(limit, 40)}`}`;
}

/** Go's servers say so in plain http. */
function tlsHint(status: number, words: string, host: string): string | undefined {
  const speaksTls = status === 400 && /HTTP request to an HTTPS server/i.test(words);
  return speaksTls ? `it speaks TLS: --host ${host},tls=on` : undefined;
}

function hintOf(
  code: ErrorCode,
  { headers, status, refused }: HttpResponse,
  waitMs: number | undefined,
): string | undefined {
  if (refused === 'basic' && status === 401) return 'the user name or the password was not accepted: lading login HOST';
  if (status === 407) return 'the proxy wants a user name and password: put them into HTTPS_PROXY';
  if (code !== 'RATE_LIMITED' && waitMs === undefined) return hints[code];
  if (waitMs === undefined) return 'log in for a higher limit, or try again later';
  const endMs = (parseDate(headers.date) ?? Date.now()) + waitMs;
  if (waitMs > MAX_SHOWN_WAIT_MS || endMs > MAX_DATE_MS) return 'try again later';
  return `try again after ${new Date(endMs).toISOString()}`;
}
