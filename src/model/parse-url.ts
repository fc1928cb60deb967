/** A URL out of a text that may be none, and the text out of a URL that somebody else has made. */

/**
 * Of what does not parse, undefined. `URL.canParse` is used nowhere: that of Node 20, once it is compiled, takes the Latin-1 bytes of a string
 * for UTF-8, and then agrees with `new URL` no more.
 */
export function parseUrl(text: string, base?: string | URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** Its query with `?`, as it was written: a parser spells `'` otherwise there, and who has signed the URL may not. */
export function searchAsWritten({ search }: URL, text: string): string {
  const query = /\?[^#]*/.exec(text)?.[0] ?? '';
  return query.replaceAll("'", '%27') === search ? query : search;
}

/** Its `href`, with the query as it was written. */
export function hrefAsWritten(url: URL, text: string): string {
  const search = searchAsWritten(url, text);
  return search === url.search ? url.href : url.href.replace(url.search, () => search);
}
