/**
 * One request and its answer between node:http and the web-standard types: both bodies are streamed with back-pressure,
 * and whoever goes away early ends the other side. A handler that throws, or a body that fails, ends the connection.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { ClientCertificate, ConnectionInfo, Handler } from '../../server/handler.ts';
import { endConnection } from './serve-cut.ts';

export interface WireOptions {
  /** Does the client wait for `100 Continue` before it sends its body? It gets that when the body is wanted. */
  readonly expectsContinue: boolean;
  readonly isClosing: () => boolean;
}

/** How much of a body that nobody wants is read, so that the client gets to read the answer, and how long that may take. */
const UNWANTED_BYTES = 4 * 1024 * 1024;
const UNWANTED_MS = 2000;

/** Lets the handler answer a request. It never rejects. */
export async function exchangeOnWire(
  handler: Handler,
  message: IncomingMessage,
  answer: ServerResponse,
  options: WireOptions,
): Promise<void> {
  const gone = new AbortController();
  answer.once('close', () => answer.writableFinished || gone.abort());
  answer.on('error', () => gone.abort());
  const incoming: Incoming = { message, answer, awaitsContinue: options.expectsContinue };
  try {
    const request = toRequest(incoming, gone.signal);
    if (request === undefined) return void answer.writeHead(400, { connection: 'close' }).end();
    const response = await handler(request, connectionInfo(message));
    await send(response, incoming, options);
  } catch (error) {
    await endConnection(answer, error);
  }
}

interface Incoming {
  readonly message: IncomingMessage;
  readonly answer: ServerResponse;
  awaitsContinue: boolean;
}

/** @returns undefined when it is no request that can be put into the web's words (a wrong Host, a method like TRACE) */
function toRequest(incoming: Incoming, signal: AbortSignal): Request | undefined {
  const { method = 'GET', url = '/', headers, headersDistinct, rawHeaders, socket } = incoming.message;
  // RFC 9112, 3.2: a proxy in between may have gone by the other one.
  if ((headersDistinct.host?.length ?? 0) > 1) return undefined;
  const fields: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) fields.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '']);
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  const body = hasBody && method !== 'GET' && method !== 'HEAD' ? bodyOf(incoming) : null;
  try {
    const origin = `${socket instanceof TLSSocket ? 'https' : 'http'}://${headers.host ?? 'localhost'}`;
    const absolute = url.startsWith('/') ? origin + url : url;
    return new Request(absolute, {
      method,
      headers: fields,
      body,
      signal,
      ...(body === null ? {} : { duplex: 'half' }),
    });
  } catch {
    return undefined;
  }
}

function bodyOf(incoming: Incoming): ReadableStream<Uint8Array> {
  const { message, answer } = incoming;
  // what the handler does not want is discarded later, so that the answer still goes out
  const chunks = message.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (incoming.awaitsContinue) {
          incoming.awaitsContinue = false;
          answer.writeContinue();
        }
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

function connectionInfo({ socket }: IncomingMessage): ConnectionInfo {
  const clientCertificate = socket instanceof TLSSocket ? certificateOf(socket) : undefined;
  return { remoteAddress: socket.remoteAddress, clientCertificate };
}

function certificateOf(socket: TLSSocket): ClientCertificate | undefined {
  const { subject, fingerprint256 } = socket.getPeerCertificate();
  // undefined, whatever the types say, when the client has shown none
  return subject === undefined ? undefined : { subject: String(subject.CN), fingerprint: fingerprint256 };
}

async function send(response: Response, incoming: Incoming, { isClosing }: WireOptions): Promise<void> {
  const { message, answer } = incoming;
  const isUnread = !message.complete;
  const headers = Object.fromEntries(response.headers);
  if (isUnread || isClosing()) headers.connection = 'close';
  // the one way to say that the end of the connection is the end of the body
  const isDelimitedByClose = headers['transfer-encoding'] === 'identity';
  delete headers['transfer-encoding'];
  if (isDelimitedByClose) answer.removeHeader('transfer-encoding');
  answer.writeHead(response.status, response.statusText || undefined, headers);
  if (response.body !== null) await sendBody(response.body, answer);
  if (isUnread && !incoming.awaitsContinue) {
    answer.flushHeaders();
    await discard(message);
  }
  answer.end();
}

async function sendBody(body: ReadableStream<Uint8Array>, answer: ServerResponse): Promise<void> {
  const reader = body.getReader();
  const stop = (): void => void reader.cancel().catch(() => {});
  answer.once('close', stop);
  // a body that is long in coming does not keep the status waiting; one that is there goes out in the same packet
  const flush = setImmediate(() => answer.flushHeaders());
  try {
    if (answer.destroyed) stop();
    for (;;) {
      const { done, value } = await reader.read();
      clearImmediate(flush);
      if (done) return;
      if (!answer.write(value)) await writable(answer);
    }
  } finally {
    clearImmediate(flush);
    answer.off('close', stop);
  }
}

/** Until there is room for more, or nobody there any more. */
function writable(answer: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      answer.off('drain', settle).off('close', settle);
      resolve();
    };
    if (answer.destroyed) resolve();
    else answer.on('drain', settle).on('close', settle);
  });
}

/** A connection that is closed on unread bytes is reset, and the client may lose the answer that it has not read yet. */
function discard(message: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let left = UNWANTED_BYTES;
    const settle = (): void => {
      clearTimeout(timer);
      message.off('data', take).off('close', settle).off('end', settle).off('error', settle).pause();
      resolve();
    };
    const take = (chunk: Uint8Array): void => {
      left -= chunk.length;
      if (left < 0) settle();
    };
    const timer = setTimeout(settle, UNWANTED_MS);
    message.on('data', take).on('close', settle).on('end', settle).on('error', settle);
    if (message.destroyed) settle();
  });
}
