/** A registry that stands below a path of its server, as behind a reverse proxy: beside the path there is nothing. */
import { changed, type Wrap, withUrl } from '../../src/testing/wrap.ts';

/** Keeps the paths that it was asked for in `asked`. */
export function belowPath(prefix: string, asked: string[]): Wrap {
  return (handler) => async (request, info) => {
    const url = new URL(request.url);
    asked.push(url.pathname);
    if (!url.pathname.startsWith(`${prefix}/`)) return new Response('nothing here', { status: 404 });
    url.pathname = url.pathname.slice(prefix.length);
    const response = await handler(withUrl(request, url.href), info);
    const told = ['location', 'link'].map((name) => [
      name,
      response.headers.get(name)?.replace('/v2/', `${prefix}/v2/`),
    ]);
    return changed(response, { headers: Object.fromEntries(told) as Record<string, string | undefined> });
  };
}
