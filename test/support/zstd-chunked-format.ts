/**
 * What zstd:chunked is (containers/storage pkg/chunked, internal/minimal/compression.go, and vbatts/tar-split, tar/storage), checked on
 * the bytes of a layer by fzstd and the tar library alone: frames, the table of contents, the footer, every digest, and that of files
 * and tar-split the archive comes again.
 */
import assert from 'node:assert/strict';
import { decompress } from 'fzstd';
import type { Annotations } from '../../src/model/descriptor.ts';
import {
  assertFields,
  assertHeader,
  type Member,
  membersOf,
  rfc3339,
  secondsOf,
  sha256,
  type TocFile,
  tocFiles,
} from './toc-entries.ts';

/** A frame of the layer; one that decoders skip has its bytes as they are. */
export interface ZstdFrame {
  readonly start: number;
  readonly end: number;
  readonly isSkipped: boolean;
  readonly body: Buffer;
}

export interface ZstdChunkedLayer {
  readonly tar: Buffer;
  readonly frames: readonly ZstdFrame[];
  readonly files: readonly TocFile[];
  readonly document: Readonly<Record<string, unknown>>;
}

const PREFIX = 'io.github.containers.zstd-chunked.';
const HEADER = [
  'type',
  'name',
  'linkName',
  'mode',
  'size',
  'uid',
  'gid',
  'devMajor',
  'devMinor',
  'xattrs',
  'digest',
].concat(
  // Of the CRFS table, which the type of the manifest promises.
  ['userName', 'groupName'],
);
const TIMES = ['modtime', 'accesstime', 'changetime'];
const CHUNK = ['offset', 'chunkSize', 'chunkOffset', 'chunkDigest', 'chunkType'];

export async function assertZstdChunked(layer: Uint8Array, annotations: Annotations): Promise<ZstdChunkedLayer> {
  const frames = zstdFrames(layer);
  const plain = frames.filter(({ isSkipped }) => !isSkipped);
  const tar = Buffer.concat(plain.map(({ body }) => body));
  const skipped = frames.slice(plain.length);
  assert.ok(
    skipped.every(({ isSkipped }) => isSkipped),
    'what is skipped comes after all else',
  );
  const [toc, footer, split] = [skipped[0], skipped.at(-1), skipped.length === 3 ? skipped[1] : undefined];
  assert.ok(toc && footer && skipped.length >= 2);
  const json = unpack(toc.body);
  assert.equal(annotations[`${PREFIX}manifest-checksum`], sha256(toc.body));
  const place = [toc.start + 8, toc.body.length, json.length];
  assert.equal(annotations[`${PREFIX}manifest-position`], [...place, 1].join(':'));
  const document = JSON.parse(json.toString()) as Record<string, unknown>;
  assertFields(document, ['version', 'entries', 'tarSplitDigest']);
  const lines = split && unpack(split.body);
  const splitPlace = split && lines ? [split.start + 8, split.body.length, lines.length] : undefined;
  assert.equal(annotations[`${PREFIX}tarsplit-position`], splitPlace?.join(':'));
  assert.equal(document.tarSplitDigest, split && sha256(split.body));
  assert.equal(footer.body.length, 64);
  const numbers = Array.from({ length: 7 }, (_, at) => Number(footer.body.readBigUInt64LE(at * 8)));
  assert.deepEqual(numbers, [...place, 1, ...(splitPlace ?? [0, 0, 0])]);
  assert.equal(footer.body.toString('latin1', 56), 'GNUlInUx');
  const archive = await membersOf(tar);
  const files = tocFiles(document);
  assert.equal(files.length, archive.length, 'an entry for each of the archive');
  for (const [at, file] of files.entries()) assertFile(file, archive[at], plain);
  if (lines !== undefined) assertTarSplit(lines, archive, tar);
  return { tar, frames, files, document };
}

/** The frames from the first byte to the last (RFC 8878, 3.1). */
export function zstdFrames(layer: Uint8Array): ZstdFrame[] {
  const bytes = Buffer.from(layer.buffer, layer.byteOffset, layer.length);
  const found: ZstdFrame[] = [];
  for (let start = 0; start < bytes.length; ) {
    const magic = bytes.readUInt32LE(start);
    const isSkipped = magic === 0x184d2a50;
    if (!isSkipped) assert.equal(magic, 0xfd2fb528, `a frame at ${start}`);
    const end = isSkipped ? start + 8 + bytes.readUInt32LE(start + 4) : frameEnd(bytes, start);
    const body = isSkipped ? bytes.subarray(start + 8, end) : unpack(bytes.subarray(start, end));
    found.push({ start, end, isSkipped, body });
    start = end;
  }
  return found;
}

