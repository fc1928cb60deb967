/** What a source file imports and exports, how long it and its functions are, and which of Node's globals it names. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { type EcmaScriptModule, type Program, parseSync, Visitor } from 'oxc-parser';

export interface Import {
  readonly specifier: string;
  /** The file it leads to, for a relative import or one of the package's own `#imports`. */
  readonly target?: string | undefined;
  /** Does the runtime decide what it leads to? */
  readonly seam: boolean;
}

export interface ModuleFacts {
  /** Relative to the project, e.g. `src/model/digest.ts`. */
  readonly file: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly defaultExport: boolean;
  /** Functions with the line they begin at; those given to `describe` are left out, for they are lists of tests. */
  readonly functions: readonly { readonly line: number; readonly lines: number }[];
  /** Globals that Node has and browsers have not. */
  readonly nodeGlobals: readonly string[];
}

/** The package's own `imports`: seam, then condition, to file. */
export type Seams = Readonly<Record<string, Readonly<Record<string, string>>>>;

interface Span {
  readonly start: number;
  readonly end: number;
}

const nodeGlobals = ['process', 'Buffer', 'NodeJS', 'require', '__dirname', '__filename', 'global', 'setImmediate'];
const sourceFile = /\.(ts|tsx|mts|js|jsx|mjs)$/;

/** The source files below a directory; none where there is no such directory. */
export function sourceFiles(directory: string): string[] {
  try {
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    return names.filter((name) => sourceFile.test(name)).map((name) => join(directory, name));
  } catch {
    return [];
  }
}

export function readModule(file: string, seams: Seams = {}): ModuleFacts {
  return moduleFacts(file, readFileSync(file, 'utf8'), seams);
}

export function moduleFacts(file: string, text: string, seams: Seams = {}): ModuleFacts {
  const { program, module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const lineOf = (at: number): number => text.slice(0, at).split('\n').length;
  const names = identifiersOf(program);
  return {
    file,
    lines: lineOf(text.trimEnd().length),
    imports: [...specifiersOf(program)].map((specifier) => resolve(file, specifier, seams)),
    defaultExport: hasDefaultExport(module),
    functions: functionsOf(program).map(({ start, end }) => ({
      line: lineOf(start),
      lines: lineOf(end) - lineOf(start) + 1,
    })),
    nodeGlobals: nodeGlobals.filter((name) => names.has(name)),
  };
}

function specifiersOf(program: Program): Set<string> {
  const specifiers = new Set<string>();
  const keep = ({ source }: { readonly source: object | null }): void => {
    if (source !== null && 'value' in source && typeof source.value === 'string') specifiers.add(source.value);
  };
  new Visitor({
    ImportDeclaration: keep,
    ExportNamedDeclaration: keep,
    ExportAllDeclaration: keep,
    ImportExpression: keep,
    TSImportType: keep,
  }).visit(program);
  return specifiers;
}

function hasDefaultExport({ staticExports }: EcmaScriptModule): boolean {
  const names = staticExports.flatMap(({ entries }) => entries.map(({ exportName }) => exportName));
  return names.some(({ kind, name }) => (kind as string) === 'Default' || name === 'default');
}

function functionsOf(program: Program): Span[] {
  const found: Span[] = [];
  const suites = new Set<object>();
  const keep = (node: Span): void => {
    if (!suites.has(node)) found.push(node);
  };
  new Visitor({
    CallExpression({ callee, arguments: given }) {
      if (callee.type === 'Identifier' && callee.name === 'describe')
        for (const argument of given) suites.add(argument);
    },
    FunctionDeclaration: keep,
    FunctionExpression: keep,
    ArrowFunctionExpression: keep,
  }).visit(program);
  return found;
}

/** Names that stand for something, not those that merely name a property. */
function identifiersOf(program: Program): Set<string> {
  const names = new Set<string>();
  const properties = new Set<object>();
  const keyed = (node: { readonly key: object; readonly computed: boolean; readonly shorthand?: boolean }): void => {
    if (!node.computed && node.shorthand !== true) properties.add(node.key);
  };
  new Visitor({
    MemberExpression({ computed, property }) {
      if (!computed) properties.add(property);
    },
    Property: keyed,
    PropertyDefinition: keyed,
    MethodDefinition: keyed,
    TSPropertySignature: keyed,
    TSMethodSignature: keyed,
    Identifier(node) {
      if (!properties.has(node)) names.add(node.name);
    },
  }).visit(program);
  return names;
}

function resolve(file: string, specifier: string, seams: Seams): Import {
  const seam = seams[specifier];
  if (seam !== undefined) return { specifier, target: normalize(seam.source ?? ''), seam: true };
  const target = specifier.startsWith('.') ? join(dirname(file), specifier) : undefined;
  return { specifier, target, seam: false };
}
