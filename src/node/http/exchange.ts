/** One request and its answer over `node:http`: connecting, writing, and waiting for the head, each with its own limit. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { abortError } from '../../errors.ts';
import type { WireHeaders } from '../../model/call.ts';
import { networkError, timeoutError } from '../../http/network-error.ts';
import type { HttpRequest, HttpResponse } from '../../http/types.ts';
import { createDeadline } from './deadline.ts';
import { Download } from './download.ts';
import type { Timeouts } from './timeouts.ts';
import { isWrite, upload } from './upload.ts';
import { watchSignal } from './watch-signal.ts';

/** Makes the request; the signal, for who takes it, ends the way to a proxy, where node has no socket yet to close. */
export type OpenRequest = (connecting: () => AbortSignal) => ClientRequest;

/**
 * Sends a request, and waits for the head of its answer.
 * @throws OciError `UNREACHABLE`, `TLS`, `TIMEOUT`, `ABORTED`, `PROTOCOL`, `USAGE`; whatever the body throws
 */
export async function exchange(request: HttpRequest, open: OpenRequest, timeouts: Timeouts): Promise<HttpResponse> {
  let connecting: AbortController | undefined;
  let req: ClientRequest;
  try {
    req = open(() => (connecting ??= new AbortController()).signal);
  } catch (error) {
    throw networkError(error, request);
  }
  const deadline = createDeadline((said) => fail(timeoutError(request, said)));
  const abort = (): void => fail(request.signal === undefined ? undefined : abortError(request.signal));
  let sent = request.body === undefined;
  let stopUpload: AbortController | undefined;
  const stop = (): AbortController => (stopUpload ??= new AbortController());
  let download: Download | undefined;
  let reject: (error: unknown) => void = () => undefined;

  function over(): void {
    unwatch();
    if (!sent) req.destroy(); // the rest of the request was never written: nothing else may follow it
  }

  function fail(error: unknown): void {
    if (download !== undefined) return download.fail(error);
    reject(error);
    over();
    req.destroy();
    if (req.socket === null) connecting?.abort();
  }

  const isStale = staleness(req);
  const unwatch = watchSignal(request.signal, abort);
  try {
    return await new Promise<HttpResponse>((resolve, rejected) => {
      reject = rejected;
      req.once('response', (message) => {
        download = new Download(message, request, timeouts, over);
        resolve(answerOf(message, request, download));
      });
      req.on('error', (error) => fail(networkError(error, request, isStale())));
      // A server that closes without a word, where node tells of no error.
      req.once('close', () => download ?? fail(networkError({ code: 'ECONNRESET' }, request, isStale())));
      send().catch(fail);
    });
  } finally {
    deadline.close();
    stopUpload?.abort();
  }

  async function send(): Promise<void> {
    const connected = whenConnected(req, request.url, timeouts, (ms, said) => deadline.set(ms, said));
    if (request.body === undefined) req.end();
    await connected;
    deadline.clear();
    const { idleMs, writtenMs, headMs } = timeouts;
    if (request.body !== undefined) sent = await upload(req, request.body, { stop: stop().signal, deadline, idleMs });
    const answerMs = isWrite(request) ? writtenMs : headMs;
    deadline.set(answerMs, `no answer within ${answerMs} ms`);
  }
}

/** Tells whether a request went out on a kept connection on which nothing has come back. */
function staleness(req: ClientRequest): () => boolean {
  let before = 0;
  req.once('socket', ({ bytesRead }: Socket) => {
    before = bytesRead;
  });
  return () => req.reusedSocket && req.socket?.bytesRead === before;
}

/** Each step has its own limit: a slow name server must not use up the time for the connection. */
function whenConnected(
  req: ClientRequest,
  url: string,
  { resolveMs, connectMs }: Timeouts,
  within: (ms: number, said: string) => void,
): Promise<void> {
  const isTls = url.startsWith('https:');
  const step = (): void => within(connectMs, `no connection within ${connectMs} ms`);
  within(resolveMs, `not reached within ${resolveMs} ms`);
  return new Promise((resolve) => {
    req.once('socket', (socket) => {
      if (req.reusedSocket || (!isTls && !socket.connecting)) return resolve();
      socket.once('lookup', step);
      if (isTls) socket.once('connect', step).once('secureConnect', resolve);
      else socket.once('connect', resolve);
    });
  });
}

function answerOf(message: IncomingMessage, request: HttpRequest, download: Download): HttpResponse {
  const status = message.statusCode ?? 0;
  if (request.method === 'HEAD' || status === 204 || status === 304) message.resume();
  return {
    status,
    headers: headersOf(message),
    setCookie: message.headers['set-cookie'] ?? [],
    url: request.url,
    body: download.read(),
    cancel: () => download.cancel(),
  };
}

function headersOf({ headers }: IncomingMessage): WireHeaders {
  const plain: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(headers)) if (typeof value === 'string') plain[name] = value;
  return plain;
}
