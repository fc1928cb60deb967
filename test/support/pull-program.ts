/** A program that pulls one blob into a layout, bundled as its author may choose, and run in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { scratch } from './layouts.ts';

const sourceOf = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

/** It says what became of the blob, and how many requests its main thread has sent. */
const program = `
import { Socket } from 'node:net';
import { createClient } from ${JSON.stringify(sourceOf('registry/client.ts'))};
import { directoryStore } from ${JSON.stringify(sourceOf('node/directory/directory.ts'))};
import { nodeTransport } from ${JSON.stringify(sourceOf('node/http/transport.ts'))};
let here = 0;
const { write } = Socket.prototype;
Socket.prototype.write = function (...args) {
  if (/^GET /.test(args[0])) here++;
  return write.apply(this, args);
};
async function main([host, directory, digest, size]) {
  const client = createClient({ transport: nodeTransport({ proxy: false }) });
  const content = client.repository(host + '/team/app').blob({ mediaType: 'a/b', digest, size: Number(size) });
  console.log(await directoryStore(directory).putBlob(content), here);
}
main(process.argv.slice(2)).catch((error) => { console.log(error.stack); process.exitCode = 1; });
`;

export interface PullProgram {
  /** @returns what it said, and how it ended: it ends by itself */
  run(host: string, directory: string, blob: Descriptor): Promise<{ readonly said: string; readonly code: number }>;
}

/** @param thread does the transfer thread's own file stand beside it? */
export async function pullProgram(
  t: TestContext,
  format: 'esm' | 'cjs',
  { thread }: { readonly thread: boolean },
): Promise<PullProgram> {
  const folder = await scratch(t, 'program');
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: format === 'esm' ? 'module' : 'commonjs' }));
  const outfile = join(folder, 'program.js');
  const shared: BuildOptions = {
    bundle: true,
    platform: 'node',
    format,
    conditions: ['source'],
    logLevel: 'silent',
    ...(format === 'cjs' ? {} : { banner: { js: `import { createRequire } from 'node:module'; ${withRequire}` } }),
  };
  await build({ ...shared, stdin: { contents: program, resolveDir: sourceOf('..') }, outfile });
  const entry = { entryPoints: [sourceOf('node/threads/lading-thread.ts')], outfile: join(folder, 'lading-thread.js') };
  if (thread) await build({ ...shared, ...entry });
  return {
    async run(host, directory, { digest, size }) {
      const args = [outfile, host, directory, digest, String(size)];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      t.after(() => child.kill('SIGKILL'));
      let said = '';
      child.stdout.on('data', (chunk) => (said += String(chunk)));
      const [code] = (await once(child, 'close')) as [number];
      return { said: said.trim(), code };
    },
  };
}

const withRequire = 'const require = createRequire(import.meta.url);';
