/**
 * A request of the caller's own to a registry, for what no verb does: authenticated, retried and redirected as all others
 * are, but never sent to a mirror. Its path stays below `/v2/`; what the answer means is for the caller to know.
 */
import { OciError, throwIfAborted } from '../errors.ts';
import type { HttpRequest, HttpResponse } from '../http/types.ts';
import type { Call, WireHeaders } from '../model/call.ts';
import { quote } from '../model/quote.ts';
import { apiUrl, ask } from './requests.ts';
import type { RegistryPlace } from './session.ts';
import { parseUrl } from '../model/parse-url.ts';

export interface OwnRequest extends Call {
  /** @default 'GET' */
  readonly method?: HttpRequest['method'] | undefined;
  /** Below `/v2/`, query included: `_catalog?n=10`, `team/app/manifests/1`. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers?: WireHeaders | undefined;
  readonly body?: HttpRequest['body'];
  /** What a token has to allow, e.g. `repository:team/app:pull`; where none is named, what the registry asks for. */
  readonly scopes?: readonly string[] | undefined;
  /** `manual` gives the redirect itself. @default 'follow' */
  readonly redirect?: HttpRequest['redirect'];
}

/** Sends it. No status is an error. @throws OciError `USAGE` for a path that leads elsewhere, and as sending does */
export async function sendOwn(
  place: RegistryPlace,
  { method = 'GET', path, ...rest }: OwnRequest,
): Promise<HttpResponse> {
  throwIfAborted(rest.signal);
  const root = apiUrl(place, '');
  const url = parseUrl(root + path);
  if (url?.href.startsWith(root) !== true || path.includes('#') || path.startsWith('/') || climbs(url)) {
    throw new OciError('USAGE', `${quote(path)} is no path below ${root}`);
  }
  // Its headers are the caller's, and may be secrets: they are for the registry, and for no mirror of it.
  const { response } = await ask(place, { method, path: url.href.slice(root.length), ...rest, direct: true });
  return response;
}

/** Some servers, and what stands before them, take an encoded slash for one. */
function climbs({ pathname }: URL): boolean {
  const path = pathname.replace(/%2f|%5c/gi, '/').replace(/%2e/gi, '.');
  return path.split('/').includes('..');
}
