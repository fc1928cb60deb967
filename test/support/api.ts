/** A server without a socket: requests go straight to its handler. */
import { createServer, type ServerOptions } from '../../src/server/app.ts';
import type { Handler } from '../../src/server/handler.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { IngestRegistry } from '../../src/store/types.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly text: string;
}

export interface ApiRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | ReadableStream<Uint8Array>;
  readonly signal?: AbortSignal;
}

export interface Api {
  readonly registry: IngestRegistry;
  readonly handler: Handler;
  /** `send('GET', '/v2/')` */
  send(method: string, path: string, request?: ApiRequest): Promise<Answer>;
}

export function createApi(
  options: Partial<ServerOptions> = {},
  wrap: (handler: Handler) => Handler = (same) => same,
): Api {
  const { registry = createMemoryRegistry() } = options;
  const handler = wrap(createServer({ ...options, registry }));
  const send: Api['send'] = async (method, path, { headers = {}, body, signal } = {}) => {
    // a length is told as clients tell it: all but a stream's
    const length = body === undefined || body instanceof ReadableStream ? {} : { 'content-length': lengthOf(body) };
    const init = { method, headers: { ...length, ...headers }, ...(signal === undefined ? {} : { signal }) };
    const url = new URL(`http://registry.test${path}`);
    const duplex = body === undefined ? {} : { body, duplex: 'half' as const };
    const response = await handler(new Request(url, { ...init, ...duplex }));
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, bytes, text: new TextDecoder().decode(bytes) };
  };
  return { registry, handler, send };
}

function lengthOf(body: Uint8Array | string): string {
  return String(typeof body === 'string' ? new TextEncoder().encode(body).length : body.length);
}

/** The codes of an error answer. */
export function errorCodes({ text }: Answer): string[] {
  const { errors } = JSON.parse(text) as { errors: readonly { readonly code: string }[] };
  return errors.map(({ code }) => code);
}

/** The `Location` of an answer, ready to be sent to. */
export function locationOf({ headers }: Answer, query: Readonly<Record<string, string>> = {}): string {
  const url = new URL(headers.get('location') ?? '', 'http://registry.test');
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.pathname + url.search;
}
