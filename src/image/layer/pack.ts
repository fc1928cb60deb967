/** Archives written as layers, in any form, and kept: what is known of a layer only once it has been written goes with it. */
import { createHasher, hashing } from '../../bytes/hash.ts';
import type { Bytes, Call } from '../../model/call.ts';
import type { Annotations, Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import type { Spool } from '../../store/spool.ts';
import { compressLayer } from './compress.ts';
import { compressionIn, type LayerForm } from './form.ts';
import { layerTypeOf } from './types.ts';
import type { NewLayer } from './layer.ts';
import { withoutEstargzFiles, writeEstargz } from '../toc/write/estargz.ts';
import type { WrittenLayer } from '../toc/write/layer-writer.ts';
import { writeZstdChunked } from '../toc/write/zstd-chunked.ts';

export interface PackOptions extends Pick<Call, 'signal'> {
  readonly form: LayerForm;
  /** The form that the archive comes from. */
  readonly before?: LayerForm | undefined;
  readonly level?: number | undefined;
  readonly spool: Spool;
  /** Of the archive, where it is known. */
  readonly diffId?: Digest | undefined;
  /** Which layer it is, for errors. */
  readonly layer: Descriptor;
}

/** A layer that is kept; its descriptor has the annotations of its form. */
export interface PackedLayer extends NewLayer {
  /** Gives back the space. */
  readonly close: () => Promise<void>;
}

/** @throws OciError as the writers of forms, and whatever the archive and the spool throw */
export async function packLayer(archive: Bytes, options: PackOptions): Promise<PackedLayer> {
  const { form, layer, spool, signal } = options;
  const compression = compressionIn(form);
  const mediaType = layerTypeOf({ family: 'oci', compression, isForeign: false }, layer);
  const noted = noting(written(archive, options));
  const kept = await spool(noted.bytes, { mediaType, signal });
  const { diffId, annotations } = noted.result();
  const descriptor = withAnnotations(kept.content.descriptor, annotations);
  return { content: { ...kept.content, descriptor }, diffId, compression, close: () => kept.close() };
}

function written(archive: Bytes, options: PackOptions): AsyncGenerator<Uint8Array, WrittenLayer> {
  const { form, before, level } = options;
  if (form === 'estargz') return writeEstargz(archive, { level });
  // What stands in an eStargz layer for its readers' sake is no file of the image. Left behind, the table of contents would be one,
  // and tell of a layer that there is no more; the format's own library leaves it out, too, when it unpacks (estargz.Unpack, by
  // which BuildKit converts), and both when it packs anew (estargz.Build). So an image that became eStargz becomes what it was.
  const isSame = before !== 'estargz';
  const plain = isSame ? archive : withoutEstargzFiles(archive);
  if (form === 'zstd:chunked') return writeZstdChunked(plain, { level });
  return compressed(plain, { ...options, diffId: isSame ? options.diffId : undefined });
}

async function* compressed(
  archive: Bytes,
  { form, level, diffId }: PackOptions,
): AsyncGenerator<Uint8Array, WrittenLayer> {
  const hasher = createHasher('sha256');
  yield* compressLayer(diffId === undefined ? hashing(archive, hasher) : archive, compressionIn(form), level);
  return { diffId: diffId ?? hasher.digest(), annotations: {} };
}

/** Keeps what a generator returns, for whom it is read by does not. */
function noting<T>(bytes: AsyncGenerator<Uint8Array, T>): { readonly bytes: Bytes; readonly result: () => T } {
  let result: { readonly value: T } | undefined;
  return {
    bytes: (async function* () {
      result = { value: yield* bytes };
    })(),
    result: () => {
      if (result === undefined) throw new TypeError('the layer has not been read to its end');
      return result.value;
    },
  };
}

function withAnnotations(descriptor: Descriptor, annotations: Annotations): Descriptor {
  if (Object.keys(annotations).length === 0) return descriptor;
  return { ...descriptor, annotations: { ...descriptor.annotations, ...annotations } };
}
