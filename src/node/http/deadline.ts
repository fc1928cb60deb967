/** One timer that many waits share: setting it again is cheap, and it never keeps the process alive. */

export interface Deadline {
  /** From now on, that many ms. What expires before it was cleared is told `said`. */
  set(ms: number, said: string): void;
  clear(): void;
  /** The end: it cannot be set again. */
  close(): void;
}

export function createDeadline(expire: (said: string) => void): Deadline {
  let timer: NodeJS.Timeout | undefined;
  let timerMs = 0;
  let saying: string | undefined;
  let closed = false;
  return {
    set(ms, said) {
      if (closed) return;
      saying = said;
      if (timer !== undefined && timerMs === ms) {
        timer.refresh();
        return;
      }
      clearTimeout(timer);
      timerMs = ms;
      timer = setTimeout(() => {
        if (saying !== undefined) expire(saying);
      }, ms);
      timer.unref();
    },
    clear() {
      saying = undefined;
    },
    close() {
      closed = true;
      saying = undefined;
      clearTimeout(timer);
    },
  };
}
