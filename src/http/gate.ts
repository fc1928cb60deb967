/**
 * Bounds how many requests to a host wait for their answer at once. A slot is held from the request to the head of its
 * answer, never by a stream; and requests with a body take none, because what they read from may need one.
 */
import { abortError, throwIfAborted } from '../errors.ts';
import type { Middleware } from './types.ts';

interface Queue {
  free: number;
  readonly waiting: Set<() => void>;
}

/** @param limit requests per registry; undefined: no limit */
export function gate(limit: number | undefined): Middleware {
  const queues = new Map<string, Queue>();
  return (next) => async (request) => {
    if (limit === undefined || request.body !== undefined) return next(request);
    const queue = queues.get(request.registry) ?? { free: limit, waiting: new Set() };
    queues.set(request.registry, queue);
    await enter(queue, request.signal);
    try {
      return await next(request);
    } finally {
      leave(queue);
    }
  };
}

async function enter(queue: Queue, signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal);
  if (queue.free > 0) {
    queue.free--;
    return;
  }
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      queue.waiting.delete(go);
      if (signal !== undefined) reject(abortError(signal));
    };
    const go = (): void => {
      signal?.removeEventListener('abort', stop);
      resolve();
    };
    queue.waiting.add(go);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Hands the slot to the one that has waited longest. */
function leave(queue: Queue): void {
  const [first] = queue.waiting;
  if (first === undefined) {
    queue.free++;
    return;
  }
  queue.waiting.delete(first);
  first();
}
