/**
 * Listings in lexical order, from a name on (distribution-spec, "Listing Tags"). Those that are made here are known to be in that order:
 * who serves a page of one reads no further than the page.
 */
import { throwIfAborted } from '../errors.ts';
import { byCodeUnit, leading } from './name-map.ts';
import { paged } from './paged.ts';
import type { ListOptions } from './types.ts';

const ordered = new WeakSet<object>();
/** Names in a page where nobody says how many. */
const PAGE = 1000;

/** Is this listing in lexical order, and does it begin after the `last` that it was asked with? */
export function isLexical(listing: AsyncIterable<string>): boolean {
  return ordered.has(listing);
}

/** Says so of a listing. */
export function lexical<L extends AsyncIterable<string>>(listing: L): L {
  ordered.add(listing);
  return listing;
}

/** Names in lexical order, those after `last` only. */
export function listAfter(names: Iterable<string>, { last }: Pick<ListOptions, 'last'>): AsyncGenerator<string> {
  return lexical(paged(sorted(names, last)));
}

async function* sorted(names: Iterable<string>, last: string | undefined): AsyncGenerator<readonly string[]> {
  const after = last === undefined ? [...names] : [...names].filter((name) => name > last);
  yield after.sort(byCodeUnit);
}

/** The same of names that are in order already. */
export function sortedAfter(names: readonly string[], last: string | undefined): readonly string[] {
  return last === undefined ? names : names.slice(leading(names, (name) => name <= last));
}

/**
 * A listing whose pages are looked for when they are read, each by the name that the one before ended with: what is added or deleted
 * meanwhile makes none of the others come twice or not at all.
 * @param look at most so many names after one, in lexical order; none: there are no more.
 * @param isListed names that it does not hold for are left out.
 */
export function listFrom(
  look: (last: string | undefined, count: number) => readonly string[],
  options: ListOptions,
  isListed: (name: string) => boolean = () => true,
): AsyncGenerator<string> {
  return lexical(paged(pagesFrom(look, options, isListed)));
}

async function* pagesFrom(
  look: (last: string | undefined, count: number) => readonly string[],
  { last, pageSize = PAGE, signal }: ListOptions,
  isListed: (name: string) => boolean,
): AsyncGenerator<readonly string[]> {
  const count = Math.max(1, pageSize);
  for (let from = last, isEnd = false; !isEnd; ) {
    throwIfAborted(signal);
    const page = look(from, count);
    const listed = page.filter(isListed);
    if (listed.length > 0) yield listed;
    from = page.at(-1);
    isEnd = page.length < count;
  }
}
