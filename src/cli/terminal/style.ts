/** Styled text as data: the text is made safe first and coloured after, so that no colour of ours hides a stranger's escape. */
import styles from 'ansi-styles';
import type { Context } from '../context.ts';
import type { OutputStream } from '../standard-output.ts';
import { inertLine, safeText } from './safe-text.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** A part of a line. */
export type Piece = string | { readonly text: string; readonly style: Style };

/** Does this stream get colours? `NO_COLOR` over `FORCE_COLOR` over what the terminal is. */
export function hasColors(stream: OutputStream, env: Context['env']): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/** How many columns a line may have; `COLUMNS` wins. */
export function widthOf(stream: OutputStream, env: Context['env']): number {
  const told = Number(env.COLUMNS);
  if (Number.isInteger(told) && told > 0) return told;
  return stream.columns !== undefined && stream.columns > 0 ? stream.columns : 80;
}

/** One line of pieces: safe, inert, coloured, without its line break. */
export function renderLine(pieces: readonly Piece[], colors: boolean): string {
  const safe = pieces.map(
    (piece): Piece => (typeof piece === 'string' ? safeText(piece) : { ...piece, text: safeText(piece.text) }),
  );
  const plain = safe.map(textOf).join('');
  const inert = inertLine(plain);
  if (inert !== plain || !colors) return inert;
  return safe.map((piece) => (typeof piece === 'string' ? piece : painted(piece.text, piece.style))).join('');
}

/** Text that is safe already, coloured. */
export function painted(text: string, style: Style): string {
  const { open, close } = styles[style];
  return `${open}${text}${close}`;
}

/** Whole lines of text without a style, with their line breaks. Most names hold nothing to look at: they are looked at all at once. */
export function renderLines(texts: readonly string[]): string {
  const isPlain = !/[^\x20-\x7e]|::|##\[/.test(texts.join(''));
  const lines = isPlain ? texts : texts.map((text) => inertLine(safeText(text)));
  return lines.map((line) => `${line}\n`).join('');
}

/** A piece without its style. */
export function textOf(piece: Piece): string {
  return typeof piece === 'string' ? piece : piece.text;
}

/** The piece in a style. */
export function styled(text: string, style: Style): Piece {
  return { text, style };
}
