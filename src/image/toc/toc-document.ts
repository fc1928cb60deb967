/**
 * The JSON of a table of contents, which eStargz and zstd:chunked have in common (stargz-snapshotter docs/estargz.md, "TOC and
 * TOCEntries"; containers/storage pkg/chunked, FileMetadata): its entries and chunks, checked one by one. That the chunks fit together
 * is checked where they become a table.
 */
import { OciError } from '../../errors.ts';
import { isTextOfBytes, textOf } from '../../bytes/tar-text.ts';
import type { TarEntryType, TarHeader } from '../../bytes/tar.ts';
import { isObject } from '../../model/descriptor.ts';
import { type Digest, isDigest } from '../../model/digest.ts';
import { quote } from '../../model/quote.ts';
import { paxTime } from './toc-time.ts';

/** The largest that is read, in bytes of JSON; a layer with a larger one is read whole. */
export const MAX_TOC_BYTES: number = 64 * 1024 * 1024;
const MAX_ENTRIES = 2_000_000;
const MAX_NAME = 4096;
/** What Go's JSON makes of bytes that are no UTF-8: what the archive has there is not known. */
const LOST = '\ufffd';

/** A file or whatever else has a name, and what its bytes stand in. */
export interface TocEntry {
  readonly header: TarHeader;
  readonly chunks: TocChunk[];
  /** Of all of its bytes. */
  readonly digest: Digest | undefined;
}

/** A chunk as the document has it. */
export interface TocChunk {
  /** Where its frame starts in the layer. */
  readonly offset: number;
  /** Where the frame ends; 0: where the next one starts. */
  readonly endOffset: number;
  /** Bytes of the frame that come before it. */
  readonly innerOffset: number;
  /** Where it starts in the file. */
  readonly chunkOffset: number;
  /** 0: it goes to the end of the file. */
  readonly chunkSize: number;
  readonly digest: Digest | undefined;
  readonly isZeros: boolean;
}

const types: Readonly<Record<string, TarEntryType>> = {
  reg: 'file',
  dir: 'directory',
  symlink: 'symlink',
  hardlink: 'link',
  char: 'character-device',
  block: 'block-device',
  fifo: 'fifo',
};

/** @throws OciError `LAYOUT_INVALID`, `LIMIT` */
export function parseTocDocument(json: Uint8Array): TocEntry[] {
  refuseMany(json, 2 * MAX_ENTRIES);
  const { version, entries } = parseObject(json);
  if (version !== 1) throw invalid(`its version is ${quote(version, 20)}, not 1`);
  if (!Array.isArray(entries)) throw invalid('its entries are no list');
  if (entries.length > MAX_ENTRIES) throw tooMany();
  const found: TocEntry[] = [];
  const owners = { user: new Map<number, string>(), group: new Map<number, string>() };
  for (const entry of entries) {
    if (!isObject(entry)) throw invalid('an entry is no object');
    if (entry.type !== 'chunk') {
      const header = headerOf(entry, owners);
      const chunks = header.type === 'file' && header.size > 0 ? [chunkOf(entry)] : [];
      found.push({ header, chunks, digest: digestIn(entry, 'digest') });
    } else addChunk(found.at(-1), entry);
  }
  return found;
}

/**
 * Refuses JSON with more objects and lists than that before anything is made of it: an empty one takes thirty times its own size.
 * @throws OciError `LIMIT`
 */
export function refuseMany(json: Uint8Array, most: number): void {
  let opened = 0;
  for (const byte of json) if (byte === 0x7b || byte === 0x5b) opened++;
  if (opened > most) throw tooMany();
}

function parseObject(json: Uint8Array): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
    if (isObject(document)) return document;
  } catch (cause) {
    throw invalid('it is not JSON', cause);
  }
  throw invalid('it is no object');
}

function addChunk(file: TocEntry | undefined, entry: Record<string, unknown>): void {
  if (file === undefined || file.chunks.length === 0) throw invalid('a chunk belongs to no file');
  const { name } = entry;
  if (name !== undefined && name !== file.header.name) {
    throw invalid(`a chunk of ${quote(name, 80)} stands behind ${quote(file.header.name, 80)}`);
  }
  file.chunks.push(chunkOf(entry));
}

