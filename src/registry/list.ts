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

/** So that a listing without an end does not fill the memory. */
const MAX_REMEMBERED = 1_000_000;

/** Each once: where something is pushed between two pages, lists that are sorted by time repeat what stood at their seam. */
async function* names(place: RegistryPlace, options: ListOptions, listing: NameListing): AsyncGenerator<string> {
  const seen = new Set<string>();
  for await (const name of listedNames(place, options, listing)) {
    if (seen.has(name)) continue;
    if (seen.size === MAX_REMEMBERED) seen.clear();
    seen.add(name);
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
