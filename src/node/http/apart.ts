/**
 * Requests whose bytes pass by this thread: the answer to a GET goes into a transfer, and a transfer into a PUT. The limits are those of
 * `exchange`; so are the errors. What a thread cannot do is left to `exchange`: that is told by undefined.
 */
import { isIP } from 'node:net';
import type { Answer, News, Way, WireRequest } from '../threads/protocol.ts';
import { beginTransfer, causeOf, sinkEnded, threadTransfer, type ThreadTransfer } from '../threads/transfers.ts';
import { forgetKept, ThreadFailure } from '../threads/threads.ts';
import { abortError, isOciError, type OciError, throwIfAborted } from '../../errors.ts';
import { fromArray } from '../../bytes/read.ts';
import { cutShort, networkError, timeoutError } from '../../http/network-error.ts';
import type { HttpRequest, HttpResponse } from '../../http/types.ts';
import { fsError } from '../files/fs-errors.ts';
import { createDeadline } from './deadline.ts';
import { createPace } from './pace.ts';
import type { Timeouts } from './timeouts.ts';
import type { TlsSettings } from './tls.ts';
import { wireRequest, type WireSettings } from './wire-request.ts';

export interface ApartOptions extends Omit<WireSettings, 'transport' | 'tls'> {
  readonly url: URL;
  /** Names the transport. */
  readonly key: string;
  readonly tls: TlsSettings | undefined;
  readonly timeouts: Timeouts;
}

/** Sends a request whose bytes need not come here. @returns undefined: this one is for `exchange` */
export async function sendApart(request: HttpRequest, options: ApartOptions): Promise<HttpResponse | undefined> {
  const { url, key, tls, timeouts } = options;
  const wire = await wireRequest(url, { ...options, transport: key, tls: tlsFor(url, tls) }).catch((error: unknown) => {
    throw networkError(error, request);
  });
  if (wire === undefined) return undefined;
  return request.body === undefined ? getApart(request, wire, timeouts) : putApart(request, wire, timeouts);
}

/** Closes what threads have kept open for a transport. */
export function forgetApart(key: string): void {
  forgetKept(key);
}

function tlsFor({ protocol, hostname }: URL, settings: TlsSettings = {}): Way['tls'] {
  if (protocol !== 'https:') return undefined;
  const { ca = [], cert, key, insecure = false } = settings;
  const servername = isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : undefined;
  return { servername, ca, cert, key, insecure };
}

/** Sends a GET whose long body waits to be poured into the transfer. @throws OciError as `exchange` does */
async function getApart(
  request: HttpRequest,
  wire: WireRequest,
  timeouts: Timeouts,
): Promise<HttpResponse | undefined> {
  const transfer = request.transfer && threadTransfer(request.transfer);
  if (transfer === undefined) return undefined;
  const answer = await watched(request, transfer, (deadline) => {
    const { resolveMs, connectMs, headMs } = timeouts;
    deadline.set(resolveMs + connectMs, `not reached within ${resolveMs + connectMs} ms`);
    return {
      ask: () => transfer.get(wire),
      onNews: (news) => {
        if ('connected' in news && news.connected === 'source') deadline.set(headMs, `no answer within ${headMs} ms`);
      },
    };
  });
  if (answer === 'odd') return undefined;
  const { status, headers, setCookie, body } = answer;
  if (body !== undefined) return answerTo(request, answer);
  const expected = Number(headers['content-length']);
  return {
    status,
    headers,
    setCookie,
    url: request.url,
    body: fromArray(new Uint8Array()), // whoever asks for a transfer pours
    cancel: () => transfer.drop(),
    pour: ({ skip, onReceived }) => pour(request, transfer, { skip, expected, onReceived, timeouts }),
  };
}

interface Pouring {
  readonly skip: number;
  readonly expected: number;
  readonly onReceived: ((bytes: number) => void) | undefined;
  readonly timeouts: Timeouts;
}

async function pour(request: HttpRequest, transfer: ThreadTransfer, pouring: Pouring): Promise<void> {
  const { skip, expected, onReceived, timeouts } = pouring;
  const { idleMs } = timeouts;
  const before = transfer.received;
  const pace = createPace(timeouts);
  let began = performance.now();
  await watched(request, transfer, (deadline) => {
    deadline.set(idleMs, `no bytes for ${idleMs} ms`);
    return {
      ask: () => transfer.take(skip),
      onNews: (news) => {
        if (!('received' in news)) return;
        if (news.blocked === true) return deadline.clear(); // that is not the source's fault
        deadline.set(idleMs, `no bytes for ${idleMs} ms`);
        onReceived?.(news.received);
        const now = performance.now();
        if (pace.isTooSlow(now - began, news.received - before)) deadline.expire('its answer hardly moves');
        began = now;
      },
    };
  }).catch((error: unknown) => {
    throw isOciError(error, 'UNREACHABLE') ? cutShort(request, transfer.received - before, expected, error) : error;
  });
}

