/** Layers that are to be added to images: bytes that unpack to a tar archive, and the digest of that archive. */
import { isOciError, OciError } from '../../errors.ts';
import { type Compression, compressionOf, decompress } from '../../bytes/decompress.ts';
import { createHasher } from '../../bytes/hash.ts';
import { concat } from '../../bytes/read.ts';
import { readTar } from '../../bytes/tar.ts';
import type { Bytes, Call } from '../../model/call.ts';
import type { Digest } from '../../model/digest.ts';
import * as types from '../../model/media-types.ts';
import { counted } from '../../graph/progress.ts';
import type { Content } from '../../store/types.ts';

/** A layer that an image does not have yet. */
export interface NewLayer {
  /** The bytes as they are kept. */
  readonly content: Content;
  /** The digest of the unpacked archive, as `rootfs.diff_ids` lists it. */
  readonly diffId: Digest;
  readonly compression: Compression;
}

export interface LayerOptions extends Call {
  /** What errors call it; its digest unless told. */
  readonly name?: string | undefined;
}

const mediaTypes = {
  oci: { none: types.OCI_LAYER, gzip: types.OCI_LAYER_GZIP, zstd: types.OCI_LAYER_ZSTD },
  docker: { none: types.DOCKER_LAYER, gzip: types.DOCKER_LAYER_GZIP, zstd: undefined },
} as const;

/** The media type of a layer in a family of media types; undefined where that has none for it. */
export function layerType(family: 'oci' | 'docker', compression: Compression): string | undefined {
  return mediaTypes[family][compression];
}

/**
 * A layer of content that is there: its compression is read off its first bytes, its diff id learnt by unpacking it as it
 * streams by. That a tar archive begins in it is looked at first, and that it is one to its end while it is unpacked.
 * @throws OciError `LAYOUT_INVALID` for what is no tar archive, `TOO_LARGE`, and whatever reading the content throws
 */
export async function layerFrom(content: Content, options: LayerOptions = {}): Promise<NewLayer> {
  const { name = `layer ${content.descriptor.digest}`, signal, on } = options;
  try {
    const compression = await lookInto(content, { signal });
    return { content, diffId: await diffIdOf(content, compression, { signal, on }), compression };
  } catch (error) {
    if (!isOciError(error, 'LAYOUT_INVALID')) throw error;
    throw new OciError('LAYOUT_INVALID', `${name} is no layer: ${error.message}`, {
      hint: 'a layer is a tar archive, plain or compressed with gzip or zstd',
      cause: error,
    });
  }
}

/** Reads the first header, and no more. */
async function lookInto(content: Content, call: Call): Promise<Compression> {
  let head: Uint8Array = new Uint8Array(0);
  const noting = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of content.open(call)) {
      if (head.length < 4) head = concat([head, chunk.subarray(0, 4)]);
      yield chunk;
    }
  };
  const entries = readTar(decompress(noting(), call));
  try {
    await entries.next();
  } finally {
    await entries.return(undefined);
  }
  return compressionOf(head);
}

/** Reads all of the archive, every header: one that was cut short unpacks nowhere, and is not worth sending. */
async function diffIdOf(content: Content, compression: Compression, { signal, on }: Call): Promise<Digest> {
  const { descriptor } = content;
  // A plain archive is read once more, to be compressed, and told of then.
  const told = compression === 'none' ? undefined : on;
  told?.({ type: 'start', descriptor });
  const diffId = await digestOfArchive(decompress(counted(content, told).open({ signal }), { signal }));
  told?.({ type: 'done', descriptor, outcome: 'exists' });
  return diffId;
}

async function digestOfArchive(archive: Bytes): Promise<Digest> {
  const hasher = createHasher('sha256');
  const bytes = archive[Symbol.asyncIterator]();
  let size = 0;
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    const result = await bytes.next();
    if (result.done !== true) {
      hasher.update(result.value);
      size += result.value.length;
    }
    return result;
  };
  try {
    // What stands behind the end of an archive is a part of its digest, too.
    for await (const _ of readTar({ [Symbol.asyncIterator]: () => ({ next }) }));
    while ((await next()).done !== true);
  } finally {
    await bytes.return?.();
  }
  // For tar(1) it is an empty archive. More likely, whatever should have written it has failed.
  if (size === 0) throw new OciError('LAYOUT_INVALID', 'it is empty');
  return hasher.digest();
}
