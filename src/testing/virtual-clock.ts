/** A clock that stands still until it is moved on: what waits by it waits for the test, and for no time. */
import { abortError, throwIfAborted } from '../errors.ts';
import type { Clock } from '../http/clock.ts';

/** For the `clock` of a client. */
export interface VirtualClock extends Clock {
  /** Moves on by so many ms, and lets everything run that this wakes, each at its time. */
  advance(ms: number): Promise<void>;
  /** Resolves when as many wait as that, one unless told: what is on the wire takes its time. */
  whenWaiting(count?: number): Promise<void>;
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
 * await clock.whenWaiting();
 * await clock.advance(66_000); // up to a tenth is added, so that not everybody comes back at once
 * await pulled;
 */
export function virtualClock(): VirtualClock {
  let time = 0;
  let told = 0;
  const sleepers = new Set<Sleeper>();
  const watchers = new Set<() => void>();
  const wakeUntil = (end: number): boolean => {
    const next = Math.min(...[...sleepers].map(({ until }) => until));
    if (!(next <= end)) return false;
    time = Math.max(time, next);
    for (const sleeper of sleepers) {
      if (sleeper.until > time) continue;
      sleepers.delete(sleeper);
      sleeper.wake();
    }
    return true;
  };
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
        for (const look of watchers) look();
      }),
    async advance(ms) {
      told += ms;
      const end = told;
      do await settle();
      while (wakeUntil(end));
      time = Math.max(time, end);
    },
    whenWaiting: (count = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (sleepers.size < count) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    get waiting() {
      return sleepers.size;
    },
  };
}

/** Lets everything run that is ready to. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
