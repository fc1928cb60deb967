/**
 * Work of many small awaited calls: bounded, single-flight by key, ended together. A slot is taken and given back inside one
 * awaited call, never held by a stream or by a call that waits for others: so it cannot deadlock.
 */
import pLimit, { type LimitFunction } from 'p-limit';
import { abortError, throwIfAborted } from '../errors.ts';

export interface Tasks {
  /** Aborts when the caller's signal does, or when a task fails. */
  readonly signal: AbortSignal;
  /** Runs one call inside the limit; its failure ends the whole work. */
  run<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Runs a task once a key, whoever asks first. */
  once<T>(key: string, task: () => Promise<T>): Promise<T>;
  /** Runs one task an item; settles when all have ended, with the first failure if there was one. */
  each<T>(items: Iterable<T>, task: (item: T) => Promise<unknown>): Promise<void>;
}

/** Runs a piece of work; when it settles, nothing that it started still runs. */
export async function withTasks<T>(
  concurrency: number,
  signal: AbortSignal | undefined,
  work: (tasks: Tasks) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const running = new Set<Promise<unknown>>();
  const forward = (): void => controller.abort(signal?.reason);
  if (signal?.aborted === true) forward();
  signal?.addEventListener('abort', forward, { once: true });
  try {
    throwIfAborted(signal);
    return await work(tasksOf(pLimit(concurrency), controller, running));
  } catch (error) {
    controller.abort(error);
    throw error;
  } finally {
    await Promise.allSettled(running);
    signal?.removeEventListener('abort', forward);
  }
}

function tasksOf(limit: LimitFunction, controller: AbortController, running: Set<Promise<unknown>>): Tasks {
  const { signal } = controller;
  const flights = new Map<string, Promise<unknown>>();
  return {
    signal,
    async run(task) {
      const call = limit(async () => {
        throwIfAborted(signal);
        return task(signal);
      });
      running.add(call);
      try {
        return await call;
      } catch (error) {
        controller.abort(error);
        throw error;
      } finally {
        running.delete(call);
      }
    },
    once<T>(key: string, task: () => Promise<T>) {
      const flight = (flights.get(key) as Promise<T> | undefined) ?? task();
      flights.set(key, flight);
      return flight;
    },
    async each(items, task) {
      const settled = await Promise.allSettled(Array.from(items, task));
      const failed = settled.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw signal.aborted ? reasonOf(signal) : failed.reason;
    },
  };
}

/** The first failure: what a task threw, or the end that the caller called for. */
function reasonOf(signal: AbortSignal): unknown {
  const { reason } = signal;
  const byCaller = reason instanceof DOMException && (reason.name === 'AbortError' || reason.name === 'TimeoutError');
  return byCaller ? abortError(signal) : reason;
}