function frameEnd(bytes: Buffer, start: number): number {
  const flags = bytes[start + 4] ?? 0;
  const isSingle = (flags & 0x20) !== 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0;
  let at = start + 5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][flags & 3] ?? 0) + sizeBytes;
  for (let isLast = false; !isLast; ) {
    const block = bytes.readUIntLE(at, 3);
    isLast = (block & 1) === 1;
    at += 3 + (((block >> 1) & 3) === 1 ? 1 : block >> 3);
  }
  return at + ((flags & 4) === 0 ? 0 : 4);
}

function unpack(frames: Uint8Array): Buffer {
  return Buffer.from(decompress(frames));
}

function assertFile({ entry, chunks }: TocFile, member: Member | undefined, frames: readonly ZstdFrame[]): void {
  assert.ok(member !== undefined);
  const { header, body } = member;
  assertFields(entry, [...HEADER, ...TIMES, ...CHUNK, 'endOffset']);
  assertHeader(entry, member);
  assert.equal(rfc3339(entry.modtime), secondsOf(member), header.name);
  if (body.length === 0) return assertFields(entry, [...HEADER.filter((field) => field !== 'digest'), ...TIMES]);
  assert.equal(entry.digest, sha256(body));
  assertChunks(chunks, body, frames, Number(entry.endOffset));
}

function assertChunks(chunks: TocFile['chunks'], body: Buffer, frames: readonly ZstdFrame[], end: number): void {
  let at = 0;
  for (const [index, chunk] of chunks.entries()) {
    if (index > 0) assertFields(chunk, ['type', 'name', ...CHUNK]);
    const frame = frames.find(({ start }) => start === chunk.offset);
    assert.ok(frame !== undefined, `a frame starts at ${String(chunk.offset)}`);
    assert.deepEqual(frame.body, body.subarray(at, at + frame.body.length), 'the frame is the chunk, and no more');
    assert.equal(chunk.chunkOffset ?? 0, at);
    // Where there is one chunk, it is the file, and nothing is said of it beside.
    assert.equal(chunk.chunkSize, chunks.length === 1 ? undefined : frame.body.length);
    assert.equal(chunk.chunkDigest, chunks.length === 1 ? undefined : sha256(frame.body));
    at += frame.body.length;
    if (index === chunks.length - 1) assert.equal(end, frame.end, 'endOffset is where the last one ends');
  }
  assert.equal(at, body.length, 'the chunks are all of the file');
}

interface SplitLine {
  readonly type: number;
  readonly name?: string;
  readonly name_raw?: string;
  readonly size?: number;
  readonly payload: string | null;
  readonly position: number;
}

function assertTarSplit(lines: Buffer, archive: readonly Member[], tar: Buffer): void {
  const parts: Buffer[] = [];
  const files = [...archive];
  for (const [position, line] of lines.toString().trimEnd().split('\n').entries()) {
    const entry = JSON.parse(line) as SplitLine;
    assert.equal(entry.position, position);
    const payload = entry.payload === null ? undefined : Buffer.from(entry.payload, 'base64');
    if (entry.type === 2) parts.push(payload ?? Buffer.alloc(0));
    else {
      const { header, body } = files.shift() ?? assert.fail('it has more files than the archive');
      assert.equal(entry.type, 1);
      assert.equal(entry.size ?? 0, body.length);
      if (entry.name === undefined) assert.ok(header.name.includes('\ufffd'));
      else assert.equal(entry.name, header.name);
      assert.deepEqual(payload, body.length === 0 ? undefined : crc64(body));
      parts.push(body);
    }
  }
  assert.equal(files.length, 0, 'it has all files');
  assert.deepEqual(Buffer.concat(parts), tar, 'put together again it is the archive');
}

/** As Go's hash/crc64 describes the table of ISO: reflected, ones before and after; bit by bit, of the first bytes quickly enough. */
function crc64(bytes: Uint8Array): Buffer {
  let crc = 0xffff_ffff_ffff_ffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1n) === 1n ? (crc >> 1n) ^ 0xd800_0000_0000_0000n : crc >> 1n;
  }
  const sum = Buffer.alloc(8);
  sum.writeBigUInt64BE(~crc & 0xffff_ffff_ffff_ffffn);
  return sum;
}
