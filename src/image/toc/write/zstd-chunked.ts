/**
 * Writes zstd:chunked (containers/storage pkg/chunked, internal/minimal/compression.go): an archive in many zstd frames, and after them,
 * in frames that decoders skip, a table of contents, what tar-split has of the archive, and a footer that tells where both are. It
 * unpacks to the very archive that it is made of.
 */
import { byteReader } from '../../../bytes/byte-reader.ts';
import { digestOf } from '../../../bytes/hash.ts';
import { concat } from '../../../bytes/read.ts';
import type { TarHeader } from '../../../bytes/tar.ts';
import type { Bytes } from '../../../model/call.ts';
import { compressPart } from '../../layer/compress.ts';
import { archivePieces } from './archive-pieces.ts';
import { type Crc64, crc64 } from './crc64.ts';
import { jsonTable } from './json-table.ts';
import type { TocWriteOptions, WrittenLayer } from './layer-writer.ts';
import { type MemberFile, members } from './members.ts';
import { tarSplit } from './tar-split.ts';
import { modificationTime, timeText } from './time-text.ts';
import { headerFields, type TocFields } from './toc-entry.ts';

const PREFIX = 'io.github.containers.zstd-chunked.';
/** RFC 8878, 3.1.2: the magic number, and the size of what follows. */
const SKIPPABLE = [0x50, 0x2a, 0x4d, 0x18] as const;
const SKIPPABLE_HEADER = 8;
/** The only kind of table that there is. */
const CRFS = 1;
const MAGIC = 'GNUlInUx';
/** What stands behind the end of an archive may be as long as somebody likes. */
const SEGMENT = 64 * 1024;
const BLOCK = 512;

/** A frame to be skipped: what stands in it, where, and what it unpacks to. */
interface Part {
  readonly packed: Uint8Array;
  readonly offset: number;
  readonly size: number;
}

/**
 * Writes an archive as a zstd:chunked layer.
 * @throws OciError `UNSUPPORTED` before Node.js 22.15; `LAYOUT_INVALID` for what is no archive, `TOO_LARGE`, `LIMIT` for more entries than a
 * table may have; `USAGE` for a level that there is not
 */
export async function* writeZstdChunked(
  archive: Bytes,
  { level, chunkSize }: TocWriteOptions = {},
): AsyncGenerator<Uint8Array, WrittenLayer> {
  const compress = (bytes: Uint8Array): Promise<Uint8Array> => compressPart(bytes, 'zstd', level);
  const out = members({ compression: 'zstd', level, chunkSize });
  const table = jsonTable();
  const split = tarSplit(compress);
  for await (const { lead, header, body } of archivePieces(archive)) {
    yield* out.loose(lead);
    await split.segment(lead);
    if (header === undefined) {
      for await (const bytes of inSegments(body)) {
        yield* out.loose(bytes);
        await split.segment(bytes);
      }
      break;
    }
    const checksum = crc64();
    const file = yield* out.file(summing(body, checksum), header.size);
    await split.file(header, header.size > 0 ? checksum.digest() : undefined);
    for (const entry of entriesOf(header, lead, file)) table.add(entry);
  }
  yield* out.flush();
  const rest = await split.finish();
  const json = table.finish(rest === undefined ? {} : { tarSplitDigest: rest.digest });
  const packed = await compress(json);
  const toc: Part = { packed, offset: out.position() + SKIPPABLE_HEADER, size: json.length };
  yield* skippable(packed);
  const tar = rest && { ...rest, offset: toc.offset + packed.length + SKIPPABLE_HEADER };
  if (tar !== undefined) yield* skippable(tar.packed);
  yield* skippable(footer(toc, tar));
  return { diffId: out.archive().diffId, annotations: annotationsOf(toc, tar) };
}

async function* summing(body: Bytes, checksum: Crc64): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    checksum.update(chunk);
    yield chunk;
  }
}

async function* inSegments(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const reader = byteReader(bytes);
  for (;;) {
    const segment = await reader.take(SEGMENT);
    if (segment.length > 0) yield segment;
    if (segment.length < SEGMENT) return;
  }
}

function entriesOf(header: TarHeader, lead: Uint8Array, { chunks, digest }: MemberFile): TocFields[] {
  const [first] = chunks;
  const last = chunks.at(-1);
  const isWhole = chunks.length < 2;
  const places = chunks.map(({ start, at, size, digest: chunkDigest }) =>
    isWhole
      ? { offset: start }
      : { offset: start, chunkSize: size, ...(at === 0 ? {} : { chunkOffset: at }), chunkDigest },
  );
  return [
    {
      ...headerFields(header, lead),
      ...timesOf(header, lead),
      ...(first === undefined ? {} : { digest, ...places[0], endOffset: last?.end }),
    },
    ...places.slice(1).map((place) => ({ type: 'chunk', name: header.name, ...place })),
  ];
}

/** Of access and change only what the archive tells: the table is compared with it. */
function timesOf(header: TarHeader, lead: Uint8Array): TocFields {
  const { pax = {} } = header;
  const [accessed, changed] = gnuTimes(lead);
  const times = {
    modtime: modificationTime(header),
    accesstime: timeText(pax.atime ?? accessed ?? ''),
    changetime: timeText(pax.ctime ?? changed ?? ''),
  };
  return Object.fromEntries(Object.entries(times).filter(([, time]) => time !== undefined));
}

/** Headers of the GNU format may have both, in octal digits. */
function gnuTimes(lead: Uint8Array): readonly (string | undefined)[] {
  const field = (at: number, length: number): string => {
    const start = lead.length - BLOCK + at;
    return String.fromCharCode(...lead.subarray(start, start + length));
  };
  if (field(257, 8) !== 'ustar  \0') return [];
  return [345, 357].map((at) => {
    const [, octal] = /^ *([0-7]+)[\0 ]*$/.exec(field(at, 12)) ?? [];
    return octal === undefined ? undefined : String(Number.parseInt(octal, 8));
  });
}

function* skippable(packed: Uint8Array): Generator<Uint8Array> {
  const head = new Uint8Array(SKIPPABLE_HEADER);
  head.set(SKIPPABLE);
  new DataView(head.buffer).setUint32(4, packed.length, true);
  yield concat([head, packed]);
}

/** Seven numbers, the least significant byte first, and the magic number of the format. */
function footer(toc: Part, tar: Part | undefined): Uint8Array {
  const numbers = [toc.offset, toc.packed.length, toc.size, CRFS, tar?.offset, tar?.packed.length, tar?.size];
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  for (const [at, number = 0] of numbers.entries()) view.setBigUint64(at * 8, BigInt(number), true);
  bytes.set(new TextEncoder().encode(MAGIC), 56);
  return bytes;
}

function annotationsOf(toc: Part, tar: Part | undefined): WrittenLayer['annotations'] {
  const place = ({ offset, packed, size }: Part): string => `${offset}:${packed.length}:${size}`;
  return {
    [`${PREFIX}manifest-checksum`]: digestOf(toc.packed),
    [`${PREFIX}manifest-position`]: `${place(toc)}:${CRFS}`,
    ...(tar === undefined ? {} : { [`${PREFIX}tarsplit-position`]: place(tar) }),
  };
}
