/**
 * Tables of contents against the archive that they are of, field by field as the formats are described (stargz-snapshotter
 * docs/estargz.md, "TOCEntries"; containers/storage pkg/chunked, FileMetadata). The archive is read by the tar library itself.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';

/** An entry of the archive. */
export interface Member {
  readonly header: Header;
  readonly body: Buffer;
}

/** An entry of the table, as its JSON has it. */
export type TocRecord = Readonly<Record<string, unknown>>;

/** An entry of the table, and the pieces that follow it. */
export interface TocFile {
  readonly entry: TocRecord;
  readonly chunks: readonly TocRecord[];
}

const kinds: Readonly<Record<string, string>> = {
  file: 'reg',
  directory: 'dir',
  symlink: 'symlink',
  link: 'hardlink',
  'character-device': 'char',
  'block-device': 'block',
  fifo: 'fifo',
};

export const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export async function membersOf(tar: Uint8Array): Promise<Member[]> {
  const found: Member[] = [];
  const parser = extract();
  // What fills up the last body may be missing.
  Readable.from([Buffer.from(tar), Buffer.alloc(512 - (tar.length % 512))]).pipe(parser as never);
  for await (const entry of parser) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(Buffer.from(part as Uint8Array));
    found.push({ header: entry.header, body: Buffer.concat(parts) });
  }
  return found;
}

/** The entries of a table, each with its chunks. */
export function tocFiles(document: unknown): TocFile[] {
  const { version, entries } = document as { version: unknown; entries: TocRecord[] };
  assert.equal(version, 1);
  const files: { entry: TocRecord; chunks: TocRecord[] }[] = [];
  for (const entry of entries) {
    if (entry.type !== 'chunk') {
      files.push({ entry, chunks: [entry] });
      continue;
    }
    const file = files.at(-1);
    assert.ok(file !== undefined);
    assert.equal(entry.name, file.entry.name, 'a chunk stands behind its file');
    file.chunks.push(entry);
  }
  return files;
}

/** What both formats say of an entry, but for its times and places. */
export function assertHeader(entry: TocRecord, { header, body }: Member): void {
  const { pax, uid, gid } = header as Header & { pax?: Record<string, string> };
  assert.equal(entry.type, kinds[header.type]);
  if (!header.name.includes('\ufffd')) assert.equal(entry.name, header.name);
  assert.equal(Number(entry.mode) & 0o7777, (header.mode ?? 0) & 0o7777, `mode of ${header.name}`);
  assert.equal(entry.uid, Number(pax?.uid ?? uid));
  assert.equal(entry.gid, Number(pax?.gid ?? gid));
  assert.equal(entry.size ?? 0, body.length);
  assert.equal(entry.userName ?? '', header.uname);
  assert.equal(entry.groupName ?? '', header.gname);
  const isLink = header.type === 'link' || header.type === 'symlink';
  assert.equal(entry.linkName, isLink ? header.linkname : undefined);
  const isDevice = header.type === 'character-device' || header.type === 'block-device';
  assert.equal(entry.devMajor, isDevice ? header.devmajor : undefined);
  assert.equal(entry.devMinor, isDevice ? header.devminor : undefined);
  const names = Object.keys(pax ?? {}).filter((name) => name.startsWith('SCHILY.xattr.'));
  assert.deepEqual(
    Object.keys(entry.xattrs ?? {}).sort(),
    names.map((name) => name.slice('SCHILY.xattr.'.length)).sort(),
  );
}

/** The time in seconds that the archive tells. */
export function secondsOf({ header }: Member): number {
  const { pax, mtime } = header as Header & { pax?: Record<string, string> };
  return pax?.mtime === undefined ? Number(mtime) / 1000 : Number(pax.mtime);
}

/** A time as RFC 3339 has it, in UTC, in seconds. */
export function rfc3339(text: unknown): number {
  const [, date, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z$/.exec(String(text)) ?? [];
  assert.ok(date !== undefined, `${String(text)} is RFC 3339 in UTC`);
  return Date.parse(`${date}Z`) / 1000 + Number(`0${fraction}`);
}

/** Fields that there are none other of. */
export function assertFields(record: TocRecord, allowed: readonly string[]): void {
  assert.deepEqual(
    Object.keys(record).filter((field) => !allowed.includes(field)),
    [],
  );
}
