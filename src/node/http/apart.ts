/**
 * Requests whose bytes pass by this thread: the answer to a GET goes into a transfer, and a transfer into a PUT. The limits and the
 * errors are those of `exchange`, and what a thread cannot do is left to it: that is told by undefined.
 */
import { abortError, isOciError, throwIfAborted } from '../../errors.ts';
import { fromArray } from '../../bytes/read.ts';
import type { PourOptions } from '../../bytes/transfer.ts';
import { cutShort, networkError, timeoutError } from '../../http/network-error.ts';
import type { HttpRequest, HttpResponse } from '../../http/types.ts';
import { fsError } from '../files/fs-errors.ts';
import type { Answer, News, Way, WireRequest } from '../threads/protocol.ts';
import { forgetKept, ThreadFailure } from '../threads/threads.ts';
import { beginTransfer, causeOf, sinkEnded, threadTransfer, type ThreadTransfer } from '../threads/transfers.ts';
import { placeOf, servernameOf } from '../wire/request-head.ts';
import { createDeadline, type Deadline } from './deadline.ts';
import { createPace } from './pace.ts';
import { limitStep, type Timeouts } from './timeouts.ts';
import type { TlsSettings } from './tls.ts';
import { watchSignal } from './watch-signal.ts';
import { type WaySettings, wireRequest } from './way.ts';

/** One transport's requests by threads. */
export interface Apart {
  /** Sends a request whose bytes need not come here. @returns undefined: this one is for `exchange` */
  send(request: HttpRequest, settings: ApartSettings): Promise<HttpResponse | undefined>;
  /** Ends those under way, and the connections that are kept. */
  close(): void;
}

export interface ApartSettings extends Omit<WaySettings, 'transport' | 'tls'> {
  readonly url: URL;
  readonly tls: TlsSettings | undefined;
}

/** What the requests of a transport share. */
interface Common {
  readonly timeouts: Timeouts;
  /** Ends what is under way. */
  readonly stops: Set<() => void>;
}

export function createApart(timeouts: Timeouts): Apart {
  const transport = crypto.randomUUID();
  const common: Common = { timeouts, stops: new Set() };
  /** Origins whose answers only `exchange` can read. */
  const odd = new Set<string>();
  return {
    async send(request, settings) {
      const { url, tls } = settings;
      if (odd.has(url.origin)) return undefined;
      const wire = await withinLimits(request, timeouts, () =>
        wireRequest(url, { ...settings, transport, tls: tlsFor(url, tls) }),
      );
      if (wire === undefined) return undefined;
      const onOdd = (): void => void odd.add(url.origin);
      return request.body === undefined ? get(request, wire, common, onOdd) : put(request, wire, common, onOdd);
    },
    close() {
      for (const stop of common.stops) stop();
      forgetKept(transport);
    },
  };
}

function tlsFor(url: URL, settings: TlsSettings = {}): Way['tls'] {
  if (url.protocol !== 'https:') return undefined;
  const { ca = [], cert, key, insecure = false } = settings;
  return { servername: servernameOf(placeOf(url).host), ca, cert, key, insecure };
}

/** The addresses of a host that a server chose are found here; nothing can end that, so nobody waits for its end. */
async function withinLimits<T>(request: HttpRequest, { resolveMs }: Timeouts, run: () => Promise<T>): Promise<T> {
  throwIfAborted(request.signal);
  let end: (error: unknown) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    end = reject;
  });
  const deadline = createDeadline((said) => end(timeoutError(request, said)));
  deadline.set(resolveMs, `not reached within ${resolveMs} ms`);
  const unwatch = watchSignal(request.signal, () => end(request.signal && abortError(request.signal)));
  try {
    return await Promise.race([run(), ended]);
  } catch (error) {
    throw networkError(error, request);
  } finally {
    deadline.close();
    unwatch();
  }
}

/** Sends a GET whose long body waits to be poured into the transfer. @throws OciError as `exchange` does */
async function get(
  request: HttpRequest,
  wire: WireRequest,
  common: Common,
  onOdd: () => void,
): Promise<HttpResponse | undefined> {
  const transfer = threadTransfer(request.transfer);
  if (transfer === undefined) return undefined;
  const { headMs } = common.timeouts;
  const answer = await watched(request, transfer, common, {
    ask: () => transfer.get(wire),
    stop: () => void transfer.drop(),
    onNews: (news, deadline) => {
      if (!('step' in news) || news.of !== 'source') return;
      limitStep(news.step, deadline, common.timeouts);
      if (news.step === 'connected') deadline.set(headMs, `no answer within ${headMs} ms`);
    },
  }).catch((error: unknown) => {
    if (isOfThread(error)) return 'odd' as const;
    throw error;
  });
  if (answer === 'odd') {
    onOdd();
    return undefined;
  }
  if (answer.body !== undefined) return answerTo(request, answer);
  return {
    ...answerTo(request, answer), // whoever asks for a transfer pours
    cancel: () => transfer.drop(),
    pour: (options) =>
      pour(request, transfer, common, { ...options, expected: Number(answer.headers['content-length']) }),
  };
}

