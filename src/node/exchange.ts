/** One request and its answer over `node:http`: connecting, writing, and waiting for the head, each with its own limit. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { abortError } from '../errors.ts';
import type { WireHeaders } from '../model/call.ts';
import { networkError, timeoutError } from '../http/network-error.ts';
import type { HttpRequest, HttpResponse } from '../http/types.ts';
import { createDeadline, type Deadline } from './deadline.ts';
import { Download } from './download.ts';
import type { Timeouts } from './timeouts.ts';
import { isWrite, upload } from './upload.ts';

/**
 * Sends a request that `open` has made, and waits for the head of its answer.
 * @throws OciError `UNREACHABLE`, `TLS`, `TIMEOUT`, `ABORTED`, `PROTOCOL`, `USAGE`; whatever the body throws
 */
export async function exchange(
  request: HttpRequest,
  open: () => ClientRequest,
  timeouts: Timeouts,
): Promise<HttpResponse> {
  const wire = openWire(request, open);
  const deadline = createDeadline((said) => wire.req.destroy(timeoutError(request, said)));
  const stopUpload = new AbortController();
  let download: Download | undefined;
  const { signal } = request;
  const abort = (): void => {
    if (signal === undefined) return;
    download?.fail(abortError(signal));
    wire.req.destroy(abortError(signal));
  };
  signal?.addEventListener('abort', abort, { once: true });
  const release = (): void => signal?.removeEventListener('abort', abort);
  const sending = send(request, wire.req, { deadline, timeouts, stop: stopUpload.signal });
  let source: { readonly error: unknown } | undefined;
  const failing = new Promise<never>((_, reject) => {
    sending.catch((error: unknown) => {
      source ??= { error };
      reject(error);
    });
  });
  try {
    const message = await Promise.race([wire.head, failing]);
    const sent = await isSettled(sending);
    download = new Download(message, request, timeouts, () => {
      release();
      if (!sent) wire.req.destroy(); // the rest of the request was never written: nothing else may follow it
    });
    wire.onLateError = (error) => download?.fail(error);
    return answerOf(message, request, download);
  } catch (error) {
    release();
    wire.req.destroy();
    throw source?.error === error ? error : networkError(error, request, wire.isStale());
  } finally {
    deadline.close();
    stopUpload.abort();
  }
}

interface Wire {
  readonly req: ClientRequest;
  readonly head: Promise<IncomingMessage>;
  /** Was it a kept connection on which nothing came back? */
  isStale(): boolean;
  /** Told of errors after the head. */
  onLateError: (error: unknown) => void;
}

function openWire(request: HttpRequest, open: () => ClientRequest): Wire {
  let req: ClientRequest;
  try {
    req = open();
  } catch (error) {
    throw networkError(error, request);
  }
  let bytesBefore = 0;
  req.once('socket', (socket: Socket) => {
    bytesBefore = socket.bytesRead;
  });
  const head = new Promise<IncomingMessage>((resolve, reject) => {
    req.once('response', resolve);
    req.on('error', (error) => {
      reject(error);
      wire.onLateError(error);
    });
    // A server that closes without a word, where node tells of no error.
    req.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  });
  head.catch(() => undefined);
  const wire: Wire = {
    req,
    head,
    isStale: () => req.reusedSocket && req.socket?.bytesRead === bytesBefore,
    onLateError: () => undefined,
  };
  return wire;
}

interface Sending {
  readonly deadline: Deadline;
  readonly timeouts: Timeouts;
  readonly stop: AbortSignal;
}

/** @returns whether the whole request was written */
async function send(request: HttpRequest, req: ClientRequest, { deadline, timeouts, stop }: Sending): Promise<boolean> {
  const connected = whenConnected(req, request, deadline, timeouts);
  if (request.body === undefined) req.end();
  await connected;
  const { idleMs } = timeouts;
  const sent = request.body === undefined || (await upload(req, request.body, { stop, deadline, idleMs }));
  const headMs = isWrite(request) ? timeouts.writtenMs : timeouts.headMs;
  if (!stop.aborted) deadline.set(headMs, `no answer within ${headMs} ms`);
  return sent;
}

/** Each step has its own limit: a slow name server must not use up the time for the connection. */
function whenConnected(
  req: ClientRequest,
  request: HttpRequest,
  deadline: Deadline,
  { resolveMs, connectMs }: Timeouts,
): Promise<void> {
  const isTls = request.url.startsWith('https:');
  deadline.set(resolveMs, `not reached within ${resolveMs} ms`);
  const within = (): void => deadline.set(connectMs, `no connection within ${connectMs} ms`);
  return new Promise((resolve) => {
    req.once('socket', (socket) => {
      const done = (): void => {
        deadline.clear();
        resolve();
      };
      if (req.reusedSocket || (!isTls && !socket.connecting)) return done();
      socket.once('lookup', within);
      if (isTls) socket.once('connect', within).once('secureConnect', done);
      else socket.once('connect', done);
    });
  });
}

/** Was it sent by now? An answer may come while the request is still being written. */
async function isSettled(sending: Promise<boolean>): Promise<boolean> {
  return Promise.race([sending, Promise.resolve(false)]);
}

function answerOf(message: IncomingMessage, request: HttpRequest, download: Download): HttpResponse {
  const status = message.statusCode ?? 0;
  if (request.method === 'HEAD' || status === 204 || status === 304) message.resume();
  return {
    status,
    headers: headersOf(message),
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
