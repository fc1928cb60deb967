/** Aligned columns without borders, as `docker` and `kubectl` print them: every line stays one `awk` can cut. */
import { type Piece, textOf } from './style.ts';
import { safeText } from './safe-text.ts';

export interface Column {
  readonly title?: string;
  readonly align?: 'left' | 'right';
}

const gap = '  ';

/** The lines of a table; with titles its first line is the head. Cells are foreign text: they are made safe before they are measured. */
export function columns(layout: readonly Column[], rows: readonly (readonly Piece[])[]): Piece[][] {
  const titled = layout.some(({ title }) => title !== undefined);
  const head = layout.map(({ title = '' }): Piece => ({ text: title, style: 'dim' }));
  const safe = (titled ? [head, ...rows] : rows).map((row) => row.map(safePiece));
  const widths = layout.map((_, at) => Math.max(0, ...safe.map((row) => textOf(row[at] ?? '').length)));
  return safe.map((row) => alignRow(row, layout, widths));
}

function alignRow(row: readonly Piece[], layout: readonly Column[], widths: readonly number[]): Piece[] {
  // A line does not end with blanks, whatever its last cells are.
  const end = 1 + row.findLastIndex((cell) => textOf(cell) !== '');
  return layout.slice(0, end).flatMap(({ align }, at): Piece[] => {
    const cell = row[at] ?? '';
    const last = at === end - 1;
    const padding = ' '.repeat((widths[at] ?? 0) - textOf(cell).length);
    const before = align === 'right' ? [padding] : [];
    const after = align === 'right' || last ? [] : [padding];
    return [...before, cell, ...after, ...(last ? [] : [gap])];
  });
}

function safePiece(piece: Piece): Piece {
  return typeof piece === 'string' ? safeText(piece) : { ...piece, text: safeText(piece.text) };
}
