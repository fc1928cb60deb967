/** Taking turns within a process: one at a time for each key, in the order of asking. */
import { abortError, throwIfAborted } from '../../errors.ts';
import { watchSignal } from '../http/watch-signal.ts';

/** Waits for its turn, and returns what ends it. */
export type Turns = (key: string, signal?: AbortSignal) => Promise<() => void>;

export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>();
  return async (key, signal) => {
    throwIfAborted(signal);
    const before = last.get(key) ?? Promise.resolve();
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const mine = before.then(() => ended);
    last.set(key, mine);
    void mine.then(() => {
      if (last.get(key) === mine) last.delete(key);
    });
    try {
      await until(before, signal);
    } catch (error) {
      end();
      throw error;
    }
    return end;
  };
}

function until(turn: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return turn;
  return new Promise((resolve, reject) => {
    const unwatch = watchSignal(signal, () => reject(abortError(signal)));
    void turn.then(() => {
      unwatch();
      resolve();
    });
  });
}
