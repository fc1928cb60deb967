/**
 * zstd:chunked (containers/storage pkg/chunked, internal/minimal/compression.go): zstd data of many frames, a table of contents in one
 * that decoders skip. Where that stands, and what digest it has, is told by annotations of the descriptor; the footer that tells it again
 * is for nobody. stargz-snapshotter writes the same with a table of its own kind.
 */
import { unzstd } from '../../bytes/compress.ts';
import { digestOf } from '../../bytes/hash.ts';
import { fromArray, readAll } from '../../bytes/read.ts';
import { digestMismatch } from '../../bytes/verify.ts';
import type { Call } from '../../model/call.ts';
import type { Annotations } from '../../model/descriptor.ts';
import { digestAlgorithm, isDigest } from '../../model/digest.ts';
import { quote } from '../../model/quote.ts';
import type { Content } from '../../store/types.ts';
import type { Frame, TableOfContents } from './chunk.ts';
import { readRange } from './read-range.ts';
import { invalid, MAX_TOC_BYTES, parseTocDocument } from './toc-document.ts';
import { type TableLimits, tableOf } from './toc-table.ts';

/** skopeo and podman wrote the second until 2023, and stargz-snapshotter does today. */
const PREFIXES = ['io.github.containers.zstd-chunked.', 'io.containers.zstd-chunked.'];
/** The only kind of table that there is. */
const CRFS = '1';
/** What stands before the data in a frame that is to be skipped. */
const SKIPPABLE_HEADER = 8;

interface Place {
  readonly start: number;
  readonly end: number;
  /** Bytes of JSON. */
  readonly size: number;
}

/**
 * The table of contents of a zstd:chunked layer; undefined where the layer is none, or has no table that can be believed or held.
 * @throws OciError `DIGEST_MISMATCH`, `LAYOUT_INVALID`, `TOO_LARGE`, `LIMIT`, and what the content throws
 */
export async function readZstdChunked(
  layer: Content,
  limits: TableLimits,
  call: Call,
): Promise<TableOfContents | undefined> {
  const { digest, annotations = {} } = layer.descriptor;
  const wanted = annotation(annotations, 'manifest-checksum');
  const place = placeOf(annotation(annotations, 'manifest-position'), layer.descriptor.size);
  if (!isDigest(wanted) || place === undefined) return undefined;
  const { start, end, size } = place;
  const packed = await readRange(layer, start, end, call);
  const actual = digestOf(packed, digestAlgorithm(wanted));
  if (actual !== wanted) throw digestMismatch(wanted, actual, `the table of contents of layer ${digest}`);
  const json = await readAll(unzstd(fromArray(packed), { signal: call.signal }), size, 'the table of contents');
  const unpack: Frame['unpack'] = (bytes, { signal }) => unzstd(bytes, { ...limits, signal });
  return tableOf(parseTocDocument(json), { ...limits, unpack, end: start - SKIPPABLE_HEADER });
}

function annotation(annotations: Annotations, name: string): string | undefined {
  return PREFIXES.map((prefix) => annotations[`${prefix}${name}`]).find((value) => value !== undefined);
}

/** `offset:length:uncompressed length:type` */
function placeOf(position: string | undefined, layerSize: number): Place | undefined {
  if (position === undefined) return undefined;
  const [, offset, length, size, type] = /^(\d{1,15}):(\d{1,15}):(\d{1,15}):(\d+)$/.exec(position) ?? [];
  if (type === undefined) throw invalid(`it is said to stand at ${quote(position, 80)}`);
  const place = { start: Number(offset), end: Number(offset) + Number(length), size: Number(size) };
  if (place.start < SKIPPABLE_HEADER || place.end > layerSize || place.start === place.end) {
    throw invalid(`it would stand at ${quote(position, 80)}, in a layer of ${layerSize} bytes`);
  }
  return type === CRFS && Number(length) <= MAX_TOC_BYTES && place.size <= MAX_TOC_BYTES ? place : undefined;
}
