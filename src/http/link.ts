/** The next page of a listing (RFC 8288). Its URL is opaque and is sent back as it came, but to the registry only. */
import { OciError } from '../errors.ts';
import type { HttpResponse } from './types.ts';
import { hrefAsWritten, parseUrl } from '../model/parse-url.ts';

/**
 * The URL of the next page, absolute; undefined: there is none.
 * @throws OciError `REDIRECT_REFUSED` when it is on another origin (GHSA-h7vf-4x9w-h99v), `PROTOCOL`
 */
export function nextPage(response: HttpResponse, registryOrigin: string): string | undefined {
  const header = response.headers.link;
  const { host } = new URL(response.url);
  const next = header === undefined ? undefined : relNext(header, host);
  if (next === undefined) return undefined;
  const url = parseUrl(next, response.url);
  if (url === undefined) throw new OciError('PROTOCOL', `the next page of ${host} is no URL`);
  url.hash = '';
  // The origin of a blob: URL is that of the URL in it.
  const isHttp = url.protocol === 'https:' || url.protocol === 'http:';
  if (isHttp && url.origin === registryOrigin && url.username === '' && url.password === '')
    return hrefAsWritten(url, next);
  throw new OciError('REDIRECT_REFUSED', `refused the next page of ${host}: it is on ${url.origin.slice(0, 200)}`, {
    hint: 'the registry is set up wrongly (behind a proxy it may not know its own name), or somebody is in between',
  });
}

// Each matches at one place only, and none can match the same text in two ways: reading takes time linear in the header.
const BETWEEN = /[\s,]*/y;
const TARGET = /<([^>]*)>/y;
const PARAMETER = /\s*;\s*([^=;,\s"]*)/y;
const VALUE = /\s*=\s*(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^;,"]*))/sy;
const END = /\s*(?:,|$)/y;

/** The target of the first link whose `rel` has `next` in it; of several `rel` of one link the first counts (RFC 8288, 3.3). */
function relNext(header: string, host: string): string | undefined {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(header) ?? undefined;
    at += match?.[0].length ?? 0;
    return match;
  };
  let found: string | undefined;
  for (take(BETWEEN); at < header.length; take(BETWEEN)) {
    const target = take(TARGET)?.[1];
    if (target === undefined) throw noLink(host, at);
    let relation: string | undefined;
    for (let name = take(PARAMETER)?.[1]; name !== undefined; name = take(PARAMETER)?.[1]) {
      const [, quoted, token = ''] = take(VALUE) ?? [];
      if (name.toLowerCase() === 'rel') relation ??= quoted ?? token;
    }
    if (take(END) === undefined) throw noLink(host, at);
    if (relation?.toLowerCase().split(/\s/).includes('next') === true) found ??= target;
  }
  return found;
}

function noLink(host: string, at: number): OciError {
  const cause = new SyntaxError(`there is no link at character ${at}`);
  return new OciError('PROTOCOL', `${host} sent a Link header that is none`, { cause });
}
