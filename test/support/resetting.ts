/** A body without a length whose connection is reset behind its last bytes, while the one who asked for it looks at none of them. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Where the marks are: nobody reads now; the connection was reset. */
export const BUSY = 0;
export const AWAY = 1;

/** What the thread is told. */
export interface Resetting {
  readonly marks: Int32Array;
  /** How much of the body comes before anybody is busy, and how much while. */
  readonly before: number;
  readonly behind: number;
}

export interface ResettingServer {
  readonly port: number;
  /** Stops this thread until the connection was reset. */
  beBusy(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** In a thread of its own, so that it sends while this one is busy. */
export async function startResetting(sizes: Pick<Resetting, 'before' | 'behind'>): Promise<ResettingServer> {
  const marks = new Int32Array(new SharedArrayBuffer(8));
  const workerData: Resetting = { marks, ...sizes };
  const thread = new Worker(new URL('resetting-thread.ts', import.meta.url), { workerData });
  const [port] = (await once(thread, 'message')) as [number];
  return {
    port,
    beBusy() {
      Atomics.store(marks, BUSY, 1);
      Atomics.notify(marks, BUSY);
      Atomics.wait(marks, AWAY, 0);
    },
    async [Symbol.asyncDispose]() {
      await thread.terminate();
    },
  };
}
