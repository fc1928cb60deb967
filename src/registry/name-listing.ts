/**
 * A listing of names, tags or repositories: how it is asked for, and what of a page counts. An entry that is no name
 * (Artifactory lists digests, Nexus nulls) is skipped and told of: at most it is a cursor, and never a part of a path.
 */
import { OciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import { isObject } from '../model/descriptor.ts';
import { quote } from '../model/quote.ts';
import { isRepositoryName, isTag } from '../model/reference.ts';
import type { ListOptions } from '../store/types.ts';
import { askPage, type Listing } from './pages.ts';
import { apiUrl, type Exchange, pathIn, scopesFor, settle } from './requests.ts';
import { nameOf, type Place, type RegistryPlace } from './session.ts';

export interface NameListing extends Listing {
  /** Of the first page, without its query. */
  readonly url: string;
  /** The key of the names in a page. */
  readonly field: 'tags' | 'repositories';
  readonly isName: (entry: string) => boolean;
}

export function tagListing(place: Place): NameListing {
  return nameListing({
    what: `the tags of ${nameOf(place)}`,
    url: apiUrl(place, pathIn(place, 'tags/list')),
    scopes: scopesFor(place, 'pull'),
    field: 'tags',
    isName: isTag,
  });
}

export function catalogListing(place: RegistryPlace): NameListing {
  return nameListing({
    what: `the repositories of ${place.host.name}`,
    url: apiUrl(place, '_catalog'),
    scopes: ['registry:catalog:*'],
    field: 'repositories',
    isName: isRepositoryName,
  });
}

function nameListing(parts: Omit<NameListing, 'accept' | 'guessNext'>): NameListing {
  const listing = { ...parts, accept: 'application/json' };
  return { ...listing, guessNext: (page, asked) => guessNext(listing, page, asked) };
}

/** No name is longer, and no URL is to become as long as a page. */
const MAX_CURSOR = 1024;

/** The specification lets a registry cut a listing short at `n` without a Link. */
function guessNext(listing: NameListing, page: unknown, asked: URL): string | undefined {
  const entries = namesIn(page, listing);
  const end = entries.at(-1);
  const isFull = entries.length > 0 && asked.searchParams.get('n') === String(entries.length);
  const isCursor = typeof end === 'string' && end.length <= MAX_CURSOR;
  return isFull && isCursor ? pageUrl(listing.url, entries.length, end) : undefined;
}

/** 404, 405 and 501: there is no such thing (Docker Hub, GHCR). */
const noCatalog = new Set([404, 405, 501]);

export interface FirstPage {
  readonly first: Exchange;
  /** The registry lists everything: what does not come after this name is to be left out. */
  readonly after?: string | undefined;
}

/**
 * Asks for the first page. Some refuse a page size, or any beginning that they have not named themselves (ECR Public,
 * drydock#927).
 * @throws OciError `UNSUPPORTED` when the registry keeps its catalog to itself
 */
export async function firstPage(place: RegistryPlace, options: ListOptions, listing: NameListing): Promise<FirstPage> {
  const { facts, session } = place;
  const pageSize = facts.pageSize === 'refused' ? undefined : (options.pageSize ?? session.pageSize);
  const { last } = options;
  const askFor = (size: number | undefined, from: string | undefined): Promise<Exchange> =>
    askPage(place, listing, pageUrl(listing.url, size, from), options);
  let first = await askFor(pageSize, last);
  if (!refused(first)) return { first: await listed(place, listing, first) };
  if (pageSize !== undefined) {
    await settle(first);
    first = await askFor(undefined, last);
    if (first.response.status === 200) facts.pageSize = 'refused';
  }
  if (last === undefined || !refused(first)) return { first: await listed(place, listing, first) };
  await settle(first);
  return { first: await listed(place, listing, await askFor(undefined, undefined)), after: last };
}

/** 413 is Quay's (ggcr#1963). */
const refusals = new Set([400, 405, 413]);

function refused({ response }: Exchange): boolean {
  return refusals.has(response.status);
}

async function listed({ host }: RegistryPlace, { field }: NameListing, first: Exchange): Promise<Exchange> {
  const { status } = first.response;
  if (field !== 'repositories' || !noCatalog.has(status)) return first;
  await settle(first);
  throw new OciError('UNSUPPORTED', `${host.name} does not list its repositories`, {
    status,
    hint: 'name the repository, or look it up on its web page',
  });
}

function pageUrl(url: string, pageSize: number | undefined, last: string | undefined): string {
  const query = new URLSearchParams();
  if (pageSize !== undefined) query.set('n', String(pageSize));
  if (last !== undefined) query.set('last', last);
  const text = query.toString();
  return text === '' ? url : `${url}?${text}`;
}

/** The entries of a page; a registry without any says null, or nothing. */
export function namesIn(page: unknown, { field, what }: NameListing): readonly unknown[] {
  const entries = isObject(page) ? (page[field] ?? []) : undefined;
  if (Array.isArray(entries)) return entries;
  throw new OciError('PROTOCOL', `cannot list ${what}: the answer holds no list of ${field}`);
}

/** Those entries that are names. A page may have millions that are none: none of them becomes an error of its own. */
export function validNames(
  place: RegistryPlace,
  entries: readonly unknown[],
  { what, isName }: NameListing,
  { on }: Call,
): readonly string[] {
  const names: string[] = [];
  const wrong: unknown[] = [];
  for (const entry of entries) {
    if (typeof entry === 'string' && isName(entry)) names.push(entry);
    else wrong.push(entry);
  }
  if (wrong.length > 0) {
    // Only a text is shown: a list may be nested too deep to be written as JSON again.
    const example = wrong.find((entry) => typeof entry === 'string');
    const shown = example === undefined ? '' : `, e.g. ${quote(example, 80)}`;
    const text = `skipped ${wrong.length} entries in ${what} that are no names${shown}`;
    on?.({ type: 'warning', host: place.host.name, text });
  }
  return names;
}
