/** Cross-origin access for web pages (the Fetch standard's CORS protocol): a wrapper around a server, off unless asked for. */
import { empty } from './responses.ts';
import type { Handler } from './handler.ts';

export interface CorsOptions {
  /** Origins whose pages may use the registry, e.g. `https://ui.example.com`; `*` is any, and then without credentials. */
  readonly origins: readonly string[];
}

const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const requestHeaders = 'Accept, Authorization, Content-Range, Content-Type, If-Match, If-None-Match, Range';
const exposedHeaders = [
  ['Content-Length', 'Content-Range', 'Docker-Content-Digest', 'Docker-Distribution-Api-Version', 'ETag', 'Link'],
  ['Location', 'OCI-Chunk-Min-Length', 'OCI-Filters-Applied', 'OCI-Subject', 'OCI-Tag', 'Range', 'WWW-Authenticate'],
]
  .flat()
  .join(', ');

/** Lets pages of other origins in. A preflight has no credentials, so it is answered before anybody is asked for any. */
export function withCors(handler: Handler, { origins }: CorsOptions): Handler {
  return async (request, info) => {
    const origin = request.headers.get('origin');
    const granted = origin === null ? undefined : grant(origin, origins);
    const isPreflight = request.method === 'OPTIONS' && request.headers.has('access-control-request-method');
    const response = isPreflight && granted !== undefined ? empty(204, preflight) : await handler(request, info);
    response.headers.append('Vary', 'Origin');
    for (const [name, value] of Object.entries(granted ?? {})) response.headers.set(name, value);
    return response;
  };
}

const preflight = {
  'Access-Control-Allow-Methods': methods,
  'Access-Control-Allow-Headers': requestHeaders,
  'Access-Control-Max-Age': '600',
};

function grant(origin: string, origins: readonly string[]): Record<string, string> | undefined {
  const exposed = { 'Access-Control-Expose-Headers': exposedHeaders };
  if (origins.includes(origin)) {
    return { ...exposed, 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' };
  }
  return origins.includes('*') ? { ...exposed, 'Access-Control-Allow-Origin': '*' } : undefined;
}
