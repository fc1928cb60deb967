/** Writers of a layout in processes of their own, to be killed or raced; bundled once, so that starting one is quick. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { scratch } from './layouts.ts';

const sourceOf = (path: string): string => JSON.stringify(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)));

const source = `
import { directoryStore } from ${sourceOf('node/directory/directory.ts')};
import { putImage, chunked } from ${sourceOf('testing/samples.ts')};
const [verb, directory, prefix, count] = process.argv.slice(2);
const store = directoryStore(directory);
console.log('ready');
if (verb === 'tags') {
  const { manifest } = await putImage(store, prefix, [prefix + 0]);
  for (let at = 1; at < Number(count); at++) await store.putManifest(manifest, { tags: [prefix + at] });
} else {
  const bytes = new Uint8Array(Number(count)).map((_, at) => at * at);
  const content = chunked(bytes, [1 << 20]);
  const slow = { ...content, async *open(options) {
    let sent = 0;
    for await (const chunk of content.open(options)) {
      yield chunk;
      if ((sent += chunk.length) > bytes.length / 2) await new Promise((resolve) => setTimeout(resolve, 1e6));
    }
  } };
  await store.putBlob(slow);
}
`;

export interface LayoutProcess {
  readonly child: ChildProcess;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>;
}

/**
 * `tags DIR prefix count` puts an image under the tags `<prefix>0`, `<prefix>1` and so on, one by one;
 * `blob DIR - size` puts a blob of squares, and stops for ever half-way.
 */
export type StartLayoutProcess = (
  verb: 'tags' | 'blob',
  directory: string,
  prefix: string,
  count: number,
) => Promise<LayoutProcess>;

/** The bytes of `blob`. */
export function squares(size: number): Uint8Array {
  return new Uint8Array(size).map((_, at) => at * at);
}

/** @returns a function that starts a process, and waits until it is about to write */
export async function layoutProcesses(t: TestContext): Promise<StartLayoutProcess> {
  const outfile = join(await scratch(t, 'process'), 'writer.mjs');
  await build({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL('../..', import.meta.url)) },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['source'],
    logLevel: 'silent',
  });
  return async (...args) => {
    const child = spawn(process.execPath, [outfile, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close').then(([code]) => code as number | null);
    t.after(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return { child, ended };
  };
}
