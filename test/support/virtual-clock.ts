/** A clock that stands still until it is moved on. */
import { abortError, throwIfAborted } from '../../src/errors.ts';
import type { Clock } from '../../src/http/clock.ts';
import { settle } from './streams.ts';

export interface VirtualClock extends Clock {
  /** Moves on, and lets everything run that this wakes. */
  advance(ms: number): Promise<void>;
  /** How many wait. */
  readonly waiting: number;
}

interface Sleeper {
  readonly until: number;
  wake(): void;
}

export function virtualClock(): VirtualClock {
  let time = 0;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => time,
    wait: (ms, signal) =>
      new Promise((resolve, reject) => {
        throwIfAborted(signal);
        const sleeper: Sleeper = { until: time + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(abortError(signal));
        });
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
