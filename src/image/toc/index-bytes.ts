/**
 * The index of a gzip layer as the bytes that a cache keeps: how long the first part is, that (JSON, compressed), then the windows of the
 * pieces. What comes back is believed in nothing that it does not show: it may be damaged, of another layer, or of another program.
 */
import { gunzip, gzip } from '../../bytes/compress.ts';
import { concat, fromArray, readAll } from '../../bytes/read.ts';
import { isTextOfBytes } from '../../bytes/tar-text.ts';
import type { TarEntryType, TarPlace } from '../../bytes/tar.ts';
import { type Descriptor, isObject } from '../../model/descriptor.ts';
import { type Digest, isDigest } from '../../model/digest.ts';
import { fitsTogether, type GzipIndex, type IndexedPiece, MAX_INDEXED_ENTRIES, MAX_PIECES } from './gzip-recorder.ts';
import { MAX_TOC_BYTES, refuseMany } from './toc-document.ts';

/** The kind of these bytes: another number for any other. */
const VERSION = 1;
/** The JSON has an object for each piece and entry, and one for the extended attributes of an entry. */
const MAX_OBJECTS = MAX_PIECES + 2 * MAX_INDEXED_ENTRIES + 4;
const types: ReadonlySet<unknown> = new Set<TarEntryType>([
  'file',
  'link',
  'symlink',
  'directory',
  'character-device',
  'block-device',
  'fifo',
  'contiguous-file',
]);

/** What the index of a layer is kept under. */
export function gzipIndexKey(layer: Digest): string {
  return `gzip-index-${VERSION}/${layer}`;
}

/** @returns undefined: it is too large to be kept. */
export async function encodeIndex({ entries, pieces }: GzipIndex, layer: Digest): Promise<Uint8Array | undefined> {
  const records = pieces.map(({ window, ...piece }) => ({ ...piece, windowLength: window.length }));
  const json = new TextEncoder().encode(JSON.stringify({ version: VERSION, layer, entries, pieces: records }));
  if (json.length > MAX_TOC_BYTES) return undefined;
  const head = await readAll(gzip(fromArray(json), { level: 1 }), 2 * MAX_TOC_BYTES, 'an index');
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length);
  return concat([length, head, ...pieces.map(({ window }) => window)]);
}

/** Reads what was kept; undefined where it is anything else than an index of this layer. */
export async function decodeIndex(bytes: Uint8Array, layer: Descriptor): Promise<GzipIndex | undefined> {
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0);
    const head = gunzip(fromArray(bytes.subarray(4, 4 + length)), { maxBytes: MAX_TOC_BYTES });
    const json = await readAll(head, MAX_TOC_BYTES, 'an index');
    refuseMany(json, MAX_OBJECTS);
    const document: unknown = JSON.parse(new TextDecoder().decode(json));
    if (!isObject(document) || document.version !== VERSION || document.layer !== layer.digest) return undefined;
    const { entries, pieces } = document;
    if (!Array.isArray(entries) || !entries.every(isEntry) || !Array.isArray(pieces)) return undefined;
    const index = { entries, pieces: withWindows(pieces, bytes.subarray(4 + length)) };
    return fitsTogether(index, layer.size) ? index : undefined;
  } catch {
    return undefined;
  }
}

function withWindows(pieces: readonly unknown[], windows: Uint8Array): readonly IndexedPiece[] {
  let at = 0;
  const windowed = pieces.map((piece): IndexedPiece => {
    if (!isPiece(piece)) throw new Error('a piece is none');
    const { windowLength, ...rest } = piece;
    at += windowLength;
    return { ...rest, window: windows.subarray(at - windowLength, at) };
  });
  if (at !== windows.length) throw new Error('it is not as long as it says');
  return windowed;
}

function isEntry(value: unknown): value is TarPlace {
  if (!isObject(value) || !isText(value.name) || !types.has(value.type)) return false;
  const { pax } = value;
  return (
    areCounts(value, 'size', 'offset') &&
    ['mode', 'uid', 'gid', 'mtime'].every((key) => Number.isFinite(value[key])) &&
    ['devmajor', 'devminor'].every((key) => value[key] === undefined || Number.isFinite(value[key])) &&
    ['linkname', 'uname', 'gname'].every((key) => value[key] === undefined || isText(value[key])) &&
    (pax === undefined || (isObject(pax) && Object.entries(pax).flat().every(isText)))
  );
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && isTextOfBytes(value);
}

function isPiece(value: unknown): value is Omit<IndexedPiece, 'window'> & { readonly windowLength: number } {
  if (!isObject(value) || typeof value.isLast !== 'boolean' || !isDigest(value.digest)) return false;
  return areCounts(value, 'from', 'to', 'head', 'windowSize', 'windowLength', 'out', 'size');
}

function areCounts(value: Record<string, unknown>, ...keys: readonly string[]): boolean {
  return keys.every((key) => Number.isSafeInteger(value[key]) && Number(value[key]) >= 0);
}
