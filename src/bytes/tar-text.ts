/**
 * Text of tar headers that is not UTF-8: file capabilities in PAX records, names in old encodings. Each byte that is none becomes a
 * lone surrogate (U+DC80 to U+DCFF, as in Python's tarfile), and that a byte again when it is written. What the library
 * makes of such text is U+FFFD, which is a file capability lost: so it is read here anew.
 */
import type { OciError } from '../errors.ts';
import { concat } from './read.ts';
import { BLOCK, headerSize, typeOf } from './tar-blocks.ts';
import { invalid } from './tar-headers.ts';

const NEWLINE = 0x0a;
/** Of the length of a record: its header has at most 1 MiB. */
const MAX_DIGITS = 8;
const LOST = '\ufffd';
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The texts of a header. */
export interface HeaderTexts {
  readonly name: string;
  readonly linkname: string | null;
  readonly uname: string;
  readonly gname: string;
  readonly pax: Readonly<Record<string, string>> | null;
}

/** The text of bytes, whatever they are. */
export function textOf(bytes: Uint8Array): string {
  const text = decoded(bytes);
  if (text !== undefined) return text;
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at] ?? 0);
    const character = decoded(bytes.subarray(at, at + length));
    parts.push(character ?? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)));
    at += character === undefined ? 1 : length;
  }
  return parts.join('');
}

/** The bytes of text, the same that it was made of. No other half of a character stands for a byte: `/`, `.` and NUL have none. */
export function bytesOfText(text: string): Uint8Array {
  const encoder = new TextEncoder();
  // With the u flag it is lone ones only, which no encoder keeps.
  const parts = text.split(/([\udc80-\udcff])/u);
  return concat(
    parts.map((part, at) => (at % 2 === 0 ? encoder.encode(part) : new Uint8Array([part.charCodeAt(0) & 0xff]))),
  );
}

/** Does text stand for bytes that are not UTF-8? */
export function holdsBytes(text: string): boolean {
  return /[\udc80-\udcff]/u.test(text);
}

/** Is it what {@link textOf} makes of some bytes? Text from JSON need not be: it may hold any half of a character. */
export function isTextOfBytes(text: string): boolean {
  return !/\p{Surrogate}/u.test(text) || textOf(bytesOfText(text)) === text;
}

/**
 * The texts of a header as they stand in its blocks.
 * @param header what the library made of them
 * @param blocks the header's own, the last, and those of PAX and GNU records before it
 * @throws OciError `LAYOUT_INVALID` for PAX records that are none
 */
export function exactTexts<T extends HeaderTexts>(header: T, blocks: readonly Uint8Array[]): T {
  const { pax, name, linkname } = blocks.length === 1 ? none : recordsIn(blocks);
  const isExact = ![header.name, header.linkname, header.uname, header.gname].some(isLost);
  // Where there are both, Go takes the long name of GNU, and whatever is empty for what is not there.
  if (isExact) return { ...header, name: name || header.name, linkname: linkname || header.linkname, pax };
  const own = blocks.at(-1) ?? new Uint8Array(BLOCK);
  const prefix = field(own, 257, 6) === 'ustar' ? field(own, 345, 155) : '';
  return {
    ...header,
    name: name || pax?.path || (prefix === '' ? '' : `${prefix}/`) + field(own, 0, 100),
    linkname: linkname || pax?.linkpath || field(own, 157, 100) || null,
    uname: field(own, 265, 32),
    gname: field(own, 297, 32),
    pax,
  };
}

/** PAX records: what stands in the body of their header. */
export function paxRecords(records: Readonly<Record<string, string>>): Uint8Array {
  return concat(Object.entries(records).map(([key, value]) => paxRecord(bytesOfText(` ${key}=${value}\n`))));
}

/** A record begins with its own length. */
function paxRecord(rest: Uint8Array): Uint8Array {
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return concat([new TextEncoder().encode(String(length)), rest]);
}

interface Records {
  pax: Readonly<Record<string, string>> | null;
  name?: string;
  linkname?: string;
}

const none: Records = { pax: null };

function recordsIn(blocks: readonly Uint8Array[]): Records {
  const found: Records = { pax: null };
  for (let at = 0; at < blocks.length - 1; ) {
    const block = blocks[at] ?? new Uint8Array(BLOCK);
    const size = headerSize(block);
    const end = at + 1 + Math.ceil(size / BLOCK);
    const body = concat(blocks.slice(at + 1, end)).subarray(0, size);
    const type = typeOf(block);
    if (type === 'x') found.pax = paxIn(body);
    if (type === 'L') found.name = field(body, 0, size);
    if (type === 'K') found.linkname = field(body, 0, size);
    at = end;
  }
  return found;
}

/** No field of a header holds a NUL. */
const NAMES = new Set(['path', 'linkpath', 'uname', 'gname']);

/** A record has to be exactly as long as it says: where readers differ over that, they see different archives. */
function paxIn(body: Uint8Array): Readonly<Record<string, string>> {
  const pairs: [string, string][] = [];
  for (let rest = body; rest.length > 0; ) {
    const space = rest.indexOf(0x20);
    const digits = textOf(rest.subarray(0, Math.min(Math.max(0, space), MAX_DIGITS)));
    const length = /^\d+$/.test(digits) ? Number(digits) : 0;
    const text = textOf(rest.subarray(space + 1, Math.max(space + 1, length - 1)));
    const equals = text.indexOf('=');
    if (length > rest.length || rest[length - 1] !== NEWLINE || equals < 1) throw noRecord();
    const [key, value] = [text.slice(0, equals), text.slice(equals + 1)];
    if ((NAMES.has(key) ? value : key).includes('\0')) throw noRecord();
    pairs.push([key, value]);
    rest = rest.subarray(length);
  }
  return Object.fromEntries(pairs);
}

function noRecord(): OciError {
  return invalid('a PAX header holds what is no record');
}

function field(block: Uint8Array, start: number, length: number): string {
  const bytes = block.subarray(start, start + length);
  const end = bytes.indexOf(0);
  return textOf(end < 0 ? bytes : bytes.subarray(0, end));
}

function isLost(text: string | null): boolean {
  return text?.includes(LOST) === true;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

function sequenceLength(lead: number): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}
