/** A clock that stands still until it is moved on: what waits by it waits for the test, and for no time. */
import { abortError, throwIfAborted } from '../errors.ts';
import type { Clock } from '../http/clock.ts';

/** For the `clock` of a client. */
export interface VirtualClock extends Clock {
  /** Moves on by so many ms, and lets everything run that this wakes. */
  advance(ms: number): Promise<void>;
  /** How many wait. */
  readonly waiting: number;
}

interface Sleeper {
  readonly until: number;
  wake(): void;
}

/**
 * @example
 * const clock = virtualClock();
 * const pulled = createClient({ clock }).repository(name).manifest('1'); // the registry answers 429, Retry-After: 60
 * await clock.advance(60_000);
 * await pulled;
 */
export function virtualClock(): VirtualClock {
  let time = 0;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => time,
    wait: (ms, signal) =>
      new Promise((resolve, reject) => {
        throwIfAborted(signal);
        const stop = (): void => {
          sleepers.delete(sleeper);
          if (signal !== undefined) reject(abortError(signal));
        };
        const wake = (): void => {
          signal?.removeEventListener('abort', stop);
          resolve();
        };
        const sleeper: Sleeper = { until: time + ms, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', stop, { once: true });
      }),
    async advance(ms) {
      await settle();
      time += ms;
      for (const sleeper of [...sleepers].filter(({ until }) => until <= time)) {
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      await settle();
    },
    get waiting() {
      return sleepers.size;
    },
  };
}

/** Lets everything run that is ready to. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
