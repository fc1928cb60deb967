/**
 * Gets a bearer token from a token server (distribution, "Token Authentication" and "OAuth2 Token Authentication").
 * It decides how to ask and how to read the answer; whom to ask, and as whom, was decided before.
 */
import { isOciError, OciError } from '../errors.ts';
import type { Call, WireHeaders } from '../model/call.ts';
import { encodeBasic } from './basic.ts';
import { failureOf } from './failure.ts';
import { readJson } from './json.ts';
import { REDACTED, redactUrl } from './redact.ts';
import { parseDate } from './retry-after.ts';
import type { Token } from './token-cache.ts';
import type { Credential, HttpRequest, HttpResponse, Send } from './types.ts';
import { parseUrl } from '../model/parse-url.ts';

const MAX_BODY = 128 * 1024;
const MAX_REDIRECTS = 3;
const DEFAULT_LIFETIME_S = 60;
const MAX_LIFETIME_S = 24 * 3600;

export interface TokenRequest extends Call {
  readonly realm: URL;
  readonly service?: string | undefined;
  readonly scopes: readonly string[];
  /** Undefined: anonymous. */
  readonly credential?: Exclude<Credential, { readonly registryToken: string }> | undefined;
  /** The origin on whose behalf. */
  readonly registry: string;
  /** The registry's name, for messages. */
  readonly name: string;
  /** Sent along: the user agent, and to the registry's own origin its custom headers. */
  readonly headers: WireHeaders;
}

/**
 * @throws OciError `UNAUTHORIZED` when it is refused: with credentials never followed by an anonymous attempt;
 *   `REDIRECT_REFUSED`, `RATE_LIMITED`, `SERVER_ERROR`, `PROTOCOL`, `TOO_LARGE`
 */
export async function fetchToken(send: Send, request: TokenRequest): Promise<Token> {
  const { credential } = request;
  if (credential !== undefined && 'identityToken' in credential) {
    return exchange(
      send,
      request,
      oauth(request, { grant_type: 'refresh_token', refresh_token: credential.identityToken }),
    );
  }
  try {
    return await exchange(send, request, byGet(request));
  } catch (error) {
    // A server of the OAuth2 flow only: it knows no GET. A wrong password is not tried twice.
    const onlyPost = isOciError(error) && (error.status === 404 || error.status === 405);
    if (credential === undefined || !onlyPost) throw error;
    return exchange(send, request, oauth(request, { grant_type: 'password', ...credential }));
  }
}

function byGet(request: TokenRequest): HttpRequest {
  const url = new URL(request.realm);
  if (request.service !== undefined) url.searchParams.append('service', request.service);
  for (const scope of request.scopes) url.searchParams.append('scope', scope);
  const { credential } = request;
  const login: Record<string, string> =
    credential !== undefined && 'password' in credential ? { authorization: encodeBasic(credential) } : {};
  return {
    ...common(request),
    method: 'GET',
    url: url.href,
    headers: { ...request.headers, accept: 'application/json', ...login },
  };
}

