// Builds the command. A short command takes its time to load: each file costs Node 20 about half a millisecond, and each module of
// Node that is not used up to ten. So what is used together is one file, and the command imports nothing before it is wanted.
import { isBuiltin } from 'node:module';
import { resolve } from 'node:path';
import { build } from 'esbuild';

/** It stands alone, in one file, so that what needs no more loads no more. */
const ENTRY = 'src/cli/main.ts';

/** The program of the threads that large blobs go through. */
const THREAD = 'src/node/threads/lading-thread.ts';

/**
 * What goes together, with all that it imports: what every command needs; what those need beside it that read images; what those
 * need beside both that talk to registries.
 */
const GROUPS = ['src/cli/start.ts', 'src/cli/places/ends.ts', 'src/cli/connection/open-client.ts'];

/** @param options of esbuild, those that are not for this file to know */
export async function buildCommand(options) {
  const all = { ...options, splitting: true, metafile: true, chunkNames: 'chunk-[hash]' };
  const { metafile } = await build({ ...all, entryPoints: GROUPS, plugins: [builtins], write: false });
  await build({ ...all, entryPoints: [GROUPS[0]], plugins: [builtins, inGroups(metafile)] });
  await build({ ...options, entryPoints: [ENTRY], plugins: [lazyOutside] });
  await build({ ...options, entryPoints: [THREAD] });
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
  // To ask for it looks at each of its properties, and its streams are opened by that.
  if (name === 'process') return 'module.exports = process;';
  // commander would start commands with it that are programs of their own: there are none.
  if (name === 'child_process') return `exports.spawn = (...args) => ${module}.spawn(...args);`;
  return `module.exports = ${module};`;
}

/**
 * esbuild cuts what several entries share by who uses which part, and every lazy import is an entry. Where all that use a part of a
 * group say that they need the whole of it, nothing of it is cut.
 */
function inGroups(metafile) {
  const groups = GROUPS.map((group) => resolve(group));
  const lazy = lazyEntries(metafile);
  const setup = ({ onResolve, onLoad, resolve: find }) => {
    onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (kind !== 'dynamic-import' || pluginData === 'found') return undefined;
      const found = await find(path, { kind, importer, resolveDir, pluginData: 'found' });
      return lazy.has(found.path) ? { path: found.path, namespace: 'lazy' } : undefined;
    });
    onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({
      contents: lazy.get(path),
      resolveDir: process.cwd(),
    }));
    // The package says that its files do nothing when they are loaded: an import for nothing else would be dropped.
    onResolve({ filter: /^[./]/ }, ({ path, resolveDir }) => {
      const file = resolve(resolveDir, path);
      return groups.includes(file) ? { path: file, sideEffects: true } : undefined;
    });
  };
  return { name: 'in-groups', setup };
}

/** What is imported when it is asked for, by its file: the same, with the groups that it needs. */
function lazyEntries({ inputs, outputs }) {
  const entries = Object.values(outputs).filter(({ entryPoint }) => entryPoint !== undefined);
  const files = new Map(entries.map((output) => [output.entryPoint, filesOf(output, outputs)]));
  const own = GROUPS.map((group, at) => {
    const before = new Set(GROUPS.slice(0, at).flatMap((one) => [...files.get(one)]));
    return [...files.get(group)].filter((file) => !before.has(file));
  });
  const wrapper = ({ entryPoint, exports }) => {
    // Whoever uses a group uses what that needs of those before it.
    const needed = GROUPS.toReversed().reduce((later, group, at) => {
      const used = [entryPoint, ...later].some((one) => own.at(-1 - at).some((file) => files.get(one).has(file)));
      return used ? [group, ...later] : later;
    }, []);
    if (!needed.includes(GROUPS[0])) needed.unshift(GROUPS[0]);
    // Of a CommonJS package esbuild knows no names.
    const names = inputs[entryPoint].format === 'cjs' ? ['default'] : exports;
    const imports = needed.map((group) => `import ${JSON.stringify(resolve(group))};`);
    return `${imports.join('')} export { ${names.join(', ')} } from ${JSON.stringify(resolve(entryPoint))};`;
  };
  return new Map(entries.map((output) => [resolve(output.entryPoint), wrapper(output)]));
}

/** The source files that are loaded with an output, and of which something is used. */
function filesOf(output, outputs, files = new Set(), seen = new Set()) {
  if (seen.has(output)) return files;
  seen.add(output);
  for (const [file, { bytesInOutput }] of Object.entries(output.inputs)) if (bytesInOutput > 0) files.add(file);
  for (const { path, kind } of output.imports) {
    if (kind === 'import-statement' && path in outputs) filesOf(outputs[path], outputs, files, seen);
  }
  return files;
}
