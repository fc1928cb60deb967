/**
 * Layers with a table of contents, written here from what the formats say (stargz-snapshotter docs/estargz.md; containers/storage
 * pkg/chunked) and from nothing else, so that a test can write tables that lie. Any runtime can: the zstd data is stored.
 */
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/bytes/hash.ts';
import { concat, fromArray, readAll } from '../../src/bytes/read.ts';
import { TAR_END, type TarFile, tarHeader, tarPadding } from '../../src/bytes/tar.ts';
import type { Annotations } from '../../src/model/descriptor.ts';
import { OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from '../../src/model/media-types.ts';
import type { LayerSpec } from '../../src/testing/fixtures.ts';
import { encode, tarOf } from './layered.ts';
import { storedZstd } from './stored-zstd.ts';

export type TocKind = 'estargz' | 'zstd:chunked';

/** An entry of a table as its JSON has it. */
export type TableEntry = Record<string, unknown>;

export interface TocLayerOptions {
  /** Bytes of a file in a chunk; 64 KiB unless told. */
  readonly chunkSize?: number | undefined;
  /** What the table has in the place of its entries. */
  readonly change?: ((entries: TableEntry[]) => unknown) | undefined;
  /** What the layer has in the place of its table; the digest that is told is that of the right one. */
  readonly swap?: ((json: Uint8Array) => Uint8Array) | undefined;
  /** What the descriptor has in the place of its annotations. */
  readonly annotate?: ((annotations: Annotations) => Annotations) | undefined;
}

const types: Readonly<Record<string, string>> = { file: 'reg', directory: 'dir', symlink: 'symlink', link: 'hardlink' };

export async function tocLayer(
  kind: TocKind,
  files: readonly TarFile[],
  options: TocLayerOptions = {},
): Promise<LayerSpec & { readonly bytes: Uint8Array }> {
  const { change = (entries) => entries, annotate = (annotations) => annotations } = options;
  const written = await writeEntries(kind, files, options.chunkSize ?? 64 * 1024);
  const json = encode(JSON.stringify({ version: 1, entries: change(written.entries) }));
  const { tail, annotations } = await { estargz: estargzTail, 'zstd:chunked': zstdTail }[kind](
    json,
    written.size,
    options.swap ?? ((same) => same),
  );
  const bytes = concat([...written.parts, tail]);
  const mediaType = kind === 'estargz' ? OCI_LAYER_GZIP : OCI_LAYER_ZSTD;
  return { bytes, mediaType, diffId: digestOf(await tarOf(files)), annotations: annotate(annotations) };
}

function member(kind: TocKind, bytes: Uint8Array): Uint8Array {
  return kind === 'estargz' ? new Uint8Array(gzipSync(bytes)) : storedZstd(bytes);
}

async function writeEntries(
  kind: TocKind,
  files: readonly TarFile[],
  chunkSize: number,
): Promise<{ parts: Uint8Array[]; entries: TableEntry[]; size: number }> {
  const parts: Uint8Array[] = [];
  const entries: TableEntry[] = [];
  let size = 0;
  let loose: Uint8Array[] = [];
  const put = (bytes: Uint8Array): number => {
    const start = size;
    if (bytes.length > 0) parts.push(member(kind, bytes));
    if (bytes.length > 0) size += parts.at(-1)?.length ?? 0;
    return start;
  };
  for (const file of files) {
    const body = await readAll(file.body ?? fromArray(new Uint8Array(0)), 1 << 28, 'body');
    loose.push(await tarHeader(file));
    const [first = {}, ...more] = chunksOf(body, chunkSize).map((chunk, index) => {
      if (index === 0) put(concat(loose.splice(0)));
      const place = { chunkOffset: index * chunkSize, chunkSize: chunk.length, chunkDigest: digestOf(chunk) };
      return { ...place, offset: put(chunk) };
    });
    const ends = kind === 'zstd:chunked' && body.length > 0 ? { endOffset: size } : {};
    entries.push({ ...headOf(file, body), ...first, ...ends });
    entries.push(...more.map((place) => ({ type: 'chunk', name: file.name, ...place })));
    loose.push(tarPadding(body.length));
  }
  if (kind === 'zstd:chunked') loose.push(TAR_END);
  put(concat(loose));
  return { parts, entries, size };
}

function chunksOf(body: Uint8Array, chunkSize: number): Uint8Array[] {
  const count = Math.ceil(body.length / chunkSize);
  return Array.from({ length: count }, (_, at) => body.subarray(at * chunkSize, (at + 1) * chunkSize));
}

function headOf({ name, type = 'file', mode, linkname }: TarFile, body: Uint8Array): TableEntry {
  const link = linkname === undefined ? {} : { linkName: linkname };
  const digest = body.length === 0 ? {} : { size: body.length, digest: digestOf(body) };
  return { name, type: types[type], mode: mode ?? (type === 'directory' ? 0o755 : 0o644), ...link, ...digest };
}

interface Tail {
  readonly tail: Uint8Array;
  readonly annotations: Annotations;
}

async function estargzTail(json: Uint8Array, start: number, swap: (json: Uint8Array) => Uint8Array): Promise<Tail> {
  const own = swap(json);
  const file = { name: 'stargz.index.json', size: own.length, body: fromArray(own) };
  const table = gzipSync(await tarOf([file]));
  const field = encode(`${start.toString(16).padStart(16, '0')}STARGZ`);
  const head = new Uint8Array([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 26, 0, 0x53, 0x47, 22, 0]);
  const end = new Uint8Array([1, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0]);
  return {
    tail: concat([table, head, field, end]),
    annotations: { 'containerd.io/snapshot/stargz/toc.digest': digestOf(json) },
  };
}

async function zstdTail(json: Uint8Array, size: number, swap: (json: Uint8Array) => Uint8Array): Promise<Tail> {
  const [right, own] = [storedZstd(json), storedZstd(swap(json))];
  const skippable = new Uint8Array([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  new DataView(skippable.buffer).setUint32(4, own.length, true);
  return {
    tail: concat([skippable, own]),
    annotations: {
      'io.github.containers.zstd-chunked.manifest-checksum': digestOf(right),
      'io.github.containers.zstd-chunked.manifest-position': `${size + 8}:${own.length}:${json.length}:1`,
    },
  };
}
