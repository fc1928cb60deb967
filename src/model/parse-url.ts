/** A URL out of a text that may be none. */

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
