/**
 * Tells of every exchange on the wire: hops and token requests too, so it stands next to the transport.
 * What is told holds no secrets. Retries are told by `retry`, which knows why.
 */
import type { WireHeaders } from '../model/call.ts';
import type { Clock } from './clock.ts';
import { redactRequestHeaders, redactResponseHeaders, redactUrl, redactWords } from './redact.ts';
import { withoutShown } from './shown.ts';
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
      const headers = headersOf(response);
      on({ type: 'response', method, url, status: response.status, headers, durationMs: clock.now() - sent });
      warn(request, response, warned);
    } catch (error) {
      await response.cancel();
      throw error;
    }
    return response;
  };
}

/** Some servers repeat what they were sent in headers of their own. */
function headersOf(response: HttpResponse): WireHeaders {
  const shown = Object.entries(redactResponseHeaders(response.headers));
  return Object.fromEntries(shown.map(([name, value]) => [name, withoutShown(value, response)]));
}

function warn(request: HttpRequest, response: HttpResponse, warned: Set<string>): void {
  const header = response.headers.warning;
  if (header === undefined) return;
  const { host } = new URL(request.url);
  for (const said of parseWarnings(header)) {
    const text = redactWords(withoutShown(said, response));
    const key = `${host} ${text}`;
    if (warned.has(key) || warned.size >= MAX_REMEMBERED) continue;
    warned.add(key);
    request.on?.({ type: 'warning', host, text });
  }
}
