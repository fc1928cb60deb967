/**
 * Work that several callers want at once is done once, and its result is kept for a while. Each caller may give up by
 * itself; when the last one has, the work is ended.
 */
import { abortError, throwIfAborted } from '../../errors.ts';

interface Flight<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

export interface FlightsOptions {
  /** For how long a result is kept, in milliseconds. A failure is not kept. */
  readonly keepMs: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

export type Flights<T> = (key: string, start: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal) => Promise<T>;

export function createFlights<T>({ keepMs, now }: FlightsOptions): Flights<T> {
  const flights = new Map<string, Flight<T>>();
  const kept = new Map<string, { readonly value: T; readonly untilMs: number }>();

  const begin = (key: string, start: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const controller = new AbortController();
    const result = start(controller.signal)
      .then((value) => {
        kept.set(key, { value, untilMs: now() + keepMs });
        return value;
      })
      .finally(() => flights.delete(key));
    const flight = { result, controller, waiting: 0 };
    flights.set(key, flight);
    return flight;
  };

  return async (key, start, signal) => {
    throwIfAborted(signal);
    const known = kept.get(key);
    if (known !== undefined && now() < known.untilMs) return known.value;
    const flight = flights.get(key) ?? begin(key, start);
    flight.waiting++;
    try {
      return await orAbort(flight.result, signal);
    } finally {
      if (--flight.waiting === 0) {
        flight.controller.abort(signal?.reason);
        await flight.result.catch(() => {}); // nothing that was started runs on
      }
    }
  };
}

async function orAbort<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return result;
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([result, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
