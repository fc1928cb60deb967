/**
 * Listings that come in pages: each next one by its `Link`, verbatim, within the registry's origin (GHSA-h7vf-4x9w-h99v),
 * never the same twice (GHSA-298f-872v-2rcx). What a page holds is its reader's business.
 */
import { OciError, throwIfAborted } from '../errors.ts';
import { readJson } from '../http/json.ts';
import { nextPage } from '../http/link.ts';
import type { Call } from '../model/call.ts';
import { ask, type Exchange, failed, settle } from './requests.ts';
import type { RegistryPlace } from './session.ts';

/** A listing, and how it is asked for. */
export interface Listing {
  /** Names it in errors, e.g. `the tags of ghcr.io/o/app`. */
  readonly what: string;
  readonly accept: string;
  readonly scopes: readonly string[];
  /** Where the page after one is, for registries that send no `Link`. */
  readonly guessNext?: ((page: unknown, asked: URL) => string | undefined) | undefined;
}

export interface Page {
  readonly json: unknown;
  /** It was asked for by a guess: it may repeat what is known. */
  readonly guessed: boolean;
  readonly exchange: Exchange;
}

/** Asks for one page. */
export function askPage(place: RegistryPlace, { accept, scopes }: Listing, url: string, call: Call): Promise<Exchange> {
  const { signal, on } = call;
  const document = place.session.limits.pageBytes;
  return ask(place, { method: 'GET', url, headers: { accept }, scopes, document, signal, on });
}

/** The document of a page. @throws OciError `TOO_LARGE`, `PROTOCOL`, and what a refusal means */
export async function readPage(place: RegistryPlace, { what }: Listing, exchange: Exchange): Promise<unknown> {
  const { response } = exchange;
  if (response.status !== 200) throw await failed(exchange, `cannot list ${what}`);
  return readJson(response, place.session.limits.pageBytes, what);
}

export interface Next {
  readonly url: string;
  /** Nobody has said so. */
  readonly guessed: boolean;
}

/**
 * Where the page after this one is.
 * @param hasLinks a `Link` has led here: where it ends, the listing does, and nothing is guessed
 * @throws OciError `REDIRECT_REFUSED`, `PROTOCOL` when it leads to itself
 */
export function nextOf(
  { host }: RegistryPlace,
  { what, guessNext }: Listing,
  { request, response }: Exchange,
  json: unknown,
  hasLinks: boolean,
): Next | undefined {
  const linked = nextPage(response, host.origin);
  if (linked === request.url) throw inCircles(what);
  const url = linked ?? (hasLinks ? undefined : guessNext?.(json, new URL(request.url)));
  return url === undefined ? undefined : { url, guessed: linked === undefined };
}

/** Where nothing comes after a name, a registry that sends no `Link` may know no such page. */
export async function isPastEnd(exchange: Exchange): Promise<boolean> {
  if (exchange.response.status !== 404) return false;
  await settle(exchange);
  return true;
}

function inCircles(what: string): OciError {
  return new OciError('PROTOCOL', `cannot list ${what}: its pages go round in a circle`);
}

/**
 * All pages from a first answer on.
 * @throws OciError `TOO_LARGE`, `PROTOCOL` for a loop, `LIMIT`, `REDIRECT_REFUSED`
 */
export async function* pagesFrom(
  place: RegistryPlace,
  listing: Listing,
  first: Exchange,
  call: Call,
): AsyncGenerator<Page> {
  const { limits } = place.session;
  const seen = new Set([first.request.url]);
  let guessed = false;
  let hasLinks = false;
  for (let exchange = first; ; ) {
    throwIfAborted(call.signal);
    const json = await readPage(place, listing, exchange);
    yield { json, guessed, exchange };
    const next = nextOf(place, listing, exchange, json, hasLinks);
    if (next === undefined) return;
    if (seen.has(next.url)) throw inCircles(listing.what);
    if (seen.size >= limits.pages)
      throw new OciError('LIMIT', `cannot list ${listing.what}: more than ${limits.pages} pages`);
    seen.add(next.url);
    ({ guessed } = next);
    hasLinks ||= !guessed;
    exchange = await askPage(place, listing, next.url, call);
    if (guessed && (await isPastEnd(exchange))) return;
  }
}
