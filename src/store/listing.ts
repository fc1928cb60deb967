/** Listings in lexical order, from a name on (distribution-spec, "Listing Tags"). */

/** Names in lexical order, those after `last` only. */
export async function* listAfter(
  names: Iterable<string>,
  options: { readonly last?: string | undefined },
): AsyncGenerator<string> {
  const { last } = options;
  for (const name of [...names].sort(byCodeUnit)) if (last === undefined || name > last) yield name;
}

function byCodeUnit(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