async function pour(
  request: HttpRequest,
  transfer: ThreadTransfer,
  common: Common,
  { skip, expected, onReceived }: PourOptions & { readonly skip: number; readonly expected: number },
): Promise<void> {
  const { idleMs } = common.timeouts;
  const before = transfer.received;
  const pace = createPace(common.timeouts);
  const idle = (deadline: Deadline): void => deadline.set(idleMs, `no bytes for ${idleMs} ms`);
  let waitsSince = performance.now();
  await watched(request, transfer, common, {
    ask: () => transfer.move(skip),
    stop: () => void transfer.drop(),
    onNews: (news, deadline, expire) => {
      if (!('received' in news)) return;
      if (news.blocked) return deadline.clear(); // that is not the source's fault
      idle(deadline);
      onReceived?.(news.received);
      const now = performance.now();
      if (pace.isTooSlow(now - waitsSince, news.arrived - before)) expire('its answer hardly moves');
      waitsSince = now;
    },
    begin: idle,
  }).catch((error: unknown) => {
    const isCut = isOciError(error, 'UNREACHABLE') || isOfThread(error);
    throw isCut ? cutShort(request, transfer.received - before, expected, error) : error;
  });
}

/** Sends a request whose body is poured into it. @throws OciError as `exchange` does; whatever the source throws */
async function put(
  request: HttpRequest,
  wire: WireRequest,
  common: Common,
  onOdd: () => void,
): Promise<HttpResponse | undefined> {
  const { body } = request;
  if (body?.apart === undefined) return undefined;
  const transfer = await beginTransfer(
    { kind: 'request', request: wire },
    { digest: body.apart.digest, size: body.size },
  );
  if (transfer === undefined) return undefined;
  const ended = new AbortController();
  const answered = waitForAnswer(request, transfer, common).finally(() => ended.abort());
  const poured = body.apart.pour(transfer, { signal: ended.signal, on: request.on });
  poured.catch(() => undefined);
  try {
    const first = await Promise.race([answered, poured]);
    if (first === false && transfer.received === 0) return undefined;
    if (first === false) throw networkError({ code: 'ECONNABORTED' }, request);
    return answerTo(request, await answered);
  } catch (error) {
    const reason = ended.signal.aborted || isOciError(error, 'ABORTED') ? await reasonOf(answered, error) : error;
    if (isOciError(reason, 'PROTOCOL')) onOdd();
    throw isOfThread(reason) ? networkError({ code: 'ECONNABORTED' }, request) : reason;
  } finally {
    ended.abort();
    await transfer.close();
    await Promise.allSettled([poured, answered]);
  }
}

/** Why there is no answer, where only the end of the pouring was noticed. */
function reasonOf(answered: Promise<unknown>, error: unknown): Promise<unknown> {
  return answered.then(
    () => error,
    (reason: unknown) => reason,
  );
}

/** Each step has its limit: the connection, bytes that nobody takes, the answer when all was sent. */
function waitForAnswer(request: HttpRequest, transfer: ThreadTransfer, common: Common): Promise<Answer> {
  const { idleMs, writtenMs } = common.timeouts;
  let isConnected = false;
  return watched(request, transfer, common, {
    ask: () => transfer.answer(),
    stop: () => void transfer.close(),
    onNews: (news, deadline) => {
      if ('step' in news) {
        if (news.of !== 'sink') return;
        isConnected = news.step === 'connected';
        limitStep(news.step, deadline, common.timeouts);
      } else if (news.received === request.body?.size) deadline.set(writtenMs, `no answer within ${writtenMs} ms`);
      else if (!isConnected) return;
      else if (news.blocked) deadline.set(idleMs, `it took no bytes for ${idleMs} ms`);
      else deadline.clear();
    },
  });
}

interface Watched<T> {
  readonly ask: () => Promise<T>;
  /** Ends what was asked for. */
  readonly stop: () => void;
  readonly onNews: (news: News, deadline: Deadline, expire: (said: string) => void) => void;
  readonly begin?: (deadline: Deadline) => void;
}

/** Asks the thread, within limits, and ends that with the caller's signal or the transport. */
async function watched<T>(
  request: HttpRequest,
  transfer: ThreadTransfer,
  { stops }: Common,
  { ask, stop, onNews, begin }: Watched<T>,
): Promise<T> {
  throwIfAborted(request.signal);
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    stop();
  };
  const expire = (said: string): void => fail(timeoutError(request, said));
  const deadline = createDeadline(expire);
  const silence = transfer.call.listen((news) => {
    try {
      onNews(news, deadline, expire);
    } catch (error) {
      fail(error); // the caller's own
    }
  });
  const unwatch = watchSignal(request.signal, stop);
  stops.add(stop);
  begin?.(deadline);
  try {
    return await ask();
  } catch (error) {
    throw failure === undefined ? errorOf(error, request, transfer) : failure.error;
  } finally {
    deadline.close();
    silence();
    unwatch();
    stops.delete(stop);
  }
}

function answerTo(request: HttpRequest, { status, headers, setCookie, body }: Answer): HttpResponse {
  const bytes = fromArray(body ?? new Uint8Array());
  return { status, headers, setCookie, url: request.url, body: bytes, cancel: async () => undefined };
}

function isOfThread(error: unknown): boolean {
  return error instanceof ThreadFailure && error.failure.where === 'thread';
}

function errorOf(error: unknown, request: HttpRequest, transfer: ThreadTransfer): unknown {
  if (!(error instanceof ThreadFailure)) return error;
  if (request.signal?.aborted === true) return abortError(request.signal);
  const { where, stale } = error.failure;
  if (where === 'thread') return error;
  if (where === 'sink' && request.body === undefined) return sinkEnded(error);
  return where === 'file'
    ? fsError(causeOf(error), `write ${transfer.path}`)
    : networkError(causeOf(error), request, stale);
}
