/**
 * Writes eStargz (stargz-snapshotter docs/estargz.md): an archive in many gzip members, with two files of the format's own in it, the
 * landmark and the table of contents, which is why it unpacks to more than the archive that it is made of.
 */
import { digestOf } from '../../../bytes/hash.ts';
import { concat, fromArray } from '../../../bytes/read.ts';
import { TAR_END, tarHeader, type TarHeader, tarPadding } from '../../../bytes/tar.ts';
import type { Bytes } from '../../../model/call.ts';
import { pathNames } from '../../files/layer-entries.ts';
import { ESTARGZ_TOC_DIGEST } from '../../layer/form.ts';
import { archivePieces, withoutEntries } from './archive-pieces.ts';
import { jsonTable } from './json-table.ts';
import type { TocWriteOptions, WrittenLayer } from './layer-writer.ts';
import { type MemberFile, members } from './members.ts';
import { modificationTime } from './time-text.ts';
import { headerFields, type TocFields } from './toc-entry.ts';

const TOC_NAME = 'stargz.index.json';
/** What stands before it is fetched ahead; the other says that nothing need be. */
const LANDMARKS = ['.prefetch.landmark', '.no.prefetch.landmark'] as const;
const LANDMARK = new Uint8Array([0x0f]);
/** By which podman knows how much space a layer will take. */
const UNCOMPRESSED_SIZE = 'io.containers.estargz.uncompressed-size';

/**
 * Writes an archive as an eStargz layer. Its entries stay byte for byte in their order, and so does a landmark that is among them; an
 * earlier table of contents is left out, and whatever stands behind the end of the archive.
 * @throws OciError `LAYOUT_INVALID` for what is no archive, `TOO_LARGE`, `LIMIT` for more entries than a table may have; `USAGE` for a
 * level that there is not
 */
export async function* writeEstargz(
  archive: Bytes,
  options: TocWriteOptions = {},
): AsyncGenerator<Uint8Array, WrittenLayer> {
  const out = members({ ...options, compression: 'gzip' });
  const table = jsonTable();
  let hasLandmark = false;
  let last = 0;
  for await (const { lead, header, body } of archivePieces(archive, (entry) => !isToc(entry))) {
    yield* out.loose(lead);
    if (header === undefined) {
      for await (const _ of body);
      // Go's writer leaves it out of an archive that nobody closed; here more follows.
      yield* out.loose(tarPadding(last + lead.length));
      break;
    }
    last = header.size;
    const file = yield* out.file(body, header.size);
    for (const entry of entriesOf(header, lead, file)) table.add(entry);
    hasLandmark ||= isLandmark(header);
  }
  if (!hasLandmark) {
    const header = ownHeader(LANDMARKS[1], LANDMARK.length);
    const lead = await tarHeader(header);
    yield* out.loose(lead);
    const file = yield* out.file(fromArray(LANDMARK), LANDMARK.length);
    for (const entry of entriesOf(header, lead, file)) table.add(entry);
    yield* out.loose(tarPadding(LANDMARK.length));
  }
  yield* out.flush();
  const offset = out.position();
  const json = table.finish();
  const head = await tarHeader(ownHeader(TOC_NAME, json.length));
  yield* out.loose(concat([head, json, tarPadding(json.length), TAR_END]));
  yield* out.flush();
  yield footer(offset);
  const { diffId, size } = out.archive();
  return { diffId, annotations: { [ESTARGZ_TOC_DIGEST]: digestOf(json), [UNCOMPRESSED_SIZE]: String(size) } };
}

/** An archive that was in an eStargz layer, without the files of the format's own. */
export function withoutEstargzFiles(archive: Bytes): AsyncGenerator<Uint8Array> {
  return withoutEntries(archive, (header) => !isToc(header) && !isLandmark(header));
}

function isToc(header: TarHeader): boolean {
  return isAtRoot(header, [TOC_NAME]);
}

function isLandmark(header: TarHeader): boolean {
  return isAtRoot(header, LANDMARKS);
}

function isAtRoot({ name, type }: TarHeader, wanted: readonly string[]): boolean {
  return type === 'file' && wanted.includes(pathNames(name).join('/'));
}

/** Of nobody, at no time, as stargz-snapshotter writes them. */
function ownHeader(name: string, size: number): TarHeader {
  return { name, type: 'file', size, mode: 0, uid: 0, gid: 0, mtime: 0 };
}

function entriesOf(header: TarHeader, lead: Uint8Array, { chunks, digest }: MemberFile): TocFields[] {
  const { name, mtime } = header;
  const modtime = mtime === 0 ? undefined : modificationTime(header);
  const places = chunks.map(({ start, at, size, digest: chunkDigest }, index) => ({
    offset: start,
    ...(at === 0 ? {} : { chunkOffset: at }),
    // Of the last it is said to be 0: what goes to the end of the file.
    ...(index === chunks.length - 1 ? {} : { chunkSize: size }),
    chunkDigest,
  }));
  const [first = {}, ...more] = places;
  return [
    {
      ...headerFields(header, lead),
      ...(modtime === undefined ? {} : { modtime }),
      ...(digest === undefined ? {} : { digest }),
      ...first,
    },
    ...more.map((place) => ({ name, type: 'chunk', ...place })),
  ];
}

/** An empty gzip member (RFC 1952) whose extra field tells where the table of contents starts. */
function footer(offset: number): Uint8Array {
  const subfield = new TextEncoder().encode(`${offset.toString(16).padStart(16, '0')}STARGZ`);
  return concat([
    // gzip, deflate, with an extra field; at no time, by no system
    new Uint8Array([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, subfield.length + 4, 0]),
    new Uint8Array([0x53, 0x47, subfield.length, 0]), // S, G
    subfield,
    new Uint8Array([1, 0, 0, 0xff, 0xff]), // a last block, stored, of nothing
    new Uint8Array(8), // its checksum and its size
  ]);
}
