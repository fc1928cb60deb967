/** One piece of work that several callers wait for. It ends when it is done, or when the last of them has gone. */
import { abortError, throwIfAborted } from '../errors.ts';

export interface Flight<T> {
  /** Waits for the work. @throws OciError `ABORTED`, `TIMEOUT` when this caller's signal ends its wait */
  join(signal?: AbortSignal): Promise<T>;
}

/** Starts the work; `onEnd` is told when it has settled, or is ended because nobody waits any more. */
export function startFlight<T>(work: (signal: AbortSignal) => Promise<T>, onEnd: () => void): Flight<T> {
  const controller = new AbortController();
  let waiting = 0;
  const result = work(controller.signal).finally(onEnd);
  result.catch(() => undefined); // each waiter gets it; nobody may be left to
  function leave(): void {
    waiting--;
    if (waiting > 0) return;
    onEnd();
    controller.abort();
  }
  return {
    async join(signal) {
      throwIfAborted(signal);
      waiting++;
      try {
        return await (signal === undefined ? result : raced(result, signal));
      } finally {
        leave();
      }
    },
  };
}

function raced<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(abortError(signal));
    signal.addEventListener('abort', stop, { once: true });
    void result.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
