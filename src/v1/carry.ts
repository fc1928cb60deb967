/**
 * What a session shows, and to whom: its cookies to the origins that set them, its token to the endpoints that the index
 * named. It stands next to the transport, so that every hop of a redirect is judged by its own origin.
 */
import type { Middleware } from '../http/types.ts';
import type { CookieJar } from './cookies.ts';

/** Filled in when the index has answered. */
export interface Keys {
  token: string | undefined;
  /** Origins. */
  readonly endpoints: Set<string>;
}

export function carry(jar: CookieJar, keys: Keys): Middleware {
  return (next) => async (request) => {
    const { url, headers } = request;
    const cookie = [headers.cookie, jar.headerFor(url)].filter((one) => one !== undefined).join('; ');
    const isEndpoint = keys.token !== undefined && keys.endpoints.has(new URL(url).origin);
    const response = await next({
      ...request,
      headers: {
        // What the user or a challenge put there stays: it is for this very origin.
        ...(isEndpoint ? { authorization: `Token ${keys.token}` } : {}),
        ...headers,
        ...(cookie === '' ? {} : { cookie }),
      },
    });
    jar.take(url, response.setCookie ?? [], response.headers.date);
    return response;
  };
}
