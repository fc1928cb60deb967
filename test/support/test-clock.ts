/** A clock that never waits: what would have been waited is written down. */
import { throwIfAborted } from '../../src/errors.ts';
import type { Clock } from '../../src/http/clock.ts';

export interface TestClock extends Clock {
  /** Milliseconds, in order. */
  readonly waits: number[];
}

export function testClock(): TestClock {
  const waits: number[] = [];
  let time = 0;
  return {
    waits,
    now: () => time,
    async wait(ms, signal) {
      throwIfAborted(signal);
      waits.push(ms);
      time += ms;
    },
  };
}
