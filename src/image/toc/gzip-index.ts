/** The index of a gzip layer as the table of contents that the layer lacks. */
import { type LayerEntry, layerEntry } from '../files/layer-entries.ts';
import type { FramedChunk, Part, TableOfContents } from './chunk.ts';
import { frameOf } from './gzip-piece.ts';
import type { GzipIndex, IndexedPiece } from './gzip-recorder.ts';
import { refuseLarge, type TableLimits } from './toc-table.ts';

/**
 * @param size of the layer, in bytes.
 * @throws OciError `LAYOUT_INVALID`, `TOO_LARGE`
 */
export function indexTable({ entries, pieces }: GzipIndex, size: number, limits: TableLimits): TableOfContents {
  const last = pieces.at(-1);
  const total = last === undefined ? 0 : last.out + last.size;
  refuseLarge(total, size, limits);
  const chunks = pieces.map((piece): FramedChunk => {
    const { windowSize, size, digest } = piece;
    return { frame: frameOf(piece, limits), skip: windowSize, size, digest };
  });
  return {
    entries: entries.map(({ offset: _offset, ...header }, index): LayerEntry => layerEntry(header, index)),
    parts({ index }) {
      const { offset = 0, size = 0 } = entries[index] ?? {};
      return partsBetween(pieces, chunks, offset, offset + size);
    },
  };
}

function partsBetween(
  pieces: readonly IndexedPiece[],
  chunks: readonly FramedChunk[],
  start: number,
  end: number,
): Part[] {
  const parts: Part[] = [];
  for (let at = pieceAt(pieces, start); at < pieces.length; at++) {
    const { out = 0, size = 0 } = pieces[at] ?? {};
    const chunk = chunks[at];
    if (out >= end || chunk === undefined) break;
    parts.push({ chunk, from: Math.max(0, start - out), to: Math.min(size, end - out) });
  }
  return parts;
}

/** The first piece that ends behind a place. */
function pieceAt(pieces: readonly IndexedPiece[], place: number): number {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const { out = 0, size = 0 } = pieces[middle] ?? {};
    if (out + size <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}
