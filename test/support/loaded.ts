/** What the built command loads of itself and of Node: observed in its process, for that is what its start takes its time for. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type CommandOptions, startCommand } from './command.ts';

export interface Loaded {
  /** The files of the command, e.g. `main.js`. */
  readonly files: readonly string[];
  /** The sources in them: `src/cli/main.ts`, `node_modules/yaml/dist/index.js`. */
  readonly sources: readonly string[];
  /** The public modules of Node. */
  readonly builtins: readonly string[];
  readonly stdout: string;
}

/** Tells the modules of Node at the end. */
const tellBuiltins = `
  const before = new Set(process.moduleLoadList);
  process.on('exit', () => {
    const loaded = process.moduleLoadList.filter((name) => !before.has(name));
    process._rawDebug(loaded.map((name) => 'loaded ' + name).join('\\n'));
  });`;
/** Tells each file, from the thread of the hooks. */
const hooks = `
  import { writeSync } from 'node:fs';
  export function load(url, context, next) {
    writeSync(2, 'loaded ' + url + '\\n');
    return next(url, context);
  }`;
const tellFiles = `import { register } from 'node:module'; register(${JSON.stringify(script(hooks))});`;

/** Runs a command twice, for who watches the files loads modules of Node. */
export async function loadedBy(args: readonly string[], options: CommandOptions = {}): Promise<Loaded> {
  const urls = await lines(args, options, tellFiles);
  const modules = await lines(args, options, tellBuiltins);
  const files = urls.loaded.filter((url) => url.includes('/dist/cli/'));
  return {
    files: files.map((url) => url.replace(/^.*\//, '')),
    sources: files.flatMap((url) => sourcesIn(fileURLToPath(url))),
    builtins: modules.loaded.flatMap((name) => /^NativeModule (?!internal\/)(.*)$/.exec(name)?.[1] ?? []),
    stdout: modules.stdout,
  };
}

async function lines(
  args: readonly string[],
  options: CommandOptions,
  preload: string,
): Promise<{ readonly loaded: readonly string[]; readonly stdout: string }> {
  const env = { ...options.env, NODE_OPTIONS: `--no-warnings --import=${script(preload)}` };
  const { code, stdout, stderr } = await startCommand(args, { ...options, env }).done;
  if (code !== 0) throw new Error(`lading ${args.join(' ')}: ${code}\n${stderr}`);
  return { loaded: [...stderr.matchAll(/^loaded (.*)$/gm)].map(([, what = '']) => what), stdout };
}

/** The bundler names each source above what it has made of it. */
function sourcesIn(file: string): string[] {
  const names = readFileSync(file, 'utf8').matchAll(/^\/\/ (?:[\w-]+:)?(?:\.\.\/)*(\S+\.[cm]?[jt]s)$/gm);
  return [...names].map(([, name = '']) => name.replace(/^.*(?=node_modules\/)/, ''));
}

function script(text: string): string {
  return `data:text/javascript,${encodeURIComponent(text)}`;
}
