/** The rules of the house: which folder may import which, what only Node's folders may use, and how long things may be. */
import { isBuiltin } from 'node:module';
import type { ModuleFacts } from './module-facts.ts';

export interface House {
  /** Every folder of src, and the folders that its files may import beside their own and the root's errors.ts. */
  readonly layers: Readonly<Record<string, readonly string[]>>;
  /** Files in the root of src, likewise. */
  readonly roots: Readonly<Record<string, readonly string[]>>;
  /** Folders where the runtime is Node. */
  readonly nodeFolders: readonly string[];
  /** The files behind the package's own `imports`, where it may be Node as well. */
  readonly seamFiles: readonly string[];
}

export const MAX_FILE_LINES = 300;
export const MAX_FUNCTION_LINES = 60;

/** Imports outside the table. */
export function layerViolations({ file, imports }: ModuleFacts, { layers, roots }: House): string[] {
  const folder = folderOf(file);
  const allowed = folder === '' ? roots[file.slice('src/'.length)] : layers[folder];
  if (allowed === undefined) return [`${file}: the design names no such place`];
  return imports.flatMap(({ target }) => {
    if (target === undefined || target === 'src/errors.ts') return [];
    const to = folderOf(target);
    const own = to === folder && folder !== '';
    return own || (target.startsWith('src/') && allowed.includes(to)) ? [] : [`${file} imports ${target}`];
  });
}

/** Node's own modules and globals where other runtimes must do. */
export function nodeViolations(
  { file, imports, nodeGlobals }: ModuleFacts,
  { nodeFolders, seamFiles }: House,
): string[] {
  if (nodeFolders.includes(folderOf(file)) || seamFiles.includes(file)) return [];
  const modules = imports.filter(({ specifier }) => isBuiltin(specifier)).map(({ specifier }) => specifier);
  return [...modules, ...nodeGlobals].map((name) => `${file} uses ${name}`);
}

/** Files and functions that are too long, and default exports. */
export function shapeViolations({ file, lines, functions, defaultExport }: ModuleFacts): string[] {
  const long = functions.filter((one) => one.lines > MAX_FUNCTION_LINES);
  return [
    ...(lines > MAX_FILE_LINES ? [`${file} has ${lines} lines`] : []),
    ...(defaultExport ? [`${file} has a default export`] : []),
    ...long.map((one) => `${file}:${one.line} is a function of ${one.lines} lines`),
  ];
}

/** Imports, those of types included, that lead back to where they come from. What a seam leads to is not followed. */
export function cycles(modules: readonly ModuleFacts[]): string[] {
  const targets = new Map(
    modules.map(({ file, imports }) => [
      file,
      imports.flatMap(({ target, seam }) => (seam || !target ? [] : [target])),
    ]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (done.has(file) || path.includes(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return found;
}

/** The folder of src that a file stands in; empty for the root. */
function folderOf(file: string): string {
  return /^src\/([^/]+)\//.exec(file)?.[1] ?? '';
}
