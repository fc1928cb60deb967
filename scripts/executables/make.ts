/** Makes one executable, whatever it runs on. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { executableFile, FOLDER } from './options.ts';
import type { Maker, Target } from './targets.ts';
import { makeWithBun } from './with-bun.ts';
import { makeWithNode } from './with-node.ts';

const makers = { bun: makeWithBun, node: makeWithNode };

/** @returns its file, in the folder */
export async function makeExecutable(target: Target, maker: Maker, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const file = resolve(executableFile(folder, target, maker));
  await makers[maker](target, file, resolve(FOLDER, 'runtimes'));
  return file;
}
