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

export interface TableOptions extends Pick<InflateOptions, 'maxBytes' | 'maxRatio'> {
  readonly unpack: Frame['unpack'];
  /** Where in the layer the last frame ends at the latest: where the table itself starts. */
  readonly end: number;
}

/**
 * @returns undefined: there are chunks without a digest, which nothing proves.
 * @throws OciError `LAYOUT_INVALID`, `TOO_LARGE`
 */
export function tableOf(entries: readonly TocEntry[], options: TableOptions): TableOfContents | undefined {
  refuseLarge(entries, options);
  const frames = framesOf(entries, options);
  const chunks: (readonly Chunk[])[] = [];
  for (const entry of entries) {
    const found = chunksOf(entry, frames);
    if (found === undefined) return undefined;
    chunks.push(found);
  }
  return {
    entries: entries.map(({ header }, index) => layerEntry(header, index)),
    parts: ({ index }) => (chunks[index] ?? []).map(whole),
  };
}

function whole(chunk: Chunk): Part {
  return { chunk, from: 0, to: chunk.size };
}

/** As for a layer that is unpacked: a few bytes of a table may promise any number of zeros. */
function refuseLarge(entries: readonly TocEntry[], options: TableOptions): void {
  const { maxBytes = MAX_BYTES, maxRatio = MAX_RATIO, end } = options;
  const total = entries.reduce((sum, { header }) => sum + header.size, 0);
  const most = Math.min(maxBytes, Math.max(RATIO_FROM, end * maxRatio));
  if (total <= most) return;
  throw new OciError('TOO_LARGE', `a table of contents tells of ${total} bytes, which is more than ${most}`, {
    hint: 'this is how a decompression bomb looks; raise the limit if the content is trusted',
  });
}

interface Placed {
  readonly chunk: TocChunk;
  readonly size: number;
  /** The last of its file: for this one alone `endOffset` holds. */
  readonly isLast: boolean;
}

/** The frames by where they start. */
function framesOf(entries: readonly TocEntry[], { end, unpack }: TableOptions): Map<number, Frame> {
  const placed = entries.flatMap(placedChunks).filter(({ chunk }) => !chunk.isZeros);
  placed.sort((a, b) => a.chunk.offset - b.chunk.offset || a.chunk.innerOffset - b.chunk.innerOffset);
  const starts = new Map<number, Frame>();
  for (let at = placed.length - 1, next = end, frameEnd = end; at >= 0; at--) {
    const { offset, innerOffset } = (placed[at] as Placed).chunk;
    if (offset >= end) throw invalid(`a chunk starts at ${offset}, where there are none`);
    const before = placed[at - 1];
    const isShared = before !== undefined && before.chunk.offset === offset;
    if (isShared && before.chunk.innerOffset + before.size > innerOffset) throw invalid(`chunks overlap at ${offset}`);
    frameEnd = Math.min(frameEnd, endOf(placed[at] as Placed, next));
    if (isShared) continue;
    starts.set(offset, { start: offset, end: frameEnd, unpack });
    next = frameEnd = offset;
  }
  return starts;
}