function chunkOf(entry: Record<string, unknown>): TocChunk {
  const { chunkType = '' } = entry;
  if (chunkType !== '' && chunkType !== 'zeros') throw invalid(`a chunk is of the type ${quote(chunkType, 40)}`);
  return {
    offset: numberIn(entry, 'offset'),
    endOffset: numberIn(entry, 'endOffset'),
    innerOffset: numberIn(entry, 'innerOffset'),
    chunkOffset: numberIn(entry, 'chunkOffset'),
    chunkSize: numberIn(entry, 'chunkSize'),
    digest: digestIn(entry, 'chunkDigest'),
    isZeros: chunkType === 'zeros',
  };
}

/** `userName` and `groupName` may stand in the first entry of an owner only. */
function headerOf(
  entry: Record<string, unknown>,
  owners: { readonly user: Map<number, string>; readonly group: Map<number, string> },
): TarHeader {
  const type = typeof entry.type === 'string' && Object.hasOwn(types, entry.type) ? types[entry.type] : undefined;
  if (type === undefined) throw invalid(`an entry is of the type ${quote(entry.type, 40)}`);
  const [uid, gid] = [numberIn(entry, 'uid'), numberIn(entry, 'gid')];
  const owner = (names: Map<number, string>, id: number, key: string): string => {
    const name = textIn(entry, key);
    if (name !== '') names.set(id, name);
    return names.get(id) ?? '';
  };
  const time = timeIn(entry);
  const pax = { ...xattrsIn(entry), ...(time.includes('.') ? { mtime: time } : {}) };
  return {
    name: textIn(entry, 'name'),
    type,
    size: type === 'file' ? numberIn(entry, 'size') : 0,
    mode: numberIn(entry, 'mode') & 0o7777,
    uid,
    gid,
    mtime: Number(time),
    linkname: type === 'link' || type === 'symlink' ? textIn(entry, 'linkName') : undefined,
    uname: owner(owners.user, uid, 'userName'),
    gname: owner(owners.group, gid, 'groupName'),
    devmajor: numberIn(entry, 'devMajor'),
    devminor: numberIn(entry, 'devMinor'),
    pax: Object.keys(pax).length === 0 ? undefined : pax,
  };
}

function xattrsIn({ xattrs }: Record<string, unknown>): Record<string, string> {
  if (xattrs === undefined || xattrs === null) return {};
  if (!isObject(xattrs)) throw invalid('xattrs are no object');
  return Object.fromEntries(
    Object.entries(xattrs).map(([name, value]) => [
      `SCHILY.xattr.${checked('the name of an extended attribute', name)}`,
      textOf(base64(value)),
    ]),
  );
}

function base64(value: unknown): Uint8Array {
  try {
    if (typeof value === 'string') return Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
  } catch {
    // told below
  }
  throw invalid('an extended attribute is not base64');
}

/** The zero of Go's time is a time that is not told. */
function timeIn(entry: Record<string, unknown>): string {
  const text = textIn(entry, 'modtime');
  const seconds = text === '' || text.startsWith('0001-01-01T00:00:00') ? '0' : paxTime(text);
  if (seconds === undefined) throw invalid(`${quote(text, 40)} is not a time`);
  return seconds;
}

function numberIn(entry: Record<string, unknown>, key: string): number {
  const value = entry[key] ?? 0;
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw invalid(`${key} is ${quote(value, 40)}`);
  return Number(value);
}

function textIn(entry: Record<string, unknown>, key: string): string {
  return checked(key, entry[key] ?? '');
}

/** Text as an archive could have it. Half a character in JSON (`\udc2f`) may stand for no byte, or for another name's. */
function checked(what: string, value: unknown): string {
  if (typeof value !== 'string' || value.length > MAX_NAME || value.includes('\0') || !isTextOfBytes(value)) {
    throw invalid(`${what} is ${quote(value, 80)}`);
  }
  if (value.includes(LOST)) throw invalid(`${what} is ${quote(value, 80)}, which stands for other bytes`);
  return value;
}

function digestIn(entry: Record<string, unknown>, key: string): Digest | undefined {
  const value = entry[key] ?? '';
  if (value === '') return undefined;
  if (!isDigest(value)) throw invalid(`${key} is not a digest: ${quote(value, 80)}`);
  return value;
}

function tooMany(): OciError {
  return new OciError('LIMIT', `a table of contents has more than ${MAX_ENTRIES} entries`);
}

/** The error for a table of contents that a layer cannot be read by. */
export function invalid(problem: string, cause?: unknown): OciError {
  return new OciError('LAYOUT_INVALID', `not a valid table of contents: ${problem}`, { cause });
}
