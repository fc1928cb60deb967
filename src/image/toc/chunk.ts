/**
 * A layer as a table of contents describes it: entries, and for each file the chunks that its bytes stand in. A chunk has a digest of
 * its own, which is what proves bytes that come from the middle of a layer. Who makes such a table proves it first.
 */
import type { Bytes, Call } from '../../model/call.ts';
import type { Digest } from '../../model/digest.ts';
import type { LayerEntry } from '../files/layer-entries.ts';

/** A part of a layer that is unpacked from its own beginning. */
export interface Frame {
  /** Bytes `start` to before `end` of the layer. */
  readonly start: number;
  readonly end: number;
  /** Unpacks them. What it throws is not told: the bytes are the wrong ones then. */
  unpack(bytes: Bytes, call: Call): Bytes;
}

/** Plain bytes that are proven together. */
export interface FramedChunk {
  readonly frame: Frame;
  /** How many bytes of the frame come before them. */
  readonly skip: number;
  readonly size: number;
  readonly digest: Digest;
}

/** Bytes that are all zeros, and need not be fetched. */
export interface ZeroChunk {
  readonly frame?: undefined;
  readonly size: number;
}

export type Chunk = FramedChunk | ZeroChunk;

/** What a file has of a chunk: its bytes `from` to before `to`. */
export interface Part {
  readonly chunk: Chunk;
  readonly from: number;
  readonly to: number;
}

export interface TableOfContents {
  /** In the order of the archive; each stands at its own index. */
  readonly entries: readonly LayerEntry[];
  /** Of a file, from its first byte to its last. */
  parts(entry: LayerEntry): readonly Part[];
}
