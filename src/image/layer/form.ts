/**
 * The forms that layers are written in: the compressions, and two that have a table of contents beside, by which parts of them can be
 * fetched. Media types do not tell these apart, and nor do the first bytes: the annotations of a layer's descriptor do.
 */
import type { Compression } from '../../bytes/decompress.ts';
import type { Descriptor } from '../../model/descriptor.ts';

/** `estargz` is gzip (stargz-snapshotter docs/estargz.md), `zstd:chunked` is zstd (containers/storage pkg/chunked). */
export type LayerForm = Compression | 'estargz' | 'zstd:chunked';

/** All forms, in the order that people are told of them. */
export const LAYER_FORMS: readonly LayerForm[] = ['gzip', 'zstd', 'none', 'estargz', 'zstd:chunked'];

/** Where the table of contents of an eStargz layer has its digest. */
export const ESTARGZ_TOC_DIGEST = 'containerd.io/snapshot/stargz/toc.digest';
/** The second is of before 2023, and of stargz-snapshotter today. */
const ZSTD_CHUNKED = ['io.github.containers.zstd-chunked.', 'io.containers.zstd-chunked.'];

/** The compression that a form is one of: what its media type tells. */
export function compressionIn(form: LayerForm): Compression {
  if (form === 'estargz') return 'gzip';
  return form === 'zstd:chunked' ? 'zstd' : form;
}

/** Has it a table of contents? */
export function hasTable(form: LayerForm): boolean {
  return form !== compressionIn(form);
}

/** The form of a layer that is so compressed. */
export function formOf({ annotations = {} }: Descriptor, compression: Compression): LayerForm {
  if (compression === 'gzip' && annotations[ESTARGZ_TOC_DIGEST] !== undefined) return 'estargz';
  const isChunked = ZSTD_CHUNKED.some((prefix) =>
    ['manifest-checksum', 'manifest-position'].every((name) => annotations[`${prefix}${name}`] !== undefined),
  );
  return compression === 'zstd' && isChunked ? 'zstd:chunked' : compression;
}
