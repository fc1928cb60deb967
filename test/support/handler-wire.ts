/**
 * A transport without sockets: requests go straight to a server's handler, and are written down. A body that breaks off
 * does so with the error of a broken connection, as it would on a wire.
 */
import { isOciError, OciError } from '../../src/errors.ts';
import type { Bytes } from '../../src/model/call.ts';
import type { HttpRequest, HttpResponse, Send } from '../../src/http/types.ts';
import type { Handler } from '../../src/server/handler.ts';

/** A request as it went over the wire. */
export interface WireRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of its body that were sent. */
  sent: number;
  /** Of the answer; 0: there was none. */
  status: number;
  /** Bytes of the answer's body that were read. */
  read: number;
}

export interface Wire {
  readonly transport: Send;
  readonly requests: WireRequest[];
  /** Answers whose bodies were neither read to their end nor cancelled. */
  readonly open: () => number;
}

export function wireTo(handler: Handler): Wire {
  const requests: WireRequest[] = [];
  const held = new Set<WireRequest>();
  const transport: Send = async (request) => {
    const { method, url, headers } = request;
    const { pathname, search } = new URL(url);
    const entry: WireRequest = { method, path: pathname + search, url, headers, sent: 0, status: 0, read: 0 };
    requests.push(entry);
    const failure: { error?: unknown } = {};
    try {
      const response = await handler(toRequest(request, entry, failure));
      if ('error' in failure) throw failure.error;
      entry.status = response.status;
      if (response.body !== null) held.add(entry);
      return toAnswer(response, url, entry, () => held.delete(entry));
    } catch (error) {
      throw 'error' in failure ? failure.error : broken(error);
    }
  };
  return { transport, requests, open: () => held.size };
}

function toRequest(request: HttpRequest, entry: WireRequest, failure: { error?: unknown }): Request {
  const { method, url, body, signal } = request;
  const headers = new Headers(request.headers);
  const init = { method, headers, ...(signal === undefined ? {} : { signal }) };
  if (body !== undefined || method === 'POST') headers.set('content-length', String(body?.size ?? 0));
  if (body === undefined || body.size === 0) return new Request(url, init);
  const chunks = counted(body.open(), body.size, entry)[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          failure.error = error;
          controller.error(error);
        }
      },
      cancel: async () => void (await chunks.return?.(undefined)),
    },
    { highWaterMark: 0 },
  );
  return new Request(url, { ...init, body: stream, duplex: 'half' });
}

async function* counted(body: Bytes, size: number, entry: WireRequest): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    entry.sent += chunk.length;
    yield chunk;
  }
  if (entry.sent !== size) throw new Error(`a body of ${size} bytes has ${entry.sent}`);
}

function toAnswer(response: Response, url: string, entry: WireRequest, release: () => void): HttpResponse {
  const reader = response.body?.getReader();
  const length = response.headers.get('content-length');
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for (let next = await reader?.read(); next !== undefined && !next.done; next = await reader?.read()) {
        entry.read += next.value.length;
        yield next.value;
      }
    } catch (error) {
      throw broken(error);
    } finally {
      await cancel();
    }
    if (reader !== undefined && length !== null && entry.read < Number(length)) throw broken('the body was cut short');
  }
  const cancel = async (): Promise<void> => {
    release();
    await reader?.cancel().catch(() => undefined);
  };
  return { status: response.status, headers: Object.fromEntries(response.headers), url, body: read(), cancel };
}

function broken(error: unknown): unknown {
  return isOciError(error) ? error : new OciError('UNREACHABLE', `cannot reach the registry: ${String(error)}`);
}
