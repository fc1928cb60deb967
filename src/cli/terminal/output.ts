/**
 * Where results and messages go: results to stdout, all else to stderr. Whatever is text passes `renderLine`, whatever is JSON
 * passes `safeJson`, or the user's template; only the exact bytes of a document or blob go out as they are.
 */
import { OciError } from '../../errors.ts';
import { pagesOf } from '../../store/paged.ts';
import { type Column, columns } from './columns.ts';
import type { Context } from '../context.ts';
import { escapeJson, safeJson } from './safe-text.ts';
import { type Sink, sinkOf } from './sink.ts';
import { hasColors, type Piece, renderLine, renderLines } from './style.ts';

export interface OutputOptions {
  /** Results are JSON. */
  readonly json?: boolean | undefined;
  /** What JSON would be printed goes through this Liquid template. */
  readonly template?: string | undefined;
  /** Only results. */
  readonly quiet?: boolean | undefined;
  /** With `json`, stderr holds nothing but JSON: what is said there is an object a line, too. */
  readonly progress?: string | undefined;
}

/** Something that is painted at the foot of stderr and makes room for a line. */
export interface Foot {
  clear(): void;
  paint(): void;
}

export interface Output {
  /** The result is wanted as data: for JSON, or for a template. */
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  /** Reads the template, if there is one, so that what is wrong with it is told before anything is done. @throws OciError `USAGE` */
  prepare(): Promise<void>;
  /** A line of the result. */
  line(...pieces: readonly Piece[]): Promise<void>;
  /** A line for each of many results, of which there may be millions: they are written as many at a time as they come. */
  lines<T>(items: AsyncIterable<T>, lineOf: (item: T) => string): Promise<void>;
  /** Many lines of the result, aligned. */
  table(layout: readonly Column[], rows: readonly (readonly Piece[])[]): Promise<void>;
  /** The result as one JSON document. */
  json(value: unknown): Promise<void>;
  /** One line of a stream of JSON results. */
  jsonLine(value: unknown): Promise<void>;
  /** Exact bytes; on a terminal a JSON text is shown with its control characters escaped. */
  bytes(chunk: Uint8Array, kind?: 'json'): Promise<void>;
  /** Text of our own that has several lines. */
  raw(text: string): Promise<void>;
  /** A line on stderr, unless quiet. */
  note(...pieces: readonly Piece[]): void;
  /** A warning on stderr, once; quiet does not silence it. */
  warn(text: string): void;
  /** A line on stderr, always. */
  error(...pieces: readonly Piece[]): void;
  /** Takes the foot of stderr; undefined gives it back. */
  setFoot(foot: Foot | undefined): void;
  /** Settles when all is written. */
  close(): Promise<void>;
}

export function createOutput(context: Context, options: OutputOptions = {}): Output {
  const out = sinkOf(context.stdout);
  const messages = createMessages(context, options.progress === 'json');
  const colors = hasColors(context.stdout, context.env);
  const line = (...pieces: readonly Piece[]): Promise<void> => out.write(`${renderLine(pieces, colors)}\n`);
  const { template } = options;
  let render: ((value: unknown) => string) | undefined;
  const document = async (value: unknown, indent?: number): Promise<void> =>
    out.write(render === undefined ? `${safeJson(value, indent)}\n` : render(value));
  return {
    isJson: options.json === true || template !== undefined,
    isQuiet: options.quiet === true,
    async prepare() {
      // Its library is loaded by who asks for it only.
      if (template !== undefined) render = (await import('./template.ts')).parseTemplate(template);
    },
    line,
    async lines(items, lineOf) {
      for await (const page of pagesOf(items)) {
        for (let at = 0; at < page.length; at += LINES) {
          await out.write(renderLines(page.slice(at, at + LINES).map(lineOf)));
        }
      }
    },
    async table(layout, rows) {
      for (const row of columns(layout, rows)) await line(...row);
    },
    json: (value) => document(value, 2),
    jsonLine: (value) => document(value),
    async bytes(chunk, kind) {
      if (render !== undefined) return kind === 'json' ? document(parsed(chunk)) : refuseTemplate();
      return out.write(kind === 'json' && context.stdout.isTTY === true ? terminalJson(chunk) : chunk);
    },
    raw: async (text) => (render === undefined ? out.write(text) : refuseTemplate()),
    note: (...pieces) => {
      if (options.quiet !== true) messages.line(pieces);
    },
    warn: (text) => messages.warn(text),
    error: (...pieces) => messages.line(pieces),
    setFoot: (foot) => messages.setFoot(foot),
    async close() {
      await messages.close();
      out.close();
    },
  };
}

/** A page may be as long as memory: at most so many lines become one text. */
const LINES = 1000;

/** Bytes of a blob or a file are no document. */
function refuseTemplate(): never {
  throw new OciError('USAGE', 'what this command prints is no JSON, and --template has nothing to render');
}

/** The config of an artifact may be anything. */
function parsed(chunk: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(chunk));
  } catch {
    return refuseTemplate();
  }
}

function terminalJson(chunk: Uint8Array): string {
  const text = escapeJson(new TextDecoder().decode(chunk));
  return text.endsWith('\n') ? text : `${text}\n`;
}

interface Messages {
  line(pieces: readonly Piece[]): void;
  warn(text: string): void;
  setFoot(foot: Foot | undefined): void;
  close(): Promise<void>;
}

/** Lines on stderr, above whatever is painted at its foot. A stderr that is gone silences messages, it does not end the command. */
function createMessages(context: Context, isJson: boolean): Messages {
  const sink: Sink = sinkOf(context.stderr);
  const colors = hasColors(context.stderr, context.env);
  const warned = new Set<string>();
  let foot: Foot | undefined;
  let pending: Promise<void> = Promise.resolve();
  const line = (pieces: readonly Piece[]): void => {
    foot?.clear();
    const text = renderLine(pieces, colors && !isJson);
    const written = sink.write(`${isJson ? safeJson({ type: 'note', text }) : text}\n`).catch(() => {});
    pending = pending.then(() => written);
    foot?.paint();
  };
  return {
    line,
    warn(text) {
      if (warned.has(text)) return;
      warned.add(text);
      line([{ text: 'warning:', style: 'yellow' }, ' ', text]);
    },
    setFoot: (next) => {
      foot = next;
    },
    async close() {
      await pending;
      sink.close();
    },
  };
}