interface Watched<T> {
  readonly ask: () => Promise<T>;
  readonly onNews: (news: News) => void;
}

interface Watch {
  set(ms: number, said: string): void;
  clear(): void;
  expire(said: string): void;
}

/** Asks the thread, within limits, and ends that with the caller's signal. */
async function watched<T>(
  request: HttpRequest,
  transfer: ThreadTransfer,
  begin: (watch: Watch) => Watched<T>,
): Promise<T> {
  const { signal } = request;
  throwIfAborted(signal);
  let failure: OciError | undefined;
  const stop = (): void => void transfer.drop().catch(() => undefined);
  const expire = (said: string): void => {
    failure ??= timeoutError(request, said);
    stop();
  };
  const deadline = createDeadline(expire);
  const { ask, onNews } = begin({ set: (ms, said) => deadline.set(ms, said), clear: () => deadline.clear(), expire });
  const silence = transfer.call.listen(onNews);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ThreadFailure && error.failure.where === 'sink') throw sinkEnded(error);
    throw failure ?? errorOf(error, request, transfer);
  } finally {
    deadline.close();
    silence();
    signal?.removeEventListener('abort', stop);
  }
}

/** Sends a request whose body is poured into it. @throws OciError as `exchange` does; whatever the source throws */
async function putApart(
  request: HttpRequest,
  wire: WireRequest,
  timeouts: Timeouts,
): Promise<HttpResponse | undefined> {
  const { body, signal } = request;
  if (body?.apart === undefined) return undefined;
  throwIfAborted(signal);
  const { digest, pour: pourInto } = body.apart;
  const transfer = await beginTransfer({ kind: 'request', request: wire }, { digest, size: body.size });
  if (transfer === undefined) return undefined;
  const ended = new AbortController();
  const waiting = waitForAnswer(request, transfer, timeouts);
  const answered = waiting.answer.then(
    (answer) => {
      if (answer.status >= 300) ended.abort();
      return answer;
    },
    (error: unknown) => {
      ended.abort();
      throw error;
    },
  );
  const poured = pourInto(transfer, { signal: ended.signal, on: request.on });
  try {
    const first = await Promise.race([answered, poured]);
    // A server may have answered before we know that all was sent.
    if (typeof first === 'object' && first.status < 300) await poured;
    if (typeof first === 'object') return answerTo(request, first);
    if (!first && transfer.received === 0) return undefined;
    if (!first) throw networkError({ code: 'ECONNABORTED' }, request);
    waiting.allSent();
    return answerTo(request, await answered);
  } catch (error) {
    throw isOciError(error, 'ABORTED') && ended.signal.aborted ? await reasonOf(answered, error) : error;
  } finally {
    ended.abort();
    await transfer.close();
    await Promise.allSettled([poured, answered]);
    waiting.end();
  }
}

/** Why there is no answer, where only the end of the pouring was noticed. */
function reasonOf(answered: Promise<unknown>, error: unknown): Promise<unknown> {
  return answered.then(
    () => error,
    (reason: unknown) => reason,
  );
}

interface Waiting {
  readonly answer: Promise<Answer>;
  allSent(): void;
  end(): void;
}

/** Each step has its limit: the connection, the bytes that nobody takes, the answer. */
function waitForAnswer(request: HttpRequest, transfer: ThreadTransfer, timeouts: Timeouts): Waiting {
  const { resolveMs, connectMs, idleMs, writtenMs } = timeouts;
  const { signal } = request;
  let failure: OciError | undefined;
  const stop = (): void => void transfer.close();
  const deadline = createDeadline((said) => {
    failure ??= timeoutError(request, said);
    stop();
  });
  if (!transfer.isConnected) deadline.set(resolveMs + connectMs, `not reached within ${resolveMs + connectMs} ms`);
  const silence = transfer.call.listen((news) => {
    if ('received' in news && news.blocked === true) deadline.set(idleMs, `it took no bytes for ${idleMs} ms`);
    else deadline.clear();
  });
  signal?.addEventListener('abort', stop, { once: true });
  return {
    answer: transfer.answer().catch((error: unknown) => {
      throw failure ?? errorOf(error, request, transfer);
    }),
    allSent: () => deadline.set(writtenMs, `no answer within ${writtenMs} ms`),
    end() {
      deadline.close();
      silence();
      signal?.removeEventListener('abort', stop);
    },
  };
}

function answerTo(request: HttpRequest, { status, headers, setCookie, body }: Answer): HttpResponse {
  const bytes = body ?? new Uint8Array();
  return { status, headers, setCookie, url: request.url, body: fromArray(bytes), cancel: async () => undefined };
}

function errorOf(error: unknown, request: HttpRequest, transfer: ThreadTransfer): unknown {
  if (!(error instanceof ThreadFailure)) return error;
  if (request.signal?.aborted === true) return abortError(request.signal);
  const { where, stale } = error.failure;
  const cause = causeOf(error);
  return where === 'file' ? fsError(cause, `write ${transfer.path}`) : networkError(cause, request, stale);
}
