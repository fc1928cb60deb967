/**
 * `--template`: a JSON result through a Liquid template (shopify.github.io/liquid). Who wrote the template is trusted, what it is filled with is
 * not: each value passes the escaping of text before it stands in a line, and each line again as a whole.
 *
 * A field that is not there is an error, so that a slip of the hand does not print nothing. Fields that some documents lack are for
 * `default`, `if`, `unless`, `case` and `assign`, which take them for nil.
 */
import { Liquid, LiquidError, Parser, type Template, Tokenizer, TypeGuards } from 'liquidjs';
import { OciError } from '../../errors.ts';
import { isObject } from '../../model/descriptor.ts';
import { inertLine, safeJson, safeText } from './safe-text.ts';

/** Bounds of one template: its own length, what it makes in between (characters and list items), and how long it may take. */
const MAX_CHARACTERS = 100_000;
const MAX_MEMORY = 20_000_000;
const MAX_RENDER_MS = 10_000;

/** They read files: without them, naming one is told before anything is done. */
const FILE_TAGS = ['include', 'render', 'layout', 'block'] as const;

/**
 * Reads a template; what it answers with makes the text of one document, which ends its last line. A text that is empty has no line.
 * @throws OciError `USAGE`, and so does the rendering where the document lacks a field
 */
export function parseTemplate(text: string): (document: unknown) => string {
  if (text === '') throw new OciError('USAGE', 'the template is empty', { hint: 'e.g. --template "{{ digest }}"' });
  if (text.length > MAX_CHARACTERS)
    throw new OciError('USAGE', `the template is longer than ${MAX_CHARACTERS} characters`);
  const engine = createEngine();
  const template = explained(() => parse(engine, text), undefined);
  return (document) => {
    // What --json prints, and nothing else: no prototypes, no undefined.
    const scope: unknown = JSON.parse(JSON.stringify(document) ?? 'null');
    const result = String(explained(() => engine.renderSync(template, isObject(scope) ? scope : {}), scope));
    const lines = result.split('\n').map(safeLine).join('\n');
    return lines === '' || lines.endsWith('\n') ? lines : `${lines}\n`;
  };
}

function createEngine(): Liquid {
  const engine = new Liquid({
    strictFilters: true,
    strictVariables: true,
    lenientIf: true,
    outputEscape: shown,
    // The same on every machine: dates are in UTC, in English.
    timezoneOffset: 0,
    locale: 'en-US',
    dateFormat: '%Y-%m-%dT%H:%M:%SZ',
    // Where there is no `size`, the library would take the number of its own variables for it.
    globals: { size: undefined },
    // No file system, even if a tag should come to want one.
    templates: {},
    memoryLimit: MAX_MEMORY,
    renderLimit: MAX_RENDER_MS,
  });
  for (const name of FILE_TAGS) delete engine.tags[name];
  for (const name of ['json', 'jsonify']) {
    engine.registerFilter(name, { raw: true, handler: (value: unknown, indent?: unknown) => asJson(value, indent) });
  }
  // The glue is the template's own: it may be a line break.
  engine.registerFilter('join', { raw: true, handler: (value: unknown, glue?: unknown) => joined(value, glue) });
  return engine;
}

/** Outside of `{{ }}` and `{% %}`, `\n` and `\t` are a line break and a tab, as docker's `--format` has them: shells make neither easy to type. */
function parse(engine: Liquid, text: string): Template[] {
  const tokens = new Tokenizer(text, engine.options.operators).readTopLevelTokens(engine.options);
  for (const token of tokens.filter(TypeGuards.isHTMLToken)) {
    const content = token.getContent().replaceAll('\\n', '\n').replaceAll('\\t', '\t');
    token.getContent = () => content;
  }
  return new Parser(engine).parseTokens(tokens);
}

/** A value as it stands in a line; a list or an object is JSON. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return safeText(value);
  return typeof value === 'number' ? String(value) : safeJson(value);
}

function asJson(value: unknown, indent: unknown): string {
  return safeJson(value, Number(indent ?? 0));
}

function joined(value: unknown, glue: unknown): string {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.map(shown).join(typeof glue === 'string' ? glue : ' ');
}

/** Filters can make of harmless values what is not (`url_decode`), and values that begin no command may do so together. */
function safeLine(line: string): string {
  return inertLine(line.split('\t').map(safeText).join('\t'));
}

/** What the library has against a template, in one line with the place. */
function explained<T>(work: () => T, document: unknown): T {
  try {
    return work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const problem = message
      .replace(/, line:\d+, col:\d+$/, '')
      .replace(/^undefined variable: (.*)$/s, 'there is no $1');
    throw new OciError('USAGE', `--template, ${placeOf(error)}${problem}`, {
      hint: hintFor(message, document),
      cause: error,
    });
  }
}

function placeOf(error: unknown): string {
  if (!LiquidError.is(error)) return '';
  const [line, column] = error.token.getPosition();
  return `line ${line}, column ${column}: `;
}

const MAX_FIELDS = 300;

function hintFor(message: string, document: unknown): string | undefined {
  if (!message.startsWith('undefined variable: ') || !isObject(document)) return undefined;
  const fields = Object.keys(document).join(', ').slice(0, MAX_FIELDS);
  return `the fields are ${fields}; what may be absent is written {{ name | default: "-" }}`;
}
