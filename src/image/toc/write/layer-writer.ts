/** What writes a layer that has a table of contents. */
import type { Annotations } from '../../../model/descriptor.ts';
import type { Bytes } from '../../../model/call.ts';
import type { Digest } from '../../../model/digest.ts';

export interface TocWriteOptions {
  /** 1 to 9 for eStargz (6 unless told), 1 to 19 for zstd:chunked (3 unless told). */
  readonly level?: number | undefined;
  /** Bytes of a file that are compressed, and fetched, together; 4 MiB unless told. */
  readonly chunkSize?: number | undefined;
}

/** What is known of a layer once it has been written. */
export interface WrittenLayer {
  /** Of the archive that the layer unpacks to. */
  readonly diffId: Digest;
  /** What its descriptor has to have: without these nobody finds the table, or believes it. */
  readonly annotations: Annotations;
}

/** Writes a layer of an archive as it streams by; what has been written, the generator returns. */
export type TocWriter = (archive: Bytes, options?: TocWriteOptions) => AsyncGenerator<Uint8Array, WrittenLayer>;
