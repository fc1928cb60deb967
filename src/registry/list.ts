/**
 * Tags and repositories, as far as the registry lists them. An entry that is no tag (Artifactory lists digests, Nexus
 * nulls) is skipped and told of: no string from a listing becomes a URL unread.
 */
import { OciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import { isObject } from '../model/descriptor.ts';
import { quote } from '../model/quote.ts';
import { checkRepositoryName, checkTag } from '../model/reference.ts';
import type { ListOptions } from '../store/types.ts';
import { askPage, type Listing, pagesFrom } from './pages.ts';
import { apiUrl, type Exchange, pathIn, scopesFor, settle } from './requests.ts';
import { nameOf, type Place, type RegistryPlace } from './session.ts';

interface NameListing extends Listing {
  /** Of the first page, without its query. */
  readonly url: string;
  /** The key of the names in a page. */
  readonly field: 'tags' | 'repositories';
  readonly check: (name: string) => string;
}

/** @throws OciError `NOT_FOUND` when the repository is unknown */
export function listTags(place: Place, options: ListOptions = {}): AsyncGenerator<string> {
  return names(place, options, {
    what: `the tags of ${nameOf(place)}`,
    url: apiUrl(place, pathIn(place, 'tags/list')),
    accept: 'application/json',
    scopes: scopesFor(place, 'pull'),
    field: 'tags',
    check: checkTag,
  });
}

/** @throws OciError `UNSUPPORTED` when the registry keeps its catalog to itself */
export function listRepositories(place: RegistryPlace, options: ListOptions = {}): AsyncGenerator<string> {
  return names(place, options, {
    what: `the repositories of ${place.host.name}`,
    url: apiUrl(place, '_catalog'),
    accept: 'application/json',
    scopes: ['registry:catalog:*'],
    field: 'repositories',
    check: checkRepositoryName,
  });
}

async function* names(place: RegistryPlace, options: ListOptions, listing: NameListing): AsyncGenerator<string> {
  const { last } = options;
  const { first, pageSize, ...found } = await firstPage(place, options, listing);
  let { after } = found;
  if (listing.field === 'repositories' && noCatalog.has(first.response.status)) {
    await settle(first);
    throw new OciError('UNSUPPORTED', `${place.host.name} does not list its repositories`, {
      status: first.response.status,
      hint: 'name the repository, or look it up on its web page',
    });
  }
  const guessNext = (page: unknown): string | undefined => {
    const entries = entriesOf(page, listing);
    const end = entries.at(-1);
    // The specification lets a registry cut a listing short at `n` without a Link.
    return entries.length === pageSize && typeof end === 'string' ? pageUrl(listing.url, pageSize, end) : undefined;
  };
  let before: readonly unknown[] = [];
  for await (const { json, guessed } of pagesFrom(place, { ...listing, guessNext }, first, options)) {
    const entries = entriesOf(json, listing);
    if (guessed && entries.some((entry) => before.includes(entry))) return; // it knows no `last`
    if (last !== undefined && entries.includes(last)) after = last; // docker-registry 2.8 does not, either
    for (const name of valid(place, entries, listing, options)) if (after === undefined || name > after) yield name;
    before = entries;
  }
}

/** 404, 405 and 501: there is no such thing (Docker Hub, GHCR). */
const noCatalog = new Set([404, 405, 501]);

interface FirstPage {
  readonly first: Exchange;
  /** That the registry was asked for. */
  readonly pageSize: number | undefined;
  /** The registry lists everything: what does not come after this name is left out here. */
  readonly after?: string | undefined;
}

/** Some refuse a page size, or any beginning that they have not named themselves (ECR Public, drydock#927). */
async function firstPage(place: RegistryPlace, options: ListOptions, listing: NameListing): Promise<FirstPage> {
  const { facts, session } = place;
  const pageSize = facts.pageSize === 'refused' ? undefined : (options.pageSize ?? session.pageSize);
  const { last } = options;
  const askFor = (size: number | undefined, from: string | undefined): Promise<Exchange> =>
    askPage(place, listing, pageUrl(listing.url, size, from), options);
  let first = await askFor(pageSize, last);
  if (!refused(first)) return { first, pageSize };
  if (pageSize !== undefined) {
    await settle(first);
    first = await askFor(undefined, last);
    if (first.response.status === 200) facts.pageSize = 'refused';
  }
  if (last === undefined || !refused(first)) return { first, pageSize: undefined };
  await settle(first);
  return { first: await askFor(undefined, undefined), pageSize: undefined, after: last };
}

function refused({ response }: Exchange): boolean {
  return response.status === 400 || response.status === 405;
}

function pageUrl(url: string, pageSize: number | undefined, last: string | undefined): string {
  const query = new URLSearchParams();
  if (pageSize !== undefined) query.set('n', String(pageSize));
  if (last !== undefined) query.set('last', last);
  const text = query.toString();
  return text === '' ? url : `${url}?${text}`;
}

/** The names in a page; a registry without any says null, or nothing. */
function entriesOf(page: unknown, { field, what }: NameListing): readonly unknown[] {
  const entries = isObject(page) ? (page[field] ?? []) : undefined;
  if (Array.isArray(entries)) return entries;
  throw new OciError('PROTOCOL', `cannot list ${what}: the answer holds no list of ${field}`);
}

function* valid(
  place: RegistryPlace,
  entries: readonly unknown[],
  listing: NameListing,
  { on }: Call,
): Generator<string> {
  const wrong: unknown[] = [];
  for (const entry of entries) {
    if (isValid(entry, listing)) yield entry;
    else wrong.push(entry);
  }
  if (wrong.length === 0) return;
  const text = `skipped ${wrong.length} entries in ${listing.what} that are no names, e.g. ${quote(wrong[0], 80)}`;
  on?.({ type: 'warning', host: place.host.name, text });
}

function isValid(entry: unknown, { check }: NameListing): entry is string {
  try {
    return typeof entry === 'string' && check(entry) === entry;
  } catch {
    return false;
  }
}
