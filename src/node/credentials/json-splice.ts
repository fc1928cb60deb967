/**
 * Changes one member of a JSON text and leaves every other byte as it is: somebody else's settings keep their order, their
 * indentation and their numbers. The text has been read by `JSON.parse` before.
 */

interface Member {
  readonly key: string;
  /** Of the key's first quote. */
  readonly start: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

interface Style {
  readonly newline: string;
  readonly unit: string;
}

/**
 * Sets the member at a path of keys, making the objects on the way; `undefined` removes it.
 * @param text a JSON object
 */
export function setMember(text: string, path: readonly string[], value: unknown): string {
  const open = skipSpace(text, 0);
  return setIn(text, open, path, value, 1, styleOf(text, open));
}

function setIn(
  text: string,
  open: number,
  path: readonly string[],
  value: unknown,
  depth: number,
  style: Style,
): string {
  const [key = '', ...rest] = path;
  const { members, close } = membersOf(text, open);
  const at = members.findLastIndex((member) => member.key === key);
  const member = members[at];
  if (rest.length > 0 && member !== undefined && text[member.valueStart] === '{') {
    return setIn(text, member.valueStart, rest, value, depth + 1, style);
  }
  if (value === undefined) return rest.length > 0 ? text : removeAt(text, open, members, at, close);
  const nested = rest.reduceRight((inner, name) => ({ [name]: inner }), value);
  const written = write(nested, depth, style);
  if (member !== undefined) return text.slice(0, member.valueStart) + written + text.slice(member.valueEnd);
  return insert(text, open, members, close, `${JSON.stringify(key)}:${style.newline && ' '}${written}`, depth, style);
}

function insert(
  text: string,
  open: number,
  members: readonly Member[],
  close: number,
  member: string,
  depth: number,
  style: Style,
): string {
  const last = members.at(-1);
  if (last !== undefined)
    return `${text.slice(0, last.valueEnd)},${margin(depth, style)}${member}${text.slice(last.valueEnd)}`;
  return `${text.slice(0, open + 1)}${margin(depth, style)}${member}${margin(depth - 1, style)}${text.slice(close)}`;
}

function removeAt(text: string, open: number, members: readonly Member[], at: number, close: number): string {
  const member = members[at];
  if (member === undefined) return text;
  const [before, after] = [members[at - 1], members[at + 1]];
  if (after !== undefined) return text.slice(0, member.start) + text.slice(after.start);
  return before === undefined
    ? text.slice(0, open + 1) + text.slice(close)
    : text.slice(0, before.valueEnd) + text.slice(member.valueEnd);
}

function write(value: unknown, depth: number, style: Style): string {
  const lines = JSON.stringify(value, null, style.newline === '' ? undefined : style.unit).split('\n');
  return lines.join(margin(depth, style));
}

function margin(depth: number, { newline, unit }: Style): string {
  return newline === '' ? '' : newline + unit.repeat(depth);
}

/** How the text is laid out: as the space before its first member tells; docker writes a tab. */
function styleOf(text: string, open: number): Style {
  const first = membersOf(text, open).members[0];
  if (first === undefined) return { newline: '\n', unit: '\t' };
  const [, newline = '', unit = ''] = /(\r?\n)?([ \t]*)$/.exec(text.slice(open + 1, first.start)) ?? [];
  return { newline, unit: newline === '' ? '' : unit.slice(0, 10) };
}

function membersOf(text: string, open: number): { readonly members: readonly Member[]; readonly close: number } {
  const members: Member[] = [];
  let at = skipSpace(text, open + 1);
  while (at < text.length && text[at] !== '}') {
    const start = at;
    const keyEnd = endOfValue(text, start);
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const valueEnd = endOfValue(text, valueStart);
    members.push({ key: JSON.parse(text.slice(start, keyEnd)) as string, start, valueStart, valueEnd });
    at = skipSpace(text, valueEnd);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return { members, close: at };
}

function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === '"') {
      at = endOfString(text, at);
      if (depth === 0) return at + 1;
    } else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') {
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && /[\s,]/.test(character)) return at;
  }
  return text.length;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function skipSpace(text: string, at: number): number {
  let next = at;
  while (/\s/.test(text[next] ?? '')) next++;
  return next;
}
