/** Tags and repositories, all of them, as far as the registry lists them. */
import type { ListOptions } from '../store/types.ts';
import { catalogListing, firstPage, type NameListing, namesIn, tagListing, validNames } from './name-listing.ts';
import { pagesFrom } from './pages.ts';
import type { Place, RegistryPlace } from './session.ts';

/** @throws OciError `NOT_FOUND` when the repository is unknown */
export function listTags(place: Place, options: ListOptions = {}): AsyncGenerator<string> {
  return names(place, options, tagListing(place));
}

/** @throws OciError `UNSUPPORTED` when the registry keeps its catalog to itself */
export function listRepositories(place: RegistryPlace, options: ListOptions = {}): AsyncGenerator<string> {
  return names(place, options, catalogListing(place));
}

/** What is remembered of a listing, which may have millions of names: at least so many of the last ones. */
const REMEMBERED = 50_000;

/** Each once: where something is pushed between two pages, lists that are sorted by time repeat what stood at their seam. */
async function* names(place: RegistryPlace, options: ListOptions, listing: NameListing): AsyncGenerator<string> {
  let [recent, older] = [new Set<string>(), new Set<string>()];
  for await (const name of listedNames(place, options, listing)) {
    if (recent.has(name) || older.has(name)) continue;
    if (recent.size === REMEMBERED) [recent, older] = [new Set(), recent];
    recent.add(name);
    yield name;
  }
}

async function* listedNames(place: RegistryPlace, options: ListOptions, listing: NameListing): AsyncGenerator<string> {
  const { last } = options;
  const { first, ...found } = await firstPage(place, options, listing);
  let { after } = found;
  let before: ReadonlySet<unknown> = new Set();
  for await (const { json, guessed } of pagesFrom(place, listing, first, options)) {
    const entries = namesIn(json, listing);
    if (guessed && entries.some((entry) => before.has(entry))) return; // it knows no `last`
    if (last !== undefined && entries.includes(last)) after = last; // docker-registry 2.8 does not, either
    for (const name of validNames(place, entries, listing, options)) {
      if (after === undefined || name > after) yield name;
    }
    before = new Set(entries);
  }
}
