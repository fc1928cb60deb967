/** The index of a gzip layer as the table of contents that the layer lacks, and as the bytes that a cache keeps. */
import { gunzip, gzip } from '../../bytes/compress.ts';
import { concat, fromArray, readAll } from '../../bytes/read.ts';
import type { TarPlace } from '../../bytes/tar.ts';
import { isObject } from '../../model/descriptor.ts';
import { type Digest, isDigest } from '../../model/digest.ts';
import { layerEntry } from '../files/layer-entries.ts';
import type { FramedChunk, Part, TableOfContents } from './chunk.ts';
import { frameOf } from './gzip-piece.ts';
import { fitsTogether, type GzipIndex, type IndexedPiece } from './gzip-recorder.ts';
import { refuseLarge, type TableLimits } from './toc-table.ts';

/** The kind of the bytes below: another number for any other. */
const VERSION = 1;
const MAX_HEAD_BYTES = 512 * 1024 * 1024;

/** What the index of a layer is kept under. */
export function gzipIndexKey(layer: Digest): string {
  return `gzip-index-${VERSION}/${layer}`;
}

/** @throws OciError `TOO_LARGE` */
export function indexTable({ entries, pieces }: GzipIndex, size: number, limits: TableLimits): TableOfContents {
  const last = pieces.at(-1);
  const total = last === undefined ? 0 : last.out + last.size;
  refuseLarge(total, size, limits);
  const chunks = pieces.map((piece): FramedChunk => {
    const { windowSize, size, digest } = piece;
    return { frame: frameOf(piece, limits), skip: windowSize, size, digest };
  });
  return {
    entries: entries.map(({ offset: _, ...header }, index) => layerEntry(header, index)),
    parts({ index }) {
      const { offset = 0, size = 0 } = entries[index] ?? {};
      return partsBetween(pieces, chunks, offset, offset + size);
    },
  };
}

function partsBetween(
  pieces: readonly IndexedPiece[],
  chunks: readonly FramedChunk[],
  start: number,
  end: number,
): Part[] {
  const parts: Part[] = [];
  for (let at = pieceAt(pieces, start); at < pieces.length; at++) {
    const { out = 0, size = 0 } = pieces[at] ?? {};
    const chunk = chunks[at];
    if (out >= end || chunk === undefined) break;
    parts.push({ chunk, from: Math.max(0, start - out), to: Math.min(size, end - out) });
  }
  return parts;
}

/** The first piece that ends behind a place. */
function pieceAt(pieces: readonly IndexedPiece[], place: number): number {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const { out = 0, size = 0 } = pieces[middle] ?? {};
    if (out + size <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The bytes to keep: how long the first part is, that (JSON, compressed), then the windows of the pieces. */
export async function encodeIndex({ entries, pieces }: GzipIndex): Promise<Uint8Array> {
  const records = pieces.map(({ window, ...piece }) => ({ ...piece, windowLength: window.length }));
  const json = new TextEncoder().encode(JSON.stringify({ version: VERSION, entries, pieces: records }));
  const head = await readAll(gzip(fromArray(json), { level: 1 }), MAX_HEAD_BYTES, 'an index');
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length);
  return concat([length, head, ...pieces.map(({ window }) => window)]);
}

/** Reads what was kept; undefined where it is anything else. */
export async function decodeIndex(bytes: Uint8Array): Promise<GzipIndex | undefined> {
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0);
    const head = gunzip(fromArray(bytes.subarray(4, 4 + length)), { maxBytes: MAX_HEAD_BYTES });
    const json: unknown = JSON.parse(new TextDecoder().decode(await readAll(head, MAX_HEAD_BYTES, 'an index')));
    if (!isObject(json) || json.version !== VERSION) return undefined;
    const { entries, pieces } = json;
    if (!Array.isArray(entries) || !Array.isArray(pieces) || !entries.every(isEntry)) return undefined;
    let at = 4 + length;
    const windowed = pieces.map((piece: unknown) => {
      if (!isPiece(piece)) throw new Error('a piece is none');
      const { windowLength, ...rest } = piece;
      at += windowLength;
      return { ...rest, window: bytes.subarray(at - windowLength, at) };
    });
    const index = { entries, pieces: windowed };
    return at === bytes.length && fitsTogether(index) ? index : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is TarPlace {
  return (
    isObject(value) &&
    typeof value.name === 'string' &&
    typeof value.type === 'string' &&
    areCounts(value, 'size', 'offset')
  );
}

function isPiece(value: unknown): value is Omit<IndexedPiece, 'window'> & { readonly windowLength: number } {
  if (!isObject(value) || typeof value.isLast !== 'boolean' || !isDigest(value.digest)) return false;
  return areCounts(value, 'from', 'to', 'head', 'windowSize', 'windowLength', 'out', 'size');
}

function areCounts(value: Record<string, unknown>, ...keys: readonly string[]): boolean {
  return keys.every((key) => Number.isSafeInteger(value[key]) && Number(value[key]) >= 0);
}
