/**
 * Follows redirects, which the transport never does: each hop is judged, and carries across origins only headers that
 * say nothing about the user. What belongs to the registry is attached by `authorize`, hop by hop.
 */
import { OciError } from '../errors.ts';
import { follow } from './hop.ts';
import type { Hosts } from './hosts.ts';
import { redactUrl } from './redact.ts';
import { hrefAsWritten } from '../model/parse-url.ts';
import type { HttpRequest, HttpResponse, Middleware } from './types.ts';

const MAX_REDIRECTS = 5;
const statuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** What any origin may know about a request. Cookies, custom headers and credentials are not here, and so never cross. */
const harmless: ReadonlySet<string> = new Set(
  ['accept', 'accept-encoding', 'accept-language', 'cache-control', 'content-length', 'content-range', 'content-type']
    .concat(['if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since'])
    .concat(['range', 'user-agent']),
);

/** Follows 301, 302, 303, 307 and 308, at most five times. */
export function redirect(hosts: Hosts): Middleware {
  return (next) => async (request) => {
    let current = forOrigin({ ...request, chosenBy: chooserOf(request.url, request, hosts) });
    if (request.redirect === 'manual') return next(current);
    for (let hops = 0; ; hops++) {
      const response = await next(current);
      const { location } = response.headers;
      if (!statuses.has(response.status) || location === undefined) return response;
      await response.cancel();
      if (hops === MAX_REDIRECTS) throw tooMany(request);
      current = redirected(current, response, location, hosts);
    }
  };
}

function redirected(request: HttpRequest, { status }: HttpResponse, location: string, hosts: Hosts): HttpRequest {
  const to = follow(request.url, location, { registry: request.registry, hosts });
  if (isReturnOfWrite(request, to)) {
    throw new OciError(
      'REDIRECT_REFUSED',
      `${new URL(request.url).host} redirected a ${request.method} back to the registry`,
    );
  }
  const next = status === 303 ? asGet(request) : request;
  const url = hrefAsWritten(to, location);
  return forOrigin({ ...next, url, chosenBy: chooserOf(url, { ...request, chosenBy: 'server' }, hosts) });
}

/** A foreign host could use it to have us change something, with our credentials, that nobody asked to change. */
function isReturnOfWrite({ method, url, registry }: HttpRequest, to: URL): boolean {
  const safe = method === 'GET' || method === 'HEAD';
  return !safe && new URL(url).origin !== registry && to.origin === registry;
}

/** 303 asks for a GET; a HEAD stays one. A 301 or 302 keeps the method: registries send them for a slash too few (harbor#2473). */
function asGet(request: HttpRequest): HttpRequest {
  if (request.method === 'HEAD') return request;
  return { ...request, method: 'GET', body: undefined, headers: without(request.headers, /^content-/) };
}

function forOrigin(request: HttpRequest): HttpRequest {
  if (new URL(request.url).origin === request.registry) return request;
  const kept = Object.entries(request.headers).filter(([name]) => harmless.has(name));
  return { ...request, headers: Object.fromEntries(kept) };
}

function without(headers: HttpRequest['headers'], pattern: RegExp): HttpRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !pattern.test(name)));
}

/** What the user has named is wanted, whoever led there: its address is not looked at. */
function chooserOf(url: string, { registry, chosenBy }: HttpRequest, hosts: Hosts): 'own' | 'server' {
  const { origin, host } = new URL(url);
  return chosenBy !== 'server' || origin === registry || isNamed(hosts, host) ? 'own' : 'server';
}

function isNamed(hosts: Hosts, host: string): boolean {
  try {
    return hosts(host, 'server').named;
  } catch {
    return false;
  }
}

function tooMany({ method, url }: HttpRequest): OciError {
  return new OciError('LIMIT', `${new URL(url).host} redirects more than ${MAX_REDIRECTS} times`, {
    request: { method, url: redactUrl(url) },
    hint: 'the registry, or something in between, sends requests round in circles',
  });
}
