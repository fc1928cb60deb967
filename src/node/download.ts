/**
 * The body of an answer, from its socket: it pauses the socket while nobody reads, frees it for the next request when it
 * was read to its end, closes it when the reader leaves early, and never ends quietly before its end.
 */
import type { IncomingMessage } from 'node:http';
import { abortError } from '../errors.ts';
import { cutShort, networkError, timeoutError } from '../http/network-error.ts';
import type { HttpRequest, HttpResponse } from '../http/types.ts';
import { createDeadline } from './deadline.ts';
import type { Timeouts } from './timeouts.ts';

export interface DownloadOptions {
  readonly timeouts: Timeouts;
  /** The socket cannot be used again: the request on it was not sent to its end. */
  readonly spoiled: boolean;
  /** Called once, when the exchange is over. */
  readonly onEnd: () => void;
}

/** Bytes kept for the reader before the socket is paused. */
const HELD_BYTES = 512 * 1024;
/** The rest of an answer that is not wanted is read, when it is this short, to keep the connection. */
const DRAINED_BYTES = 64 * 1024;
const DRAIN_MS = 1000;

/** The body of a message; `fail` ends it with an error, also for a message that nobody reads. */
export function download(
  message: IncomingMessage,
  request: HttpRequest,
  { timeouts, spoiled, onEnd }: DownloadOptions,
): Pick<HttpResponse, 'body' | 'cancel'> & { fail(error: unknown): void } {
  const queue: Uint8Array[] = [];
  const length = Number(message.headers['content-length'] ?? Number.NaN);
  const expected = Number.isNaN(length) ? undefined : length;
  let held = 0;
  let received = 0;
  let state: 'unread' | 'reading' | 'over' = 'unread';
  let failure: unknown;
  let wake: (() => void) | undefined;
  const deadline = createDeadline((said) => fail(timeoutError(request, said)));
  const pace = createPace(timeouts);

  message.on('error', (error) => fail(message.complete ? error : cutShort(request, received, expected, error)));
  message.once('end', () => finish());
  message.once('close', () => {
    if (!message.complete) fail(cutShort(request, received, expected));
    finish();
  });

  function finish(): void {
    if (state === 'over') return;
    state = 'over';
    deadline.close();
    if (spoiled) message.destroy();
    onEnd();
    wake?.();
  }

  function fail(error: unknown): void {
    if (state === 'over') return;
    failure ??= error;
    message.destroy();
    finish();
  }

  function take(chunk: Uint8Array): void {
    queue.push(chunk);
    held += chunk.length;
    received += chunk.length;
    if (held >= HELD_BYTES) message.pause();
    wake?.();
  }

  async function more(): Promise<void> {
    deadline.set(timeouts.idleMs, `no bytes for ${timeouts.idleMs} ms`);
    const came = received;
    const waited = await new Promise<number>((resolve) => {
      const began = performance.now();
      wake = () => resolve(performance.now() - began);
    });
    wake = undefined;
    deadline.clear();
    if (pace.isTooSlow(waited, received - came)) fail(timeoutError(request, 'its answer hardly moves'));
  }

  async function* read(): AsyncGenerator<Uint8Array> {
    if (state === 'unread') {
      state = 'reading';
      message.on('data', take);
    }
    try {
      for (;;) {
        const chunk = queue.shift();
        if (chunk !== undefined) {
          held -= chunk.length;
          if (held < HELD_BYTES && message.isPaused()) message.resume();
          yield chunk;
        } else if (state === 'over') break;
        else await more();
      }
      if (failure !== undefined) throw request.signal?.aborted === true ? abortError(request.signal) : networkError(failure, request);
    } finally {
      await cancel();
    }
  }

  async function cancel(): Promise<void> {
    queue.length = 0;
    if (state === 'over') return;
    const left = (expected ?? DRAINED_BYTES) - received;
    if (spoiled || left > DRAINED_BYTES) message.destroy();
    else drain();
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }

  function drain(): void {
    message.off('data', take);
    let dropped = 0;
    message.on('data', (chunk: Uint8Array) => {
      dropped += chunk.length;
      if (dropped > DRAINED_BYTES) message.destroy();
    });
    message.resume();
    deadline.close();
    setTimeout(() => message.destroy(), DRAIN_MS).unref();
  }

  return { body: read(), cancel, fail };
}

interface Pace {
  isTooSlow(waitedMs: number, bytes: number): boolean;
}

/** Counts only the time that the reader had to wait. A trickle of bytes would keep an idle limit content for ever (containerd#11650). */
function createPace({ slowMs, minBytes }: Timeouts): Pace {
  let waited = 0;
  let came = 0;
  return {
    isTooSlow(waitedMs, bytes) {
      waited += waitedMs;
      came += bytes;
      if (waited < slowMs) return false;
      const isSlow = came < minBytes;
      waited = 0;
      came = 0;
      return isSlow;
    },
  };
}
