/** Lists of names (distribution-spec, "Listing Tags", and docker's catalog): in lexical order, a page at a time. */
import { isOciError } from '../errors.ts';
import { isLexical, listAfter } from '../store/listing.ts';
import { pagesOf } from '../store/paged.ts';
import type { ListOptions } from '../store/types.ts';
import { plainProblem, problem } from './errors.ts';
import { type Exchange, storeOf } from './exchange.ts';
import { json } from './responses.ts';

/** `GET /v2/<name>/tags/list`. */
export async function listTags(exchange: Exchange): Promise<Response> {
  const { repository: name } = exchange;
  try {
    return await page(
      exchange,
      (options) => storeOf(exchange).tags(options),
      (tags) => ({ name, tags }),
    );
  } catch (error) {
    if (isOciError(error, 'NOT_FOUND')) return problem(404, 'NAME_UNKNOWN', 'repository name not known to registry');
    throw error;
  }
}

/** `GET /v2/_catalog`. */
export function listRepositories(exchange: Exchange): Promise<Response> {
  return page(
    exchange,
    (options) => exchange.registry.repositories(options),
    (repositories) => ({ repositories }),
  );
}

type Listing = (options: ListOptions) => AsyncIterable<string>;

async function page(
  { url, limits, call }: Exchange,
  list: Listing,
  document: (names: readonly string[]) => object,
): Promise<Response> {
  const size = pageSize(url.searchParams.get('n'), limits.pageSize);
  if (size === undefined) return plainProblem(400, 'n is not a number of entries');
  // one more than is shown tells whether there are more
  const after = await namesAfter(list, {
    ...call,
    last: url.searchParams.get('last') ?? undefined,
    pageSize: size + 1,
  });
  const shown = after.slice(0, size);
  const isEnd = shown.length === after.length || size === 0;
  return json(document(shown), isEnd ? {} : { Link: nextLink(url, shown.at(-1) ?? '', size) });
}

/** At least the first page of the names after `last`, where there are so many. */
async function namesAfter(list: Listing, options: ListOptions & { readonly pageSize: number }): Promise<string[]> {
  const { last, pageSize, ...call } = options;
  const listing = list(options);
  if (isLexical(listing)) return collect(listing, pageSize);
  // a store may have an order of its own: only the whole of it can be sorted
  return collect(listAfter(await collect(list(call)), { last }));
}

function pageSize(n: string | null, limit: number): number | undefined {
  if (n === null) return limit;
  return /^\d{1,15}$/.test(n) ? Math.min(Number(n), limit) : undefined;
}

/** A `Link` to what comes after `last`, in the words of the request's own path. */
export function nextLink(url: URL, last: string, size?: number): string {
  const query = new URLSearchParams(url.searchParams);
  query.set('last', last);
  if (size !== undefined) query.set('n', String(size));
  return `<${url.pathname}?${query.toString()}>; rel="next"`;
}

/** All of a stream, or its pages until they hold so many. */
export async function collect<T>(items: AsyncIterable<T>, enough: number = Number.POSITIVE_INFINITY): Promise<T[]> {
  const found: T[] = [];
  for await (const page of pagesOf(items)) {
    for (const item of page) found.push(item);
    if (found.length >= enough) break;
  }
  return found;
}
