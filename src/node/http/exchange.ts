/** One request and its answer: connecting, writing, and waiting for the head, each with its own limit. */
import { abortError, throwIfAborted } from '../../errors.ts';
import { networkError, timeoutError } from '../../http/network-error.ts';
import type { HttpRequest, HttpResponse } from '../../http/types.ts';
import type { Incoming, Outgoing, OutgoingEvents } from './carrier.ts';
import { createDeadline } from './deadline.ts';
import { Download } from './download.ts';
import { limitStep, type Timeouts } from './timeouts.ts';
import { isWrite, upload } from './upload.ts';
import { watchSignal } from './watch-signal.ts';

/**
 * Sends a request, and waits for the head of its answer.
 * @throws OciError `UNREACHABLE`, `TLS`, `TIMEOUT`, `ABORTED`, `PROTOCOL`, `USAGE`; whatever the body throws, and `carry` of its own
 */
export async function exchange(request: HttpRequest, carry: () => Outgoing, timeouts: Timeouts): Promise<HttpResponse> {
  throwIfAborted(request.signal);
  const outgoing = begun(request, carry);
  const deadline = createDeadline((said) => fail(timeoutError(request, said)));
  const abort = (): void => fail(request.signal === undefined ? undefined : abortError(request.signal));
  let sent = request.body === undefined;
  let stopUpload: AbortController | undefined;
  const stop = (): AbortController => (stopUpload ??= new AbortController());
  let download: Download | undefined;
  let reject: (error: unknown) => void = () => undefined;

  function over(): void {
    unwatch();
    if (!sent) outgoing.destroy(); // the rest of the request was never written: nothing else may follow it
  }

  function fail(error: unknown): void {
    if (download !== undefined) return download.fail(error);
    reject(error);
    over();
    outgoing.destroy();
  }

  async function write(): Promise<void> {
    const { idleMs, writtenMs, headMs } = timeouts;
    if (request.body !== undefined)
      sent = await upload(request, request.body, outgoing, { stop: stop().signal, deadline, idleMs });
    const answerMs = isWrite(request) ? writtenMs : headMs;
    deadline.set(answerMs, `no answer within ${answerMs} ms`);
  }

  const unwatch = watchSignal(request.signal, abort);
  try {
    return await new Promise<HttpResponse>((resolve, rejected) => {
      reject = rejected;
      const events: OutgoingEvents = {
        onStep(step) {
          limitStep(step, deadline, timeouts);
          if (step === 'connected') write().catch(fail);
        },
        onAnswer(message) {
          download = new Download(message, request, timeouts, over);
          resolve(answerOf(message, request, download));
        },
        onError: (error) => download ?? fail(networkError(error, request, outgoing.isStale())),
      };
      try {
        outgoing.begin(events);
        if (request.body === undefined) outgoing.end();
      } catch (error) {
        fail(networkError(error, request));
      }
    });
  } finally {
    deadline.close();
    stopUpload?.abort();
  }
}

/** What is wrong with a request is told as early as who carries it knows. */
function begun(request: HttpRequest, carry: () => Outgoing): Outgoing {
  try {
    return carry();
  } catch (error) {
    throw networkError(error, request);
  }
}

function answerOf(message: Incoming, request: HttpRequest, download: Download): HttpResponse {
  const { status, headers, setCookie } = message;
  if (request.method === 'HEAD' || status === 204 || status === 304) message.resume();
  return { status, headers, setCookie, url: request.url, body: download.read(), cancel: () => download.cancel() };
}
