/**
 * Reads the tables of promises out of a document: those whose first column is `id` and whose last one is `test`. What is
 * wrong with a row is told with its line. Whether the tests are there, and what they do, is not looked at.
 */
import { isId } from './ids.ts';

export interface Row {
  readonly id: string;
  /** The headings above its table. */
  readonly section: string;
  /** Of the document, from 1. */
  readonly line: number;
  /** By column. */
  readonly cells: Readonly<Record<string, string>>;
  /** The second cell. */
  readonly promise: string;
  /** The files of its tests; none where that is still to be filled in. */
  readonly files: readonly string[];
}

export interface Problem {
  readonly line?: number | undefined;
  readonly text: string;
}

export interface Table {
  readonly rows: readonly Row[];
  readonly problems: readonly Problem[];
}

interface Line {
  readonly text: string;
  readonly line: number;
}

/** A run of lines that begin with a bar. */
interface Block {
  readonly section: string;
  readonly lines: readonly Line[];
}

export function readTable(document: string): Table {
  const tables = blocksOf(document).map(readBlock);
  const rows = tables.flatMap((table) => table.rows);
  const problems = [...tables.flatMap((table) => table.problems), ...repeated(rows)];
  return { rows, problems: rows.length === 0 ? [...problems, { text: 'there is no row with an id' }] : problems };
}

/** Blocks of table lines outside code, each with the headings that it stands under. */
function blocksOf(document: string): readonly Block[] {
  const blocks: { section: string; lines: Line[] }[] = [];
  const headings: string[] = [];
  let inCode = false;
  let open: Line[] | undefined;
  for (const [at, text] of document.split('\n').entries()) {
    if (text.startsWith('```')) inCode = !inCode;
    const [, level = '', heading = ''] = (inCode ? null : /^(##+) (.*)$/.exec(text)) ?? [];
    if (level !== '') headings.splice(level.length - 2, headings.length, heading.trim());
    if (inCode || !text.startsWith('|')) {
      open = undefined;
      continue;
    }
    if (open === undefined) {
      open = [];
      blocks.push({ section: headings.join(' / '), lines: open });
    }
    open.push({ text, line: at + 1 });
  }
  return blocks;
}

function readBlock({ section, lines }: Block): Table {
  const [head, rule, ...body] = lines;
  const columns = cellsOf(head?.text ?? '');
  const isOurs =
    columns[0] === 'id' && columns.at(-1) === 'test' && /^\|(?:\s*:?-+:?\s*\|)+\s*$/.test(rule?.text ?? '');
  if (!isOurs) return { rows: [], problems: lines.flatMap(strayRow) };
  const rows = body.map(({ text, line }) => readRow(cellsOf(text), columns, section, line));
  const problems = rows.flatMap((row, at) => problemsOf(row, cellsOf(body[at]?.text ?? '').length, columns));
  return { rows, problems };
}

/** A row that no table holds would be promised and never looked at. */
function strayRow({ text, line }: Line): readonly Problem[] {
  const [id = ''] = cellsOf(text);
  return isId(id) ? [{ line, text: `${id} stands in no table that begins with "id" and ends with "test"` }] : [];
}

function cellsOf(text: string): readonly string[] {
  const inner = text
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim());
}

function readRow(cells: readonly string[], columns: readonly string[], section: string, line: number): Row {
  const [id = '', promise = ''] = cells;
  const byColumn = Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? '']));
  return { id, section, line, promise, cells: byColumn, files: filesIn(byColumn.test ?? '') };
}

/** `test/a.test.ts`, in backticks, several with commas between them. */
function filesIn(cell: string): readonly string[] {
  const parts = cell.split(/,\s*/).map((part) => /^`(test\/[\w./-]+\.test\.ts)`$/.exec(part)?.[1]);
  return parts.every((file) => file !== undefined) ? parts : [];
}

function problemsOf({ id, line, cells, files }: Row, count: number, columns: readonly string[]): readonly Problem[] {
  if (count !== columns.length) return [{ line, text: `${id} has ${count} cells, not ${columns.length}` }];
  const empty = columns.filter((column) => cells[column] === '').map((column) => `${id} has nothing under "${column}"`);
  const unreadable = files.length === 0 && cells.test !== '?' && cells.test !== '';
  return [
    ...(isId(id) ? [] : [`"${id}" is no id`]),
    ...empty,
    ...(unreadable ? [`${id}: "${cells.test}" is no test file`] : []),
  ].map((text) => ({ line, text }));
}

function repeated(rows: readonly Row[]): readonly Problem[] {
  const first = new Map<string, number>();
  return rows.flatMap(({ id, line }) => {
    const before = first.get(id);
    if (before === undefined) first.set(id, line);
    return before === undefined ? [] : [{ line, text: `${id} stands twice, first in line ${before}` }];
  });
}
