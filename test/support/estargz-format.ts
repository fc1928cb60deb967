/**
 * What the description of eStargz demands of a layer (stargz-snapshotter docs/estargz.md), checked on its bytes by node:zlib and the tar
 * library alone: where gzip members begin, the footer, the table of contents, the landmark, every digest.
 */
import assert from 'node:assert/strict';
import { gunzipSync, inflateRawSync } from 'node:zlib';
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

/** A gzip member of the layer. */
export interface GzipMember {
  readonly start: number;
  readonly end: number;
  readonly body: Buffer;
}

export interface EstargzLayer {
  /** What the layer unpacks to. */
  readonly tar: Buffer;
  readonly members: readonly GzipMember[];
  readonly files: readonly TocFile[];
}

const REQUIRED = ['name', 'type', 'mode', 'uid', 'gid'];
const OPTIONAL = ['size', 'modtime', 'linkName', 'userName', 'groupName', 'devMajor', 'devMinor', 'xattrs', 'digest'];
const PLACES = ['offset', 'chunkOffset', 'chunkSize', 'chunkDigest'];

/** @returns what was found, for checks that go on */
export async function assertEstargz(layer: Uint8Array, annotations: Annotations): Promise<EstargzLayer> {
  const members = gzipMembers(layer);
  const tar = gunzipSync(layer);
  assert.deepEqual(Buffer.concat(members.map(({ body }) => body)), tar, 'it is one valid gzip stream');
  const toc = tocMember(layer, members);
  const archive = await membersOf(tar);
  const last = archive.pop();
  assert.equal(last?.header.name, 'stargz.index.json', 'the table is the last entry of the archive');
  const [own] = await membersOf(toc.body);
  assert.deepEqual(own?.body, last?.body, 'and its gzip member begins with its header');
  const json = last?.body ?? Buffer.alloc(0);
  assert.equal(annotations['containerd.io/snapshot/stargz/toc.digest'], sha256(json));
  assert.equal(annotations['io.containers.estargz.uncompressed-size'], String(tar.length));
  const files = tocFiles(JSON.parse(json.toString()));
  assert.equal(files.length, archive.length, 'an entry for each but the table itself');
  for (const [at, file] of files.entries()) assertFile(file, archive[at], members);
  assertLandmark(archive);
  return { tar, members, files };
}

/** The members from the first byte to the last. */
export function gzipMembers(layer: Uint8Array): GzipMember[] {
  const found: GzipMember[] = [];
  for (let start = 0; start < layer.length; ) {
    const head = layer.subarray(start);
    assert.deepEqual([...head.subarray(0, 3)], [0x1f, 0x8b, 8], `a gzip header at ${start}`);
    const flags = head[3] ?? 0;
    assert.equal(flags & ~4, 0, 'no names, no comments: the same everywhere');
    const body = 10 + ((flags & 4) === 0 ? 0 : 2 + (head[10] ?? 0) + 256 * (head[11] ?? 0));
    const { engine } = inflateRawSync(head.subarray(body), { info: true }) as unknown as {
      engine: { bytesWritten: number };
    };
    const end = start + body + engine.bytesWritten + 8;
    // The checksum is looked at, too.
    found.push({ start, end, body: gunzipSync(layer.subarray(start, end)) });
    start = end;
  }
  return found;
}

function tocMember(layer: Uint8Array, members: readonly GzipMember[]): GzipMember {
  const footer = Buffer.from(layer.subarray(layer.length - 51));
  assert.equal(members.at(-1)?.start, layer.length - 51, 'the footer is a member of 51 bytes');
  assert.equal(members.at(-1)?.body.length, 0, 'an empty one');
  assert.deepEqual([...footer.subarray(0, 4)], [0x1f, 0x8b, 8, 4]);
  assert.deepEqual(
    [footer.readUInt16LE(10), footer.toString('latin1', 12, 14), footer.readUInt16LE(14)],
    [26, 'SG', 22],
  );
  const [, offset = ''] = /^([0-9a-f]{16})STARGZ$/.exec(footer.toString('latin1', 16, 38)) ?? [];
  assert.deepEqual([...footer.subarray(38, 43)], [1, 0, 0, 0xff, 0xff], 'a block that is stored, of nothing');
  const found = members.find(({ start }) => start === Number.parseInt(offset, 16));
  assert.ok(found !== undefined, 'the footer tells where a member starts');
  assert.equal(found.end, layer.length - 51, 'the one before the footer');
  return found;
}

function assertFile({ entry, chunks }: TocFile, member: Member | undefined, members: readonly GzipMember[]): void {
  assert.ok(member !== undefined);
  const { header, body } = member;
  assertFields(entry, [...REQUIRED, ...OPTIONAL, ...PLACES]);
  for (const field of REQUIRED) assert.ok(field in entry, `${header.name} has ${field}`);
  assertHeader(entry, member);
  // An empty time is zero, or one that is not known.
  assert.equal(entry.modtime === undefined ? 0 : rfc3339(entry.modtime), secondsOf(member), header.name);
  if (body.length === 0) return assertFields(entry, [...REQUIRED, ...OPTIONAL.filter((field) => field !== 'digest')]);
  assert.equal(entry.digest, sha256(body));
  let at = 0;
  for (const [index, chunk] of chunks.entries()) {
    if (index > 0) assertFields(chunk, ['name', 'type', ...PLACES]);
    const found = members.find(({ start }) => start === chunk.offset);
    assert.ok(found !== undefined, `a gzip member starts at ${String(chunk.offset)}`);
    assert.equal(chunk.chunkOffset ?? 0, at);
    assert.equal(chunk.chunkSize ?? 0, index === chunks.length - 1 ? 0 : found.body.length, '0 for the last');
    assert.deepEqual(found.body, body.subarray(at, at + found.body.length), 'the member is the chunk, and no more');
    assert.equal(chunk.chunkDigest, sha256(found.body));
    at += found.body.length;
  }
  assert.equal(at, body.length, `the chunks of ${header.name} are all of it`);
}

function assertLandmark(archive: readonly Member[]): void {
  const marks = archive.filter(({ header }) => /^(\.\/)?\.(no\.)?prefetch\.landmark$/.test(header.name));
  assert.equal(marks.length, 1, 'one landmark');
  assert.equal(marks[0]?.header.type, 'file');
  assert.deepEqual([...(marks[0]?.body ?? [])], [0x0f]);
}
