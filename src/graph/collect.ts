/** Small tools for streams of results. */
import pLimit from 'p-limit';
import { paged, pagesOf } from '../store/paged.ts';

/** All of a stream. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pagesOf(items)) for (const item of page) all.push(item);
  return all;
}

/** The first so many; the stream is closed after them. */
export function take<T>(items: AsyncIterable<T>, limit: number = Infinity): AsyncGenerator<T> {
  return paged(takePages(pagesOf(items), limit));
}

async function* takePages<T>(pages: AsyncIterable<readonly T[]>, limit: number): AsyncGenerator<readonly T[]> {
  let left = limit;
  for await (const page of pages) {
    if (left <= 0) return;
    yield page.length > left ? page.slice(0, left) : page;
    left -= page.length;
    if (left <= 0) return;
  }
}

/** Does something for each item, so many at a time; results come in the order of the items. */
export async function* mapLimited<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  concurrency: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  // Who is taken out of the queue has to hear of it: below, all are waited for.
  const limit = pLimit({ concurrency, rejectOnClear: true });
  const pending: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const result = limit(() => work(item));
      // Somebody awaits it later, or nobody does because an earlier one failed.
      result.catch(() => {});
      pending.push(result);
      if (pending.length >= concurrency * 2) yield await (pending.shift() as Promise<R>);
    }
    while (pending.length > 0) yield await (pending.shift() as Promise<R>);
  } finally {
    limit.clearQueue();
    await Promise.allSettled(pending);
  }
}
