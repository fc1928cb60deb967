/**
 * Parses `WWW-Authenticate` (RFC 9110, 11.6.1): a list of challenges in one or many headers, and what registries make of
 * it. One pass, linear in time; what is no challenge is skipped, never an error.
 */

export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case; of a name that stands twice, the first. */
  readonly params: ReadonlyMap<string, string>;
  readonly token68?: string | undefined;
}

const MAX_CHALLENGES = 32;
const tokenChar = /[!#$%&'*+.^_`|~0-9A-Za-z-]/;
const token68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;

/** The challenges of a header's value, several headers joined by commas. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; params: Map<string, string>; token68?: string }[] = [];
  let at = 0;
  while (at < header.length && challenges.length <= MAX_CHALLENGES) {
    const [name, end] = readToken(header, at);
    if (name === '') {
      at++; // commas, blanks, and whatever else stands between
      continue;
    }
    const equals = skipBlanks(header, end);
    const current = challenges.at(-1);
    if (header[equals] === '=' && current !== undefined) {
      const [value, after] = readValue(header, skipBlanks(header, equals + 1));
      const key = name.toLowerCase();
      if (!current.params.has(key)) current.params.set(key, value);
      at = after;
      continue;
    }
    const credentials = readToken68(header, end);
    const scheme = name.toLowerCase();
    challenges.push({ scheme, params: new Map(), ...(credentials === undefined ? {} : { token68: credentials }) });
    at = credentials === undefined ? Math.max(end, at + 1) : skipBlanks(header, end) + credentials.length;
  }
  return challenges.slice(0, MAX_CHALLENGES);
}

function readToken(header: string, start: number): [token: string, end: number] {
  let at = start;
  while (at < header.length && tokenChar.test(header[at] ?? '')) at++;
  return [header.slice(start, at), at];
}

/** `Negotiate YII…=`: credentials in place of parameters. A name before `=` and a value is none. */
function readToken68(header: string, end: number): string | undefined {
  const start = skipBlanks(header, end);
  if (start === end) return undefined;
  token68.lastIndex = start;
  const found = token68.exec(header)?.[0];
  // `realm=` with nothing behind it is an empty parameter rather than credentials.
  return found === undefined || /^realm=$/i.test(found) ? undefined : found;
}

function readValue(header: string, start: number): [value: string, end: number] {
  if (header[start] === '"') return readQuoted(header, start + 1);
  let at = start;
  while (at < header.length && header[at] !== ',' && !isBlank(header[at])) at++;
  return [header.slice(start, at), at];
}

function readQuoted(header: string, start: number): [value: string, end: number] {
  let value = '';
  for (let at = start; at < header.length; at++) {
    if (header[at] === '"') return [value, at + 1];
    if (header[at] === '\\') at++;
    value += header[at] ?? '';
  }
  return [value, header.length];
}

function skipBlanks(header: string, start: number): number {
  let at = start;
  while (isBlank(header[at])) at++;
  return at;
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
