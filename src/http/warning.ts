/** The `Warning: 299` header, by which a registry speaks to its users (distribution-spec, "Warnings"). */

const MAX_WARNINGS = 20;
const MAX_TEXT = 500;

/** The texts of the 299 warnings of an answer, e.g. of `299 - "Tag latest will go"`; each at most 500 characters. */
export function parseWarnings(header: string): readonly string[] {
  const texts: string[] = [];
  let at = 0;
  while (texts.length < MAX_WARNINGS) {
    const open = header.indexOf('"', at);
    if (open < 0) break;
    const [text, end] = readQuoted(header, open + 1);
    // A date may follow the text, in quotes of its own; it is no new warning.
    if (/(?:^|,)\s{0,8}299 {1,8}\S{1,200} {1,8}$/.test(header.slice(Math.max(at, open - 240), open))) {
      texts.push(text.slice(0, MAX_TEXT));
    }
    at = end;
  }
  return texts;
}

function readQuoted(header: string, start: number): [text: string, end: number] {
  let text = '';
  for (let at = start; at < header.length; at++) {
    if (header[at] === '"') return [text, at + 1];
    if (header[at] === '\\') at++;
    text += header[at] ?? '';
  }
  return [text, header.length];
}
