/** Listings in lexical order, from a name on (distribution-spec, "Listing Tags"). */
import { paged } from './paged.ts';

/** Names in lexical order, those after `last` only. */
export function listAfter(
  names: Iterable<string>,
  options: { readonly last?: string | undefined },
): AsyncGenerator<string> {
  return paged(sorted(names, options.last));
}

async function* sorted(names: Iterable<string>, last: string | undefined): AsyncGenerator<readonly string[]> {
  const after = last === undefined ? [...names] : [...names].filter((name) => name > last);
  yield after.sort(byCodeUnit);
}

function byCodeUnit(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
