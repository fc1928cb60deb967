/**
 * Makes foreign strings harmless on a terminal and in a log. Tags, labels, annotations, history and a registry's error texts
 * are written by strangers: an escape sequence in them could retitle a window, fill a clipboard or hide a line.
 * What follows is the only way from such a string to stdout or stderr.
 */

// Control (C0, C1, DEL), format (bidi, zero-width), lone surrogates, line and paragraph separators, and whatever shows as nothing.
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The string with everything invisible or active written out: `\x1b`, `\u202e`, `\n`. */
export function safeText(text: string): string {
  return text.replace(hidden, visible);
}

function visible(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (named[char] !== undefined) return named[char];
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}

/**
 * The line in a form that no CI system obeys: GitHub's runner trims a line and takes `::name::` at its start, and the older
 * `##[name]` anywhere, as a command.
 */
export function inertLine(line: string): string {
  return line.replace(/^(\s*):(?=:)/, '$1\\x3a').replaceAll('##[', '\\x23#[');
}

/** JSON whose strings hold nothing that a terminal would obey; it parses to the same value. */
export function safeJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, undefined, indent) ?? 'null';
  return escapeJson(text);
}

/** The same for JSON text that exists already. Line breaks and tabs between its tokens stay. */
export function escapeJson(text: string): string {
  const quiet = text.replace(hidden, (char) => (/[\n\r\t]/.test(char) ? char : unicodeEscapes(char)));
  return quiet.replaceAll('##[', '\\u0023#[');
}

function unicodeEscapes(char: string): string {
  return [...Array(char.length).keys()].map((at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');
}
