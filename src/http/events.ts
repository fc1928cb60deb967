/**
 * Tells of every exchange on the wire: hops and token requests too, so it stands next to the transport.
 * What is told holds no secrets. Retries are told by `retry`, which knows why.
 */
import type { Clock } from './clock.ts';
import { redactRequestHeaders, redactResponseHeaders, redactUrl } from './redact.ts';
import type { HttpRequest, HttpResponse, Middleware } from './types.ts';
import { parseWarnings } from './warning.ts';

const MAX_REMEMBERED = 1000;

/** Reports requests, answers and the registry's warnings (each text once) to the request's `on`. */
export function events(clock: Clock): Middleware {
  const warned = new Set<string>();
  return (next) => async (request) => {
    const { on, method } = request;
    if (on === undefined) return next(request);
    const url = redactUrl(request.url);
    const sent = clock.now();
    on({ type: 'request', method, url, headers: redactRequestHeaders(request.headers) });
    const response = await next(request);
    try {
      const headers = redactResponseHeaders(response.headers);
      on({ type: 'response', method, url, status: response.status, headers, durationMs: clock.now() - sent });
      warn(request, response, warned);
    } catch (error) {
      await response.cancel();
      throw error;
    }
    return response;
  };
}

function warn(request: HttpRequest, response: HttpResponse, warned: Set<string>): void {
  const header = response.headers.warning;
  if (header === undefined) return;
  const { host } = new URL(request.url);
  for (const text of parseWarnings(header)) {
    const key = `${host} ${text}`;
    if (warned.has(key) || warned.size >= MAX_REMEMBERED) continue;
    warned.add(key);
    request.on?.({ type: 'warning', host, text });
  }
}
