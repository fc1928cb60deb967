/** Layers of images that a test makes up: real tar archives of files, or bytes as they are. */
import { gzip, zstd } from '../bytes/compress.ts';
import { digestOf } from '../bytes/hash.ts';
import { fromArray, readAll } from '../bytes/read.ts';
import { type TarFile, writeTar } from '../bytes/tar.ts';
import type { Annotations } from '../model/descriptor.ts';
import type { Digest } from '../model/digest.ts';
import * as types from '../model/media-types.ts';
import { contentFrom } from '../store/content.ts';
import type { Content } from '../store/types.ts';

/** OCI's media types, or docker's. */
export type Family = 'oci' | 'docker';

/** A file of a layer: its content, or a tar header (a link, a mode, an owner) with content where it has any. */
export type FileSpec =
  | string
  | Uint8Array
  | (Omit<Partial<TarFile>, 'name' | 'size' | 'body'> & { readonly content?: string | Uint8Array });

/** A layer: files packed and compressed, or bytes that are put as they are. */
export type LayerSpec =
  | {
      /** By name, in the order of the archive; a name that ends with `/` is a directory. */
      readonly files: Readonly<Record<string, FileSpec>>;
      /** gzip unless told; docker's media types know no zstd. */
      readonly compression?: 'gzip' | 'zstd' | 'none' | undefined;
      readonly annotations?: Annotations | undefined;
    }
  | {
      readonly bytes: Uint8Array;
      /** The family's uncompressed layer unless told. */
      readonly mediaType?: string | undefined;
      /** The digest of the bytes unless told. */
      readonly diffId?: Digest | undefined;
      readonly annotations?: Annotations | undefined;
    };

export interface BuiltLayer {
  readonly content: Content;
  /** The digest of the unpacked layer. */
  readonly diffId: Digest;
}

const mediaTypes = {
  oci: { none: types.OCI_LAYER, gzip: types.OCI_LAYER_GZIP, zstd: types.OCI_LAYER_ZSTD },
  docker: { none: types.DOCKER_LAYER, gzip: types.DOCKER_LAYER_GZIP, zstd: types.OCI_LAYER_ZSTD },
} as const;

/** Makes a layer. The same files become the same bytes. */
export async function buildLayer(spec: LayerSpec | Uint8Array, family: Family = 'oci'): Promise<BuiltLayer> {
  if (spec instanceof Uint8Array) return buildLayer({ bytes: spec }, family);
  const extra = spec.annotations === undefined ? {} : { annotations: spec.annotations };
  if ('bytes' in spec) {
    const { bytes, mediaType = mediaTypes[family].none, diffId = digestOf(bytes) } = spec;
    return { content: contentFrom(bytes, mediaType, extra), diffId };
  }
  const { files, compression = 'gzip' } = spec;
  const archive = await collect(writeTar(Object.entries(files).map(tarFile)));
  const bytes = compression === 'none' ? archive : await collect({ gzip, zstd }[compression](fromArray(archive)));
  return { content: contentFrom(bytes, mediaTypes[family][compression], extra), diffId: digestOf(archive) };
}

function tarFile([name, spec]: [string, FileSpec]): TarFile {
  if (typeof spec === 'string' || spec instanceof Uint8Array) return tarFile([name, { content: spec }]);
  const { content, ...header } = spec;
  const type = name.endsWith('/') ? 'directory' : 'file';
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return { type, ...header, name, ...(bytes === undefined ? {} : { size: bytes.length, body: fromArray(bytes) }) };
}

function collect(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return readAll(bytes, Number.MAX_SAFE_INTEGER, 'layer');
}
