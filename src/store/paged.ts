/**
 * Listings that arrive a page at a time. They are handed out item by item; who has work to do for each of a million takes the pages as
 * they came, because a step of an asynchronous generator costs more than most of what is done with a name.
 */

/** The pages behind the listings that have some. */
const known = new WeakMap<object, AsyncIterable<readonly unknown[]>>();

/** The items of pages, one after another. */
export function paged<T>(pages: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  const items = each(pages);
  known.set(items, pages);
  return items;
}

/** The pages of items that came by {@link paged}; of any others each is a page by itself. Then the items are not to be read as well. */
export function pagesOf<T>(items: AsyncIterable<T>): AsyncIterable<readonly T[]> {
  return (known.get(items) as AsyncIterable<readonly T[]> | undefined) ?? alone(items);
}

async function* each<T>(pages: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  for await (const page of pages) for (const item of page) yield item;
}

async function* alone<T>(items: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  for await (const item of items) yield [item];
}

/** Another listing, made of one page after another; a page of which nothing is left is no page. */
export function mapPages<T, R>(items: AsyncIterable<T>, map: (page: readonly T[]) => readonly R[]): AsyncGenerator<R> {
  return paged(mapped(pagesOf(items), map));
}

async function* mapped<T, R>(
  pages: AsyncIterable<readonly T[]>,
  map: (page: readonly T[]) => readonly R[],
): AsyncGenerator<readonly R[]> {
  for await (const page of pages) {
    const made = map(page);
    if (made.length > 0) yield made;
  }
}
