/** Tells a slow answer from one that does not mean to end: a trickle of bytes would keep an idle limit content for ever (containerd#11650). */
import type { Timeouts } from './timeouts.ts';

export interface Pace {
  /**
   * @param waitedMs how long the reader waited for the last bytes; only that time counts
   * @param received bytes in all
   */
  isTooSlow(waitedMs: number, received: number): boolean;
}

export function createPace({ slowMs, minBytes }: Timeouts): Pace {
  let waited = 0;
  let before = 0;
  return {
    isTooSlow(waitedMs, received) {
      waited += waitedMs;
      if (waited < slowMs) return false;
      const isSlow = received - before < minBytes;
      waited = 0;
      before = received;
      return isSlow;
    },
  };
}
