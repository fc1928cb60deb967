/** The next page of a listing (RFC 8288). Its URL is opaque and is sent back as it came, but to the registry only. */
import LinkHeader from 'http-link-header';
import { OciError } from '../errors.ts';
import type { HttpResponse } from './types.ts';

/**
 * The URL of the next page, absolute; undefined: there is none.
 * @throws OciError `REDIRECT_REFUSED` when it is on another origin (GHSA-h7vf-4x9w-h99v), `PROTOCOL`
 */
export function nextPage(response: HttpResponse, registryOrigin: string): string | undefined {
  const header = response.headers.link;
  const next = header === undefined ? undefined : relNext(header, response.url);
  if (next === undefined) return undefined;
  const { host } = new URL(response.url);
  if (!URL.canParse(next, response.url)) throw new OciError('PROTOCOL', `the next page of ${host} is no URL`);
  const url = new URL(next, response.url);
  url.hash = '';
  if (url.origin === registryOrigin && url.username === '' && url.password === '') return url.href;
  throw new OciError('REDIRECT_REFUSED', `refused the next page of ${host}: it is on ${url.origin.slice(0, 200)}`, {
    hint: 'the registry is set up wrongly (behind a proxy it may not know its own name), or somebody is in between',
  });
}

function relNext(header: string, url: string): string | undefined {
  try {
    return LinkHeader.parse(header).rel('next')[0]?.uri;
  } catch (cause) {
    throw new OciError('PROTOCOL', `${new URL(url).host} sent a Link header that is none`, { cause });
  }
}
