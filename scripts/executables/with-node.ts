/**
 * An executable of Node.js: one module with all of the command, put into the program by Node.js itself (`--build-sea`, Node 26).
 * Starting it takes the time of starting Node.js, and of reading all of the command.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { fetchRuntime } from './fetch-runtime.ts';
import { hostTarget, type Target } from './targets.ts';

/** @param runtimes the folder of fetched runtimes */
export async function makeWithNode(target: Target, file: string, runtimes: string): Promise<void> {
  const node = fetchRuntime(hostTarget().runtimes.node, runtimes);
  const executable = fetchRuntime(target.runtimes.node, runtimes);
  const work = mkdtempSync(join(tmpdir(), 'lading-executable-'));
  try {
    const main = join(work, 'main.mjs');
    await bundle(main);
    const config = join(work, 'sea.json');
    writeFileSync(
      config,
      JSON.stringify({ ...settings, useCodeCache: node === executable, main, output: file, executable }),
    );
    execFileSync(node, ['--build-sea', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Compiled code is for one machine; options of the command line are the command's own. */
const settings = { mainFormat: 'module', disableExperimentalSEAWarning: true, execArgvExtension: 'none' };

async function bundle(outfile: string): Promise<void> {
  await build({
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    minify: true,
    // It warns of each chunk that is imported for its order, which one file has anyway.
    logLevel: 'error',
    entryPoints: ['dist/cli/main.js'],
    outfile,
  });
}
