/** Tags and repositories, all of them, as far as the registry lists them. */
import { paged } from '../store/paged.ts';
import type { ListOptions } from '../store/types.ts';
import { catalogListing, firstPage, type NameListing, namesIn, tagListing, validNames } from './name-listing.ts';
import { pagesFrom } from './pages.ts';
import type { Place, RegistryPlace } from './session.ts';

/** @throws OciError `NOT_FOUND` when the repository is unknown */
export function listTags(place: Place, options: ListOptions = {}): AsyncGenerator<string> {
  return paged(names(place, options, tagListing(place)));
}

/** @throws OciError `UNSUPPORTED` when the registry keeps its catalog to itself */
export function listRepositories(place: RegistryPlace, options: ListOptions = {}): AsyncGenerator<string> {
  return paged(names(place, options, catalogListing(place)));
}

type Names = AsyncGenerator<readonly string[]>;

/** Each once: where something is pushed between two pages, lists that are sorted by time repeat what stood at their seam. */
async function* names(place: RegistryPlace, options: ListOptions, listing: NameListing): Names {
  const isNew = recentNames();
  for await (const page of listedNames(place, options, listing)) {
    const fresh = page.filter(isNew);
    if (fresh.length > 0) yield fresh;
  }
}

/** What is remembered of a listing, which may have millions of names: at least so many of the last ones. */
const REMEMBERED = 50_000;

function recentNames(): (name: string) => boolean {
  let [recent, older] = [new Set<string>(), new Set<string>()];
  return (name) => {
    if (recent.has(name) || older.has(name)) return false;
    if (recent.size === REMEMBERED) [recent, older] = [new Set(), recent];
    recent.add(name);
    return true;
  };
}

async function* listedNames(place: RegistryPlace, options: ListOptions, listing: NameListing): Names {
  const { last } = options;
  const { first, ...found } = await firstPage(place, options, listing);
  let { after } = found;
  let before: readonly unknown[] = [];
  for await (const { json, guessed } of pagesFrom(place, listing, first, options)) {
    const entries = namesIn(json, listing);
    if (guessed && haveCommon(before, entries)) return; // it knows no `last`
    if (last !== undefined && entries.includes(last)) after = last; // docker-registry 2.8 does not, either
    const valid = validNames(place, entries, listing, options);
    const end = after;
    yield end === undefined ? valid : valid.filter((name) => name > end);
    before = entries;
  }
}

function haveCommon(some: readonly unknown[], others: readonly unknown[]): boolean {
  const known = new Set(some);
  return others.some((entry) => known.has(entry));
}