function oauth(request: TokenRequest, grant: Readonly<Record<string, string>>): HttpRequest {
  const form = new URLSearchParams(grant);
  form.append('client_id', 'lading');
  if (request.service !== undefined) form.append('service', request.service);
  if (request.scopes.length > 0) form.append('scope', request.scopes.join(' '));
  const bytes = new TextEncoder().encode(form.toString());
  return {
    ...common(request),
    method: 'POST',
    url: request.realm.href,
    headers: { ...request.headers, accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: { size: bytes.length, open: () => once(bytes) },
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function common({ registry, signal, on }: TokenRequest): Pick<HttpRequest, 'registry' | 'signal' | 'on' | 'chosenBy'> {
  return { registry, signal, on, chosenBy: 'server' };
}

async function exchange(send: Send, request: TokenRequest, first: HttpRequest): Promise<Token> {
  const response = await sendWithinOrigin(send, first);
  if (response.status !== 200) throw await refusal(request, first, response);
  const what = `the token of ${request.realm.host}`;
  const json = await readJson(response, MAX_BODY, what);
  const {
    token,
    access_token: access,
    expires_in: expires,
    issued_at: issued,
  } = (json ?? {}) as Record<string, unknown>;
  const value = [token, access].find((one) => typeof one === 'string' && /^[\x21-\x7e]+$/.test(one));
  if (value === undefined) {
    throw new OciError('UNAUTHORIZED', `the token server ${request.realm.host} answered without a token`, {
      status: 200,
    });
  }
  return { value: value as string, lifetimeMs: lifetimeMs(expires, issued, response.headers.date) };
}

/** A token server that redirects elsewhere gets nothing more: what we would send is a credential. */
async function sendWithinOrigin(send: Send, first: HttpRequest): Promise<HttpResponse> {
  let request = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await send(request);
    const { location } = response.headers;
    if (location === undefined || response.status < 300 || response.status > 399) return response;
    await response.cancel();
    const from = new URL(request.url);
    const to = parseUrl(location, from);
    if (to?.protocol !== from.protocol || to.origin !== from.origin || to.username !== '' || to.password !== '') {
      const where = to === undefined ? 'nowhere' : redactUrl(to.origin);
      throw new OciError(
        'REDIRECT_REFUSED',
        `the token server ${from.host} redirects to ${where}, which gets no credentials`,
        { hint: 'no setting allows it: the token server is set up wrongly, or somebody is in between' },
      );
    }
    request = { ...request, url: to.href };
  }
  throw new OciError('LIMIT', `the token server ${new URL(first.url).host} redirects more than ${MAX_REDIRECTS} times`);
}

async function refusal(request: TokenRequest, sent: HttpRequest, response: HttpResponse): Promise<OciError> {
  const { status } = response;
  const asked = request.scopes.length === 0 ? 'a token' : `a token for ${request.scopes.join(' ')}`;
  const failure = await failureOf(response, `cannot get ${asked}`, sent);
  const secret = secretOf(request.credential);
  const passing = status === 408 || status === 429 || status >= 500;
  const hint =
    request.credential === undefined
      ? `it may need a login: lading login ${request.name}`
      : `check the user name and password or token: lading login ${request.name}`;
  return new OciError(passing ? failure.code : 'UNAUTHORIZED', scrub(failure.message, secret), {
    status,
    errors: failure.errors.filter((entry) => secret === undefined || !JSON.stringify(entry).includes(secret)),
    retryAfterMs: failure.retryAfterMs,
    request: failure.request,
    hint: passing ? failure.hint : hint,
  });
}

function secretOf(credential: TokenRequest['credential']): string | undefined {
  if (credential === undefined) return undefined;
  const secret = 'password' in credential ? credential.password : credential.identityToken;
  return secret === '' ? undefined : secret;
}

/** Some token servers repeat what they were sent. */
function scrub(message: string, secret: string | undefined): string {
  return secret === undefined ? message : message.replaceAll(secret, REDACTED);
}

/** `expires_in` is anything but reliable: strings, 0, -1 and a year are on record, and it may be missing. */
function lifetimeMs(expires: unknown, issued: unknown, date: string | undefined): number {
  const said = typeof expires === 'string' || typeof expires === 'number' ? Number(expires) : Number.NaN;
  const seconds = said > 0 ? Math.min(said, MAX_LIFETIME_S) : DEFAULT_LIFETIME_S;
  const now = parseDate(date);
  const since = typeof issued === 'string' && issued.length < 64 ? Date.parse(issued) : Number.NaN;
  const ageMs = now === undefined || Number.isNaN(since) ? 0 : now - since;
  // A token out of the server's own cache is older than its answer; a wrong clock is not believed.
  return ageMs > 0 && ageMs < seconds * 1000 ? seconds * 1000 - ageMs : seconds * 1000;
}
