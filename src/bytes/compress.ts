/**
 * gzip and zstd (and the deflate data in gzip), as streams of bytes to streams of bytes, by whatever the runtime has (the `#compress` seam).
 * Decompression is bounded by `InflateOptions`; errors of the source go through unchanged.
 */
export { compressSmall, gunzip, gzip, inflateRaw, unzstd, zstd } from '#compress';
export type { InflateOptions } from './inflation.ts';

/** How hard to compress. */
export interface DeflateOptions {
  /** 1 to 9 for gzip (6 unless told), 1 to 19 for zstd (3 unless told). */
  readonly level?: number | undefined;
}
