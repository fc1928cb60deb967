/** How messages show a string from outside: quoted, on one line, in ASCII, bounded, so that no terminal obeys it. */

/** A value in quotes; whatever is not printable ASCII stands as `\u{…}`. */
export function quote(value: unknown, limit: number = 160): string {
  if (typeof value !== 'string') return jsonOf(value).slice(0, limit).replace(unprintable, escapeOne);
  const shown = value.length > limit ? `${value.slice(0, limit)}…` : value;
  return `"${shown.replace(unprintable, escapeOne)}"`;
}

/** What is nested too deep to be written as JSON is named by its type. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? typeof value;
  } catch {
    return typeof value;
  }
}

const unprintable = /[^\x20-\x7e…]/gu;

function escapeOne(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}

/** The same text without what stands before an @: it may be a user name and a password. */
export function withoutLogin(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^]*@/i, '$1***@');
}

/** A single character, as a message may show it: `"~"` or `U+0261`. */
export function quoteCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0x20 && code < 0x7f ? `"${character}"` : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
