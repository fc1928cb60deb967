/** Asking an index for repositories, page by page where it has pages. What a name matches is the index's business. */
import { OciError, throwIfAborted } from '../errors.ts';
import { readJson } from '../http/json.ts';
import type { Call } from '../model/call.ts';
import { isObject } from '../model/descriptor.ts';
import { quote } from '../model/quote.ts';
import { isRepositoryName } from '../model/reference.ts';
import { listOf, notAsPromised } from './documents.ts';
import { refused } from './ping.ts';
import type { V1Place } from './place.ts';
import { get } from './requests.ts';

/** A repository that was found (registry_api, "Search"; what Docker Hub adds, as docker reads it). */
export interface V1SearchResult {
  /** `ubuntu`, `team/app`; without the registry. */
  readonly name: string;
  readonly description?: string | undefined;
  readonly star_count?: number | undefined;
  readonly is_official?: boolean | undefined;
  readonly is_automated?: boolean | undefined;
}

interface Page {
  readonly results: readonly unknown[];
  /** As the index counts, from 1; undefined: it has no pages. */
  readonly page: number | undefined;
  readonly pages: number | undefined;
}

/** The most that the document allows. */
const PAGE_SIZE = 100;

/** @throws OciError `LIMIT`, `PROTOCOL`, `TOO_LARGE`, `VERSION_UNSUPPORTED` */
export async function* searchV1(place: V1Place, term: string, call: Call): AsyncGenerator<V1SearchResult> {
  const { host, context } = place;
  const what = `what ${host.name} finds for ${quote(term, 80)}`;
  const warn = (text: string): void => call.on?.({ type: 'warning', host: host.name, text });
  for (let at = 1; at <= context.limits.pages; at++) {
    throwIfAborted(call.signal);
    const { results, page, pages } = await readPage(place, term, at, what, call);
    // quay.io stops at the fifth page, and gives that one again. The first is the first, however it is counted.
    if (at > 1 && page !== undefined && page !== at) return warn(`${host.name} gives no more than ${at - 1} pages`);
    yield* sound(results, what, warn);
    if (pages === undefined || at >= pages || results.length === 0) return;
  }
  throw new OciError('LIMIT', `cannot read ${what}: more than ${context.limits.pages} pages`);
}

/** https://docs.docker.com/v1.7/reference/api/registry_api/ "Search" */
async function readPage(place: V1Place, term: string, at: number, what: string, call: Call): Promise<Page> {
  const { context, base } = place;
  const query = new URLSearchParams({ q: term, page: String(at), n: String(PAGE_SIZE) });
  const { signal, on } = call;
  const exchange = await get(place, context.send, { url: `${base}search?${query.toString()}`, signal, on });
  if (exchange.response.status !== 200) throw await refused(place, exchange, `cannot read ${what}`, call);
  const json = await readJson(exchange.response, context.limits.documentBytes, what);
  if (!isObject(json)) throw notAsPromised(what);
  return {
    results: listOf(json.results ?? [], what),
    page: typeof json.page === 'number' ? json.page : undefined,
    pages: typeof json.num_pages === 'number' ? json.num_pages : undefined,
  };
}

function* sound(results: readonly unknown[], what: string, warn: (text: string) => void): Generator<V1SearchResult> {
  let skipped = 0;
  for (const entry of results) {
    const result = isObject(entry) ? resultOf(entry) : undefined;
    if (result === undefined) skipped++;
    else yield result;
  }
  if (skipped > 0) warn(`skipped ${skipped} entries in ${what} that are no names`);
}

function resultOf(entry: Readonly<Record<string, unknown>>): V1SearchResult | undefined {
  const { name, description, star_count: stars, is_official: official, is_automated: automated } = entry;
  if (typeof name !== 'string' || !isRepositoryName(name)) return undefined;
  return {
    name,
    ...(typeof description === 'string' && description !== '' ? { description } : {}),
    ...(typeof stars === 'number' ? { star_count: stars } : {}),
    ...(typeof official === 'boolean' ? { is_official: official } : {}),
    ...(typeof automated === 'boolean' ? { is_automated: automated } : {}),
  };
}
