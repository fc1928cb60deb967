/** Time, injected: everything here that waits or ages asks a clock, so that no test has to. */
import { abortError, throwIfAborted } from '../errors.ts';

export interface Clock {
  /** Milliseconds that never jump; only differences mean something. */
  now(): number;
  /** @throws OciError `ABORTED`, `TIMEOUT` when the signal ends the wait */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The runtime's own time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) =>
    new Promise((resolve, reject) => {
      throwIfAborted(signal);
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', stop, { once: true });
      function done(): void {
        signal?.removeEventListener('abort', stop);
        resolve();
      }
      function stop(): void {
        clearTimeout(timer);
        if (signal !== undefined) reject(abortError(signal));
      }
    }),
};
