/**
 * eStargz (stargz-snapshotter docs/estargz.md): gzip data of many members, a table of contents in the last but one, where that is in the
 * last. The table is believed because the descriptor of the layer has its digest, which is why a layer without that annotation (or a
 * stargz of before it) is read whole.
 */
import { gunzip } from '../../bytes/compress.ts';
import { digestOf } from '../../bytes/hash.ts';
import { fromArray, readAll } from '../../bytes/read.ts';
import { readTar, type TarHeader } from '../../bytes/tar.ts';
import { digestMismatch } from '../../bytes/verify.ts';
import type { Call } from '../../model/call.ts';
import { type Digest, digestAlgorithm, isDigest } from '../../model/digest.ts';
import { quote } from '../../model/quote.ts';
import type { Content } from '../../store/types.ts';
import type { Frame, TableOfContents } from './chunk.ts';
import { readRange } from './read-range.ts';
import { invalid, MAX_TOC_BYTES, parseTocDocument, type TocEntry } from './toc-document.ts';
import { type TableLimits, tableOf } from './toc-table.ts';

const TOC_DIGEST = 'containerd.io/snapshot/stargz/toc.digest';
const TOC_NAME = 'stargz.index.json';
/** With a subfield of the gzip header around the offset, and as stargz had it, without. */
const FOOTER_BYTES = 51;
const LEGACY_FOOTER_BYTES = 47;

/** A table of contents as a layer has it. */
interface Found {
  readonly json: Uint8Array;
  /** Where its member starts in the layer, and ends. */
  readonly start: number;
  readonly end: number;
  /** What comes before it in its member. */
  readonly skip: number;
}

/**
 * The table of contents of an eStargz layer; undefined where the layer is none, or has no table that can be believed or held.
 * @throws OciError `DIGEST_MISMATCH`, `LAYOUT_INVALID`, `TOO_LARGE`, `LIMIT`, and what the content throws
 */
export async function readEstargz(
  layer: Content,
  limits: TableLimits,
  call: Call,
): Promise<TableOfContents | undefined> {
  const { digest, annotations } = layer.descriptor;
  const wanted = annotations?.[TOC_DIGEST];
  if (!isDigest(wanted)) return undefined;
  const found = await findToc(layer, call);
  if (found === undefined) return undefined;
  const actual = digestOf(found.json, digestAlgorithm(wanted));
  if (actual !== wanted) throw digestMismatch(wanted, actual, `the table of contents of layer ${digest}`);
  const entries = [...parseTocDocument(found.json), ownEntry(found, wanted)];
  const unpack: Frame['unpack'] = (bytes, { signal }) => gunzip(bytes, { ...limits, signal });
  return tableOf(entries, { ...limits, unpack, end: found.end });
}

async function findToc(layer: Content, call: Call): Promise<Found | undefined> {
  const { size } = layer.descriptor;
  if (size < FOOTER_BYTES) return undefined;
  const footer = parseFooter(await readRange(layer, size - FOOTER_BYTES, size, call));
  if (footer === undefined) return undefined;
  const { start, length } = footer;
  const end = size - length;
  if (start >= end) throw invalid(`it would start at ${start}, in a layer of ${size} bytes`);
  if (end - start > MAX_TOC_BYTES) return undefined;
  const bytes = await readRange(layer, start, end, call);
  for await (const entry of readTar(gunzip(fromArray(bytes), { maxBytes: MAX_TOC_BYTES * 2, signal: call.signal }))) {
    if (entry.name !== TOC_NAME) throw invalid(`${quote(entry.name, 80)} stands in its place`);
    if (entry.size > MAX_TOC_BYTES) return undefined;
    return { json: await readAll(entry.body, MAX_TOC_BYTES, TOC_NAME), start, end, skip: entry.offset };
  }
  return undefined;
}

/** Where the table starts, and how long the footer is that says so; undefined: it is no footer. */
function parseFooter(bytes: Uint8Array): { readonly start: number; readonly length: number } | undefined {
  const text = String.fromCharCode(...bytes);
  // RFC 1952: gzip, deflate, with an extra field, written at no time by no system.
  const today = /^\x1f\x8b\x08\x04.{6}\x1a\x00SG\x16\x00([0-9a-f]{16})STARGZ/s.exec(text);
  const legacy = /^.{4}\x1f\x8b\x08\x04.{6}\x16\x00([0-9a-f]{16})STARGZ/s.exec(text);
  const [, offset] = today ?? legacy ?? [];
  if (offset === undefined) return undefined;
  return { start: Number.parseInt(offset, 16), length: today === null ? LEGACY_FOOTER_BYTES : FOOTER_BYTES };
}

/** The table is a file of the layer, too, and the only one that it does not tell of. As its writers write it: of nobody, at no time. */
function ownEntry({ json, start, skip }: Found, digest: Digest): TocEntry {
  const header: TarHeader = { name: TOC_NAME, type: 'file', size: json.length, mode: 0, uid: 0, gid: 0, mtime: 0 };
  const place = { offset: start, endOffset: 0, innerOffset: skip, chunkOffset: 0, chunkSize: 0 };
  return { header, chunks: [{ ...place, digest, isZeros: false }], digest };
}
