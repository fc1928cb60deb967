// The public API as text: the declaration of everything that an entry point exports, from the built .d.ts files.
// node scripts/api-surface.mjs > test/api/surface.golden.txt
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The entry points of package.json that have types. */
export function entryPoints() {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Object.entries(exports).flatMap(([name, target]) => (target.types ? [[name, join(root, target.types)]] : []));
}

/** Name to declaration, in the order of the names. */
export function surface(file) {
  const found = new Map();
  collect(file, undefined, found);
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** @param wanted exported name to local name; undefined for all of the file's own exports. */
function collect(file, wanted, found) {
  const text = readFileSync(file, 'utf8');
  const { program } = parseSync(file, text);
  const declarations = new Map();
  const imported = new Map();
  for (const node of program.body) {
    if (node.type === 'ImportDeclaration') {
      for (const { imported: name, local } of node.specifiers)
        imported.set(local.name, [target(file, node), name?.name]);
    }
    const declaration = node.type === 'ExportNamedDeclaration' ? node.declaration : node;
    for (const name of namesOf(declaration))
      declarations.set(name, [...(declarations.get(name) ?? []), clean(text, node)]);
    if (node.type === 'ExportAllDeclaration') exportsAll(node, file, wanted, found);
    if (node.type === 'ExportNamedDeclaration') exportsOf(node, file, wanted, found, { declarations, imported });
  }
  for (const [name, local] of wanted ?? []) {
    if (declarations.has(local)) found.set(name, declarations.get(local).join('\n'));
  }
}

/** `export *`, or a namespace: `export * as`. */
function exportsAll(node, file, wanted, found) {
  if (!node.exported) return collect(target(file, node), wanted, found);
  for (const [name, code] of surface(target(file, node))) found.set(`${node.exported.name}.${name}`, code);
}

function exportsOf(node, file, wanted, found, { declarations, imported }) {
  if (wanted === undefined)
    for (const name of namesOf(node.declaration)) found.set(name, declarations.get(name).join('\n'));
  for (const { local, exported } of node.specifiers) {
    if (wanted !== undefined && ![...wanted.values()].includes(exported.name)) continue;
    const name = wanted === undefined ? exported.name : [...wanted].find(([, from]) => from === exported.name)[0];
    if (node.source) collect(target(file, node), new Map([[name, local.name]]), found);
    else if (imported.has(local.name))
      collect(imported.get(local.name)[0], new Map([[name, imported.get(local.name)[1]]]), found);
    else if (declarations.has(local.name)) found.set(name, declarations.get(local.name).join('\n'));
  }
}

function target(file, { source }) {
  const path = source.value.startsWith('#') ? seam(source.value) : join(dirname(file), source.value);
  return path.replace(/\.(js|ts)$/, '.d.ts');
}

/** Both sides of a seam have the same declarations. */
function seam(name) {
  const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return join(root, imports[name].node ?? imports[name].default);
}

function namesOf(node) {
  if (node?.declarations) return node.declarations.map(({ id }) => id.name);
  return node?.id?.name ? [node.id.name] : [];
}

function clean(text, { start, end }) {
  const code = text
    .slice(start, end)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^export (declare )?/, '');
  return code
    .split('\n')
    .filter((line) => line.trim() !== '')
    .join('\n');
}

export function render() {
  const parts = entryPoints().map(([name, file]) => {
    const entries = surface(file).map(([exported, code]) => `${exported}\n${code.replace(/^/gm, '    ')}`);
    return `## lading${name.slice(1)} (${relative(root, file)})\n\n${entries.join('\n')}\n`;
  });
  return parts.join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(render());
