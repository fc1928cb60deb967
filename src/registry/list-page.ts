/**
 * Tags and repositories a page at a time, for who keeps the cursor between two calls: a web page, a job. What a cursor is,
 * is the registry's business; that it comes back from strange hands is ours.
 */
import { OciError } from '../errors.ts';
import type { Host } from '../http/hosts.ts';
import type { WireResponse } from '../model/call.ts';
import type { ListOptions } from '../store/types.ts';
import { catalogListing, firstPage, type NameListing, namesIn, tagListing, validNames } from './name-listing.ts';
import { askPage, isPastEnd, type Next, nextOf, readPage } from './pages.ts';
import { type Exchange, settle, wireResponse } from './requests.ts';
import type { Place, RegistryPlace } from './session.ts';
import { parseUrl } from '../model/parse-url.ts';

export interface PageOptions extends ListOptions {
  /** List what comes after this name; `last` of the page before. Some registries (Quay) know only cursors of their own. */
  readonly last?: string | undefined;
  /** Names in a page; a registry may give fewer or more. The client's page size unless told. */
  readonly pageSize?: number | undefined;
  /** The page after another one: its `next`, as it came. Then `last` and `pageSize` are not looked at. */
  readonly next?: string | undefined;
}

/** What tells how to go on; neither is there on the last page. */
interface Cursors {
  /** The name that the registry goes on from, where its `Link` tells one. */
  readonly last?: string | undefined;
  /** Goes on at any registry: hand it to the next call. */
  readonly next?: string | undefined;
  /** The answer that brought the page. */
  readonly response: WireResponse;
}

/** A page of the tags of a repository. */
export interface TagPage extends Cursors {
  /** Of the repository. */
  readonly name: string;
  readonly tags: readonly string[];
}

/** A page of the repositories of a registry. */
export interface RepositoryPage extends Cursors {
  readonly repositories: readonly string[];
}

export async function tagPage(place: Place, options: PageOptions = {}): Promise<TagPage> {
  const { names, ...cursors } = await pageOf(place, tagListing(place), options);
  return { name: place.repository, tags: names, ...cursors };
}

export async function repositoryPage(place: RegistryPlace, options: PageOptions = {}): Promise<RepositoryPage> {
  const { names, ...cursors } = await pageOf(place, catalogListing(place), options);
  return { repositories: names, ...cursors };
}

async function pageOf(
  place: RegistryPlace,
  listing: NameListing,
  { next, ...options }: PageOptions,
): Promise<Cursors & { readonly names: readonly string[] }> {
  const cursor = next === undefined ? undefined : checkCursor(place, listing, next);
  const exchange =
    cursor === undefined ? await begin(place, listing, options) : await askPage(place, listing, cursor.url, options);
  if (cursor?.guessed === true && (await isPastEnd(exchange))) {
    return { names: [], response: wireResponse(exchange.response) };
  }
  const json = await readPage(place, listing, exchange);
  const entries = namesIn(json, listing);
  // A registry that knows no `last` begins anew: what was listed before is not listed again.
  const asked = new URL(exchange.request.url).searchParams.get('last');
  const after = asked !== null && entries.includes(asked) ? asked : undefined;
  const names = validNames(place, entries, listing, options).filter((name) => after === undefined || name > after);
  return { names, ...cursorsOf(place, listing, { exchange, json, cursor }), response: wireResponse(exchange.response) };
}

async function begin(place: RegistryPlace, listing: NameListing, options: ListOptions): Promise<Exchange> {
  const { first, after } = await firstPage(place, options, listing);
  if (after === undefined) return first;
  await settle(first);
  throw new OciError('UNSUPPORTED', `${place.host.name} lists nothing from a name on: it has a cursor of its own`, {
    hint: 'go on with `next` of the page before',
  });
}

interface PageRead {
  readonly exchange: Exchange;
  readonly json: unknown;
  /** That led here. */
  readonly cursor: Next | undefined;
}

function cursorsOf(
  place: RegistryPlace,
  listing: NameListing,
  { exchange, json, cursor }: PageRead,
): Pick<Cursors, 'last' | 'next'> {
  const next = nextOf(place, listing, exchange, json, cursor?.guessed === false);
  if (next === undefined || (next.guessed && next.url === exchange.request.url)) return {};
  const last = next.guessed ? null : new URL(next.url).searchParams.get('last');
  return { ...(last === null ? {} : { last }), next: next.guessed ? next.url + GUESSED : next.url };
}

/** Stands behind a cursor that no registry has told. */
const GUESSED = '#guessed';

/** Within the registry's origin it may only be a page of this very listing: the request carries the user's credentials. */
function checkCursor({ host }: RegistryPlace, { what, url }: NameListing, cursor: string): Next {
  const guessed = cursor.endsWith(GUESSED);
  const next = guessed ? cursor.slice(0, -GUESSED.length) : cursor;
  const to = parseUrl(next, host.origin);
  const path = new URL(url).pathname.slice(host.pathPrefix.length);
  const isAtHome = to?.origin === host.origin && to.username === '' && to.password === '' && to.hash === '';
  if (isAtHome && to.pathname.endsWith(path) && isOwnPrefix(host, to.pathname.slice(0, -path.length))) {
    return { url: to.href, guessed };
  }
  throw new OciError('REDIRECT_REFUSED', `refused to list ${what} by a cursor that leads elsewhere`, {
    hint: 'hand over `next` of the page before as it came',
  });
}

/**
 * Behind a proxy a registry may name its pages with another prefix than ours. But where registries stand below paths of one
 * origin (Artifactory, Nexus) another prefix is another registry, and a second `/v2/` another repository.
 */
function isOwnPrefix({ pathPrefix }: Host, prefix: string): boolean {
  if (prefix === '' || prefix === pathPrefix) return true;
  return pathPrefix === '' && !`${prefix}/`.includes('/v2/');
}
