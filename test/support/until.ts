/** Waiting for what comes about by itself, without a guess how long that takes. */
import { setTimeout as delay } from 'node:timers/promises';

const HANG_MS = 20_000;

/** Until it holds; fails when it never does. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !holds(); waited += 5) {
    if (waited > HANG_MS) throw new Error(`it never came about that ${what}`);
    await delay(5);
  }
}

/** Until a number stands still: what a stream has moved when nobody takes more. */
export async function settled(read: () => number): Promise<number> {
  for (let last = -1, same = 0; same < 8; ) {
    await delay(10);
    same = read() === last ? same + 1 : 0;
    last = read();
  }
  return read();
}
