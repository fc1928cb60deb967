/** The command as a process that is killed within a call to the disk that we choose. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { type RunningCommand, startCommand } from '../command.ts';
import type { Line } from './layout-verbs.ts';

export interface MortalCommands {
  /** @param diesAt the call, from 0; none unless told */
  start(line: Line, below: string, diesAt?: number): RunningCommand;
  /** How many calls the last one has made that came to its end. */
  calls(): Promise<number>;
}

/** @param folder for the program that is loaded into them */
export async function mortalCommands(folder: string): Promise<MortalCommands> {
  const outfile = join(folder, 'mortal.mjs');
  const source = fileURLToPath(new URL('mortal.ts', import.meta.url));
  await build({ entryPoints: [source], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' });
  const count = join(folder, 'calls');
  return {
    start({ args, options = {} }, below, diesAt = -1) {
      const env = {
        ...options.env,
        NODE_OPTIONS: `--import=${pathToFileURL(outfile).href}`,
        DISK_BELOW: below,
        DISK_DIES_AT: String(diesAt),
        DISK_CALLS: count,
      };
      return startCommand(args, { env, stdin: options.stdin });
    },
    calls: async () => Number(await readFile(count, 'utf8')),
  };
}
