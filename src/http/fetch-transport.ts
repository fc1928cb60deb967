/**
 * The transport of every runtime that has `fetch`: browsers, Deno, Bun, workers, and Node. On Node the one of
 * `lading/node` does better: fetch undoes `content-encoding` whatever was asked for, hides a body that was cut short
 * where it had no length, and refuses more than 16 KiB of headers.
 */
import { abortError, isOciError, OciError, throwIfAborted } from '../errors.ts';
import { readAll } from '../bytes/read.ts';
import type { WireHeaders } from '../model/call.ts';
import { networkError, timeoutError } from './network-error.ts';
import { readFetchBody } from './fetch-body.ts';
import type { Body, HttpRequest, HttpResponse, Send } from './types.ts';

export interface FetchTransportOptions {
  /** The longest wait for the head of an answer to a request without a body, in ms. @default 60_000 */
  readonly headMs?: number | undefined;
  /** The longest wait for the next bytes of an answer, in ms. @default 30_000 */
  readonly idleMs?: number | undefined;
}

type Fetch = typeof globalThis.fetch;

/** Bodies up to this size are sent from memory, with their length; larger ones are streamed where that is possible. */
const BUFFERED_BYTES = 1024 * 1024;

/** @param fetch the runtime's own unless given */
export function fetchTransport(fetch?: Fetch, options: FetchTransportOptions = {}): Send {
  const { headMs = 60_000, idleMs = 30_000 } = options;
  return async (request) => {
    throwIfAborted(request.signal);
    const ends = new AbortController();
    const stop = (): void => ends.abort(request.signal?.reason);
    request.signal?.addEventListener('abort', stop, { once: true });
    const release = (): void => request.signal?.removeEventListener('abort', stop);
    const late = (): void => ends.abort(timeoutError(request, `no answer within ${headMs} ms`));
    const timer = request.body === undefined ? setTimeout(late, headMs) : undefined;
    try {
      const response = await call(fetch ?? globalThis.fetch, request, ends.signal);
      return answerOf(response, request, ends, { idleMs, release });
    } catch (error) {
      release();
      if (request.signal?.aborted === true) throw abortError(request.signal);
      throw isOciError(ends.signal.reason) ? ends.signal.reason : networkError(error, request);
    } finally {
      clearTimeout(timer);
    }
  };
}

async function call(fetch: Fetch, request: HttpRequest, signal: AbortSignal): Promise<Response> {
  let sourceError: { readonly error: unknown } | undefined;
  const sent = await bodyOf(request.body, (error) => {
    sourceError = { error };
  });
  const init = { method: request.method, headers: headersOf(request, sent), signal, ...sent } as const;
  try {
    const response = await fetch(request.url, { ...init, redirect: 'manual' });
    return response.type === 'opaqueredirect' ? await followBlindly(fetch, request, init) : response;
  } catch (error) {
    throw sourceError === undefined ? error : sourceError.error;
  }
}

/**
 * Browsers do not show redirects. They drop `authorization` on the way to another origin, but no custom header
 * (GHSA-whvf-jp7m-59f3), and would send a body anywhere: then they may not follow.
 */
async function followBlindly(fetch: Fetch, request: HttpRequest, init: RequestInit): Promise<Response> {
  const isPlain = Object.keys(request.headers).every((name) =>
    /^(?:accept|authorization|range|if-|user-agent)/.test(name),
  );
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (isPlain && isRead) return fetch(request.url, { ...init, redirect: 'follow' });
  throw new OciError(
    'REDIRECT_REFUSED',
    `${new URL(request.url).host} redirects, and this runtime does not tell where to`,
  );
}

type SentBody = { readonly body?: Uint8Array | Blob | ReadableStream<Uint8Array>; readonly duplex?: 'half' };

async function bodyOf(body: Body | undefined, failed: (error: unknown) => void): Promise<SentBody> {
  if (body === undefined) return {};
  if (body.size > BUFFERED_BYTES && canStream()) return { body: streamOf(body, failed), duplex: 'half' };
  const bytes = await readAll(body.open(), body.size, 'the body of a request');
  if (bytes.length !== body.size) throw shortBody(body, bytes.length);
  return { body: bytes };
}

/** Deno drops the length of a streamed body, which registries want; browsers stream over HTTP/2 at most. */
function canStream(): boolean {
  return 'process' in globalThis && !('Deno' in globalThis);
}

function streamOf(body: Body, failed: (error: unknown) => void): ReadableStream<Uint8Array> {
  const bytes = body.open()[Symbol.asyncIterator]();
  let sent = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await bytes.next();
          sent += value === undefined ? 0 : value.length;
          if (sent > body.size || (done === true && sent !== body.size)) throw shortBody(body, sent);
          if (done === true) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          failed(error);
          controller.error(error);
        }
      },
      async cancel() {
        await bytes.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

function shortBody(body: Body, sent: number): OciError {
  return new OciError('SIZE_MISMATCH', `a request's body has ${sent} bytes instead of ${body.size}`);
}

function headersOf({ headers, body }: HttpRequest, { duplex }: SentBody): Record<string, string> {
  const length = body !== undefined && duplex !== undefined ? { 'content-length': String(body.size) } : {};
  return { 'accept-encoding': 'identity', ...headers, ...length };
}

function answerOf(
  response: Response,
  request: HttpRequest,
  ends: AbortController,
  options: { readonly idleMs: number; readonly release: () => void },
): HttpResponse {
  const { headers, length } = readHeaders(response);
  const isEmpty = request.method === 'HEAD' || response.status === 204 || response.status === 304;
  const expected = isEmpty ? undefined : length;
  const url = response.redirected ? response.url : request.url;
  const setCookie = response.headers.getSetCookie?.() ?? []; // Safari knows it since 17
  const body = readFetchBody(response, request, { ...options, ends, expected });
  return { status: response.status, headers, setCookie, url, ...body };
}

/** What fetch has decoded is no longer encoded, and its length is not known. */
function readHeaders(response: Response): { readonly headers: WireHeaders; readonly length: number | undefined } {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of response.headers) if (name !== 'set-cookie') headers[name] = value;
  const length = headers['content-length'];
  if (!/^(?:gzip|x-gzip|deflate|br)$/i.test(headers['content-encoding'] ?? '')) {
    return { headers, length: length === undefined ? undefined : Number(length) };
  }
  if (response.body !== null) {
    delete headers['content-encoding'];
    delete headers['content-length'];
  }
  return { headers, length: undefined };
}
