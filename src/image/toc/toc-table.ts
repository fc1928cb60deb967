/**
 * From the entries of a document to a table that a layer is read by: what each chunk is, and that the chunks of a file are all of it,
 * and their frames parts of the layer that do not overlap.
 */
import { OciError } from '../../errors.ts';
import { type InflateOptions, MAX_BYTES, MAX_RATIO, RATIO_FROM } from '../../bytes/inflation.ts';
import type { Digest } from '../../model/digest.ts';
import { quote } from '../../model/quote.ts';
import { layerEntry } from '../files/layer-entries.ts';
import type { Chunk, Frame, Part, TableOfContents } from './chunk.ts';
import { invalid, type TocChunk, type TocEntry } from './toc-document.ts';

/** How large the files of a layer may be. */
export type TableLimits = Pick<InflateOptions, 'maxBytes' | 'maxRatio'>;

export interface TableOptions extends TableLimits {
  readonly unpack: Frame['unpack'];
  /** Where in the layer the last frame ends at the latest: where the table itself starts. */
  readonly end: number;
}

/**
 * @returns undefined: there are chunks without a digest, which nothing proves.
 * @throws OciError `LAYOUT_INVALID`, `TOO_LARGE`
 */
export function tableOf(entries: readonly TocEntry[], options: TableOptions): TableOfContents | undefined {
  refuseLarge(
    entries.reduce((sum, { header }) => sum + header.size, 0),
    options.end,
    options,
  );
  const placed = entries.map(placedChunks);
  const frames = framesOf(placed.flat(), options);
  const chunks = placed.map((ofFile) => ofFile.map((one) => chunkOf(one, frames)));
  if (chunks.flat().includes(undefined)) return undefined;
  return {
    entries: entries.map(({ header }, index) => layerEntry(header, index)),
    parts: ({ index }) => (chunks[index] ?? []).flatMap((chunk) => (chunk === undefined ? [] : [whole(chunk)])),
  };
}

function whole(chunk: Chunk): Part {
  return { chunk, from: 0, to: chunk.size };
}

/**
 * Refuses files that are larger than a layer of that size may become, as it would be when it is unpacked: a few bytes of a table
 * may promise any number of zeros.
 * @throws OciError `TOO_LARGE`
 */
export function refuseLarge(total: number, layerSize: number, limits: TableLimits): void {
  const { maxBytes = MAX_BYTES, maxRatio = MAX_RATIO } = limits;
  const most = Math.min(maxBytes, Math.max(RATIO_FROM, layerSize * maxRatio));
  if (total <= most) return;
  throw new OciError('TOO_LARGE', `the files of a layer would be ${total} bytes, which is more than ${most}`, {
    hint: 'this is how a decompression bomb looks; raise the limit if the content is trusted',
  });
}

/** A chunk, with what follows from its place in the file. */
interface Placed {
  readonly chunk: TocChunk;
  readonly size: number;
  readonly digest: Digest | undefined;
  /** 0: where the next frame starts. */
  readonly endOffset: number;
}

/** @throws OciError `LAYOUT_INVALID` unless the chunks are the file, one behind the other */
function placedChunks({ header, chunks, digest }: TocEntry): Placed[] {
  let at = 0;
  const placed = chunks.map((chunk, index): Placed => {
    const size = chunk.chunkSize === 0 ? header.size - at : chunk.chunkSize;
    if (chunk.chunkOffset !== at || size <= 0) throw invalid(`the chunks of ${quote(header.name, 80)} do not follow`);
    at += size;
    const isLast = index === chunks.length - 1;
    const own = chunk.digest ?? (chunks.length === 1 ? digest : undefined);
    return { chunk, size, digest: own, endOffset: isLast ? (chunks[0]?.endOffset ?? 0) : 0 };
  });
  if (placed.length > 0 && at !== header.size)
    throw invalid(`the chunks of ${quote(header.name, 80)} are not all of it`);
  return placed;
}

/** The frames by where they start. */
function framesOf(placed: Placed[], { end, unpack }: TableOptions): Map<number, Frame> {
  placed.sort((a, b) => a.chunk.offset - b.chunk.offset || a.chunk.innerOffset - b.chunk.innerOffset);
  const frames = new Map<number, Frame>();
  for (let first = 0, next = 0; first < placed.length; first = next) {
    const start = placed[first]?.chunk.offset ?? 0;
    for (next = first + 1; placed[next]?.chunk.offset === start; ) next++;
    const sharing = placed.slice(first, next);
    refuseOverlap(sharing);
    const limit = placed[next]?.chunk.offset ?? end;
    const told = sharing.length > 1 ? 0 : (sharing[0]?.endOffset ?? 0);
    if (start >= limit || limit > end)
      throw invalid(`a chunk at ${start} is outside of the chunks, which end at ${end}`);
    if (told !== 0 && (told <= start || told > limit)) throw invalid(`chunks overlap between ${start} and ${told}`);
    frames.set(start, { start, end: told === 0 ? limit : told, unpack });
  }
  return frames;
}

/** Chunks that share a frame stand in it one behind the other. */
function refuseOverlap(sharing: readonly Placed[]): void {
  let at = 0;
  for (const { chunk, size } of sharing) {
    if (chunk.innerOffset < at) throw invalid(`chunks overlap at ${chunk.offset}`);
    at = chunk.innerOffset + size;
  }
}

function chunkOf({ chunk, size, digest }: Placed, frames: ReadonlyMap<number, Frame>): Chunk | undefined {
  if (chunk.isZeros) return { size };
  const frame = frames.get(chunk.offset);
  return frame && digest && { frame, skip: chunk.innerOffset, size, digest };
}
