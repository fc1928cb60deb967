/** Wrapping a server to make it behave otherwise: `quirks` are how real registries differ, `faults` what goes wrong on the way. */
import type { Bytes } from '../model/call.ts';
import { bytesOf, streamOf } from '../server/body.ts';
import type { Handler } from '../server/handler.ts';

/** Changes what a server does. */
export type Wrap = (handler: Handler) => Handler;

/** What a request is about, by its path. */
export type Endpoint = 'ping' | 'catalog' | 'tags' | 'manifest' | 'blob' | 'uploads' | 'upload' | 'referrers';

const endpoints: readonly (readonly [Endpoint, RegExp])[] = [
  ['catalog', /\/_catalog$/],
  ['tags', /\/tags\/list$/],
  ['manifest', /\/manifests\/[^/]+$/],
  ['uploads', /\/blobs\/uploads\/?$/],
  ['upload', /\/blobs\/uploads?\/[^/]+$/],
  ['blob', /\/blobs\/[^/]+$/],
  ['referrers', /\/referrers\/[^/]+$/],
  // the last one: a tag may be called v2
  ['ping', /\/v2\/?$/],
];

export function endpointOf(request: Request): Endpoint | undefined {
  const { pathname } = new URL(request.url);
  return endpoints.find(([, pattern]) => pattern.test(pathname))?.[0];
}

/** Several at once, the first one outermost. */
export function combine(...wraps: readonly Wrap[]): Wrap {
  return (handler) => wraps.reduceRight((inner, wrap) => wrap(inner), handler);
}

export interface Occasion {
  /** The requests that are meant. @default all */
  readonly matches?: (request: Request) => boolean;
  /** How many of them go by before it begins. @default 0 */
  readonly after?: number;
  /** How many it happens to; then all is well. @default Infinity */
  readonly times?: number;
}

/**
 * Lets something happen to some requests only.
 * @example only(answerWith(503), { matches: (request) => request.method === 'PUT', times: 2 })
 */
export function only(wrap: Wrap, occasion: Occasion): Wrap {
  const { matches = () => true, after = 0, times = Number.POSITIVE_INFINITY } = occasion;
  return (handler) => {
    const wrapped = wrap(handler);
    let seen = 0;
    return (request, info) => {
      const isMeant = matches(request) && ++seen > after && seen <= after + times;
      return isMeant ? wrapped(request, info) : handler(request, info);
    };
  };
}

/** A predicate for {@link only}: these methods at this endpoint. */
export function requestTo(endpoint: Endpoint, ...methods: readonly string[]): (request: Request) => boolean {
  return (request) => endpointOf(request) === endpoint && (methods.length === 0 || methods.includes(request.method));
}

export interface Changes {
  readonly status?: number;
  /** undefined takes a header away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** undefined keeps the body, null takes it away. */
  readonly body?: ReadableStream<Uint8Array> | string | null | undefined;
}

/** The same answer but for some of it. */
export function changed(response: Response, { status = response.status, headers = {}, body }: Changes): Response {
  const fields = new Headers(response.headers);
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) fields.delete(name);
    else fields.set(name, value);
  }
  return new Response(body === undefined ? response.body : body, { status, headers: fields });
}

/** A wrap that changes the answers to some requests. */
export function changing(
  matches: (request: Request, response: Response) => boolean,
  change: (response: Response, request: Request) => Changes | Promise<Changes>,
): Wrap {
  return (handler) => async (request, info) => {
    const response = await handler(request, info);
    return matches(request, response) ? changed(response, await change(response, request)) : response;
  };
}

/** A wrap that answers some requests itself. */
export function answering(
  matches: (request: Request) => boolean | Promise<boolean>,
  answer: (request: Request) => Response,
): Wrap {
  return (handler) => async (request, info) =>
    (await matches(request)) ? answer(request) : await handler(request, info);
}

/** The error body that registries give. */
export function errorAnswer(status: number, code: string, message: string = code.toLowerCase()): Response {
  const headers = { 'Content-Type': 'application/json' };
  return new Response(JSON.stringify({ errors: [{ code, message }] }), { status, headers });
}

/** The same request for another URL. */
export function withUrl(request: Request, url: string): Request {
  const { method, headers, body, signal } = request;
  return new Request(url, { method, headers, body, signal, ...(body === null ? {} : { duplex: 'half' }) });
}

/** The repository that a request is about; '' where it is about none. */
export function repositoryIn({ url }: Request): string {
  return /\/v2\/(.+)\/(?:blobs|manifests|tags|referrers)\//.exec(new URL(url).pathname)?.[1] ?? '';
}

/** The answer with other bytes; its headers stay, the length among them. */
export function withBytes(response: Response, request: Request, change: (bytes: Bytes) => Bytes): Response {
  return changed(response, { body: streamOf(change(bytesOf(response.body, request.signal))) });
}
