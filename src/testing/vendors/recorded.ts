/** Wraps that are no quirks: writing down what a server is asked, and serving it below a path. */
import { changed, type Wrap, withUrl } from '../wrap.ts';

/** A request as it came. */
export interface VendorRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** All of them, names in lower case: credentials of a test are no secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the answer; 0: there was none yet. */
  status: number;
}

/** Writes down every request, in the order in which they came. */
export function recorded(log: VendorRequest[]): Wrap {
  return (handler) => async (request, info) => {
    const { pathname, search } = new URL(request.url);
    const headers = Object.fromEntries(request.headers);
    const entry: VendorRequest = { method: request.method, path: pathname + search, headers, status: 0 };
    log.push(entry);
    const response = await handler(request, info);
    entry.status = response.status;
    return response;
  };
}

/** Serves what stands at `/v2/` below a path, and nothing elsewhere. */
export function underPath(prefix: string): Wrap {
  if (prefix === '') return (handler) => handler;
  return (handler) => async (request, info) => {
    const url = new URL(request.url);
    if (!url.pathname.startsWith(`${prefix}/v2`)) return new Response('not found', { status: 404 });
    url.pathname = url.pathname.slice(prefix.length);
    const response = await handler(withUrl(request, url.href), info);
    const location = response.headers.get('location')?.replace(/^\/v2\//, `${prefix}/v2/`);
    const link = response.headers.get('link')?.replace(/^<\/v2\//, `<${prefix}/v2/`);
    return changed(response, { headers: { location, link } });
  };
}
