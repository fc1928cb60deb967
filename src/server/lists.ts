/** Lists of names (distribution-spec, "Listing Tags", and docker's catalog): in lexical order, a page at a time. */
import { isOciError } from '../errors.ts';
import { listAfter } from '../store/listing.ts';
import { pagesOf } from '../store/paged.ts';
import { plainProblem, problem } from './errors.ts';
import { type Exchange, storeOf } from './exchange.ts';
import { json } from './responses.ts';

/** `GET /v2/<name>/tags/list`. */
export async function listTags(exchange: Exchange): Promise<Response> {
  const { repository: name } = exchange;
  try {
    return await page(exchange, storeOf(exchange).tags(exchange.call), (tags) => ({ name, tags }));
  } catch (error) {
    if (isOciError(error, 'NOT_FOUND')) return problem(404, 'NAME_UNKNOWN', 'repository name not known to registry');
    throw error;
  }
}

/** `GET /v2/_catalog`. */
export function listRepositories(exchange: Exchange): Promise<Response> {
  return page(exchange, exchange.registry.repositories(exchange.call), (repositories) => ({ repositories }));
}

async function page(
  { url, limits }: Exchange,
  names: AsyncIterable<string>,
  document: (names: readonly string[]) => object,
): Promise<Response> {
  const size = pageSize(url.searchParams.get('n'), limits.pageSize);
  if (size === undefined) return plainProblem(400, 'n is not a number of entries');
  // a store may have an order of its own: only the whole of it can be sorted
  const last = url.searchParams.get('last') ?? undefined;
  const after = await collect(listAfter(await collect(names), { last }));
  const shown = after.slice(0, size);
  const isEnd = shown.length === after.length || size === 0;
  return json(document(shown), isEnd ? {} : { Link: nextLink(url, shown.at(-1) ?? '', size) });
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

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const page of pagesOf(items)) for (const item of page) found.push(item);
  return found;
}
