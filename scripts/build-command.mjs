// Builds the command. A short command takes its time to load: each file costs Node 20 about half a millisecond, and each module of
// Node that is not used up to ten. So what is used together is one file, and the command imports nothing before it is wanted.
import { isBuiltin } from 'node:module';
import { resolve } from 'node:path';
import { build } from 'esbuild';

/** It stands alone, in one file, so that what needs no more loads no more. */
const ENTRY = 'src/cli/main.ts';

/**
 * What goes together, with all that it imports: what every command needs; what those need beside it that read images; what those
 * need beside both that talk to registries.
 */
const GROUPS = ['src/cli/start.ts', 'src/cli/places/ends.ts', 'src/cli/connection/open-client.ts'];

/** @param options of esbuild, those that are not for this file to know */
export async function buildCommand(options) {
  const [start] = GROUPS;
  const all = { ...options, entryPoints: [start], splitting: true, metafile: true, chunkNames: 'chunk-[hash]' };
  const { metafile } = await build({ ...all, plugins: [builtins], write: false });
  await build({ ...all, plugins: [builtins, inGroups(metafile)] });
  await build({ ...options, entryPoints: [ENTRY], plugins: [lazyOutside] });
}

/** What is imported when it is asked for is a file of its own, beside the entry. */
const lazyOutside = {
  name: 'lazy-outside',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\// }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path: path.replace(/\.ts$/, '.js'), external: true } : undefined,
    );
  },
};

/**
 * CommonJS packages get the modules of Node without a `require`, which each file of an ES module would have to make, as slowly as it
 * is loaded.
 */
const builtins = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[\w:/]+$/ }, ({ path, kind }) =>
      kind === 'require-call' && isBuiltin(path) ? { path, namespace: 'builtin' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({ contents: builtin(path.replace(/^node:/, '')) }));
  },
};

function builtin(name) {
  const module = `process.getBuiltinModule('node:${name}')`;
  // commander would start commands with it that are programs of their own: there are none.
  if (name === 'child_process') return `exports.spawn = (...args) => ${module}.spawn(...args);`;
  return `module.exports = ${module};`;
}

/**
 * esbuild cuts what several entries share by who uses which part, and every lazy import is an entry. Where all that use a part of a
 * group say that they need the whole of it, nothing of it is cut.
 */
function inGroups(metafile) {
  const { inputs, outputs } = metafile;
  const wholes = groupsOf(inputs);
  const lazy = new Map();
  for (const { entryPoint, exports } of Object.values(outputs)) {
    if (entryPoint === undefined || entryPoint === GROUPS[0]) continue;
    const used = importedBy(entryPoint, inputs);
    const needed = GROUPS.filter((_, at) => at === 0 || [...wholes[at]].some((file) => used.has(file)));
    const names = inputs[entryPoint].format === 'cjs' ? ['default'] : exports;
    const path = resolve(entryPoint);
    const lines = needed.map((group) => `import ${JSON.stringify(resolve(group))};`);
    lazy.set(path, `${lines.join('')} export { ${names.join(', ')} } from ${JSON.stringify(path)};`);
  }
  const setup = ({ onResolve, onLoad, resolve: find }) => {
    onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (kind !== 'dynamic-import' || pluginData === 'found') return undefined;
      const found = await find(path, { kind, importer, resolveDir, pluginData: 'found' });
      return lazy.has(found.path) ? { path: found.path, namespace: 'lazy' } : undefined;
    });
    onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({ contents: lazy.get(path), resolveDir: process.cwd() }));
    // The package says that its files do nothing when they are loaded: an import for nothing else would be dropped.
    const groups = GROUPS.map((group) => resolve(group));
    onResolve({ filter: /^[./]/ }, ({ path, resolveDir }) => {
      const file = resolve(resolveDir, path);
      return groups.includes(file) ? { path: file, sideEffects: true } : undefined;
    });
  };
  return { name: 'in-groups', setup };
}

/** The files of each group, without those of the groups before it. */
function groupsOf(inputs) {
  const taken = new Set();
  return GROUPS.map((group) => {
    const files = [...importedBy(group, inputs)].filter((file) => !taken.has(file));
    for (const file of files) taken.add(file);
    return new Set(files);
  });
}

/** A file with all that is loaded with it. */
function importedBy(file, inputs, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const { path, kind, external } of inputs[file].imports) {
    if (kind !== 'dynamic-import' && external !== true) importedBy(path, inputs, found);
  }
  return found;
}
