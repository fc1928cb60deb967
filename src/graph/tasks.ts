/**
 * Work of many small awaited calls: bounded, single-flight by key, ended together. A slot is taken and given back inside one
 * awaited call, never held by a stream or by a call that waits for others: so it cannot deadlock.
 */
import pLimit, { type LimitFunction } from 'p-limit';
import { abortError, throwIfAborted } from '../errors.ts';
import type { Turn } from '../store/turn.ts';

/** How many calls run at a time. */
export interface Bounds {
  /** Calls of any kind. */
  readonly calls: number;
  /** Those that move many bytes, which are not counted among the calls while they do. Unless told there is no bound but that of the calls. */
  readonly transfers?: number | undefined;
}

/**
 * Small questions take a round trip each and nothing else, so many of them are asked at a time; a few transfers fill a line, and more would
 * only share it. Docker Hub, GHCR, ECR and Quay answer tens of small requests a second.
 */
export const DEFAULT_BOUNDS: { readonly calls: number; readonly transfers: number } = { calls: 16, transfers: 4 };

/** So many requests at a time, whatever they are for, where the user has said how many. */
export function boundsOf(concurrency: number | undefined): Bounds {
  return concurrency === undefined ? DEFAULT_BOUNDS : { calls: concurrency };
}

export interface Tasks {
  /** Aborts when the caller's signal does, or when a task fails. */
  readonly signal: AbortSignal;
  /** Runs one call inside the limit; its failure ends the whole work. */
  run<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** As `run`, for a call that may move many bytes: once it asks for its turn, it leaves the calls and waits among the transfers. */
  transfer<T>(task: (turn: Turn) => Promise<T>): Promise<T>;
  /** Runs a task once a key, whoever asks first. */
  once<T>(key: string, task: () => Promise<T>): Promise<T>;
  /** Runs one task an item; settles when all have ended, with the first failure if there was one. */
  each<T>(items: Iterable<T>, task: (item: T) => Promise<unknown>): Promise<void>;
}

/** Runs a piece of work; when it settles, nothing that it started still runs. */
export async function withTasks<T>(
  bounds: number | Bounds,
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
    return await work(tasksOf(typeof bounds === 'number' ? { calls: bounds } : bounds, controller, running));
  } catch (error) {
    controller.abort(error);
    throw error;
  } finally {
    await Promise.allSettled(running);
    signal?.removeEventListener('abort', forward);
  }
}

function tasksOf({ calls, transfers }: Bounds, controller: AbortController, running: Set<Promise<unknown>>): Tasks {
  const { signal } = controller;
  const flights = new Map<string, Promise<unknown>>();
  const callSlots = pLimit(calls);
  const transferSlots = transfers === undefined ? undefined : pLimit(transfers);
  /** Ends the whole work when it fails. */
  const watched = async <T>(call: Promise<T>): Promise<T> => {
    running.add(call);
    try {
      return await call;
    } catch (error) {
      controller.abort(error);
      throw error;
    } finally {
      running.delete(call);
    }
  };
  return {
    signal,
    run: (task) => watched(within(callSlots, signal, () => task(signal))),
    transfer: (task) => watched(leaving(callSlots, transferSlots, signal, task)),
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

function within<T>(slots: LimitFunction, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
  return slots(async () => {
    throwIfAborted(signal);
    return task();
  });
}

/** The slot among the calls is given back as soon as the task asks for its turn: whoever waits for one holds nothing. */
async function leaving<T>(
  calls: LimitFunction,
  transfers: LimitFunction | undefined,
  signal: AbortSignal,
  task: (turn: Turn) => Promise<T>,
): Promise<T> {
  if (transfers === undefined) return within(calls, signal, () => task((work) => work()));
  return new Promise((resolve, reject) => {
    const untilTurn = (): Promise<void> =>
      new Promise((leave) => {
        const turn: Turn = (work) => {
          leave();
          return within(transfers, signal, work);
        };
        task(turn).then(resolve, reject).finally(leave);
      });
    within(calls, signal, untilTurn).catch(reject);
  });
}

/** The first failure: what a task threw, or the end that the caller called for. */
function reasonOf(signal: AbortSignal): unknown {
  const { reason } = signal;
  const byCaller = reason instanceof DOMException && (reason.name === 'AbortError' || reason.name === 'TimeoutError');
  return byCaller ? abortError(signal) : reason;
}
