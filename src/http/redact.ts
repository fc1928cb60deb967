/**
 * What may be shown of requests and answers. Names that are known to be harmless are shown and the rest is not:
 * presigned URLs and upload states come under more names than anybody could list (GHSA-5jhf-2qmf-m8c5).
 */
import type { WireHeaders } from '../model/call.ts';

/** What stands in the place of a secret. */
export const REDACTED = 'REDACTED';

const shownQuery: ReadonlySet<string> = new Set(
  [
    'artifacttype',
    'digest',
    'digest-algorithm',
    'from',
    'last',
    'mount',
    'n',
    'next',
    'ns',
    'origin',
    'page',
    'page_size',
    'q',
  ]
    .concat(['scope', 'service', 'tag'])
    .map((name) => name.toLowerCase()),
);

const shownRequest: ReadonlySet<string> = new Set(
  ['accept', 'accept-encoding', 'accept-language', 'cache-control', 'content-length', 'content-range', 'content-type']
    .concat(['expect', 'host', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since'])
    .concat(['range', 'user-agent']),
);

const secretName = /auth|token|secret|password|cookie|signature|credential|session|api-?key/;
const urlHeaders: ReadonlySet<string> = new Set(['location', 'content-location', 'refresh', 'referer', 'link']);

/** A URL without user name and password, fragment, and the values of query parameters that could be secrets. */
export function redactUrl(text: string): string {
  const [before, query] = cut(text.split('#', 1)[0] ?? '', '?');
  const place = before.replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/]*@/i, '$1//');
  return query === undefined ? place : `${place}?${query.split('&').map(redactPair).join('&')}`;
}

/** A text, the URLs in it without what {@link redactUrl} takes out: storages tell the signed URL that they refuse. */
export function redactWords(text: string): string {
  return text.replace(/https?:\/\/[^\s"'<>]+/gi, (url) => {
    const [before, fragment] = cut(url, '#');
    return fragment === undefined ? redactUrl(before) : `${redactUrl(before)}#${fragment}`;
  });
}

function redactPair(pair: string): string {
  const [name, value] = cut(pair, '=');
  if (value === undefined) return pair === '' ? '' : REDACTED;
  return shownQuery.has(name.toLowerCase()) ? pair : `${name}=${REDACTED}`;
}

function cut(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** The headers of a request; of `authorization`, the scheme. */
export function redactRequestHeaders(headers: WireHeaders): WireHeaders {
  return mapHeaders(headers, (name, value) => {
    if (name === 'authorization') return `${value.split(' ', 1)[0]} ${REDACTED}`;
    return shownRequest.has(name) ? value : REDACTED;
  });
}

/**
 * What registries of the v1 protocol put into a challenge: the token itself, as `Token signature=…`, or, from quay.io,
 * without the scheme.
 */
const tokenSecret = /\b(signature\s*=\s*)(?:"[^"]*"?|[^,\s"]*)|((?:^|,)\s*Token\s+)(?!\w+\s*=\s*["\w])[^,]+/gi;

/** The headers of an answer; a challenge is shown, because it says why a login fails. */
export function redactResponseHeaders(headers: WireHeaders): WireHeaders {
  return mapHeaders(headers, (name, value) => {
    if (name === 'link') return value.split('<').map(redactTarget).join('<');
    if (urlHeaders.has(name)) return redactUrl(value);
    if (name === 'www-authenticate' || name === 'proxy-authenticate')
      return value.replace(
        tokenSecret,
        (_, signature?: string, scheme?: string) => `${signature ?? scheme}${REDACTED}`,
      );
    return secretName.test(name) ? REDACTED : redactWords(value);
  });
}

/** The values in a request that are not shown, as they are written. */
export function hiddenValues(url: string, headers: WireHeaders): readonly string[] {
  const [, query = ''] = cut(url.split('#', 1)[0] ?? '', '?');
  const pairs = query.split('&').map((pair) => cut(pair, '='));
  const ofUrl = pairs.flatMap(([name, value]) => (shownQuery.has(name.toLowerCase()) ? [] : [value ?? name]));
  const ofHeaders = Object.entries(headers).flatMap(([name, value]) => (shownRequest.has(name) ? [] : [value]));
  return [...ofUrl, ...ofHeaders];
}

/** From a target of a `Link` to the next one. One that has no end, or no brackets, is a URL all the same. */
function redactTarget(text: string): string {
  const [url, parameters] = cut(text, '>');
  return parameters === undefined ? redactUrl(url) : `${redactUrl(url)}>${parameters}`;
}

function mapHeaders(headers: WireHeaders, show: (name: string, value: string) => string): WireHeaders {
  const shown: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(headers)) shown[name] = show(name.toLowerCase(), value);
  return shown;
}
