/**
 * Listings that come in pages: each next one by its `Link`, verbatim, within the registry's origin (GHSA-h7vf-4x9w-h99v),
 * never the same twice (GHSA-298f-872v-2rcx). What a page holds is its reader's business.
 */
import { OciError, throwIfAborted } from '../errors.ts';
import { readJson } from '../http/json.ts';
import { nextPage } from '../http/link.ts';
import type { Call } from '../model/call.ts';
import { ask, type Exchange, failed } from './requests.ts';
import type { RegistryPlace } from './session.ts';

/** A listing, and how it is asked for. */
export interface Listing {
  /** Names it in errors, e.g. `the tags of ghcr.io/o/app`. */
  readonly what: string;
  readonly accept: string;
  readonly scopes: readonly string[];
  /** Where the page after this one is, for registries that send no `Link`. */
  readonly guessNext?: ((page: unknown) => string | undefined) | undefined;
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
  return ask(place, { method: 'GET', url, headers: { accept }, scopes, signal, on });
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
  for (let exchange = first; ; ) {
    throwIfAborted(call.signal);
    const { response } = exchange;
    if (response.status !== 200) throw await failed(exchange, `cannot list ${listing.what}`);
    const json = await readJson(response, limits.pageBytes, listing.what);
    yield { json, guessed, exchange };
    const linked = nextPage(response, place.host.origin);
    const next = linked ?? listing.guessNext?.(json);
    if (next === undefined) return;
    if (seen.has(next)) throw new OciError('PROTOCOL', `cannot list ${listing.what}: its pages go round in a circle`);
    if (seen.size >= limits.pages)
      throw new OciError('LIMIT', `cannot list ${listing.what}: more than ${limits.pages} pages`);
    seen.add(next);
    guessed = linked === undefined;
    exchange = await askPage(place, listing, next, call);
  }
}
