/**
 * Node 22.8 and later keep the code that they have compiled for the next start. What they find there is run: so it is kept in the user's
 * own cache, and not in the folder for temporary files, where somebody else may have put it first. It is in nobody's way.
 */
import { problemOfDirectory } from '../node/files/own-directory.ts';
import { usualCache } from './places/cache-home.ts';

type Module = { readonly enableCompileCache?: (directory: string) => unknown };

export function keepCompiled(env: NodeJS.ProcessEnv): void {
  const { enableCompileCache } = process.getBuiltinModule('node:module') as Module;
  const cache = enableCompileCache === undefined ? undefined : usualCache(env);
  if (cache === undefined) return;
  const { mkdirSync, statSync } = process.getBuiltinModule('node:fs');
  try {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    if (problemOfDirectory(statSync(cache)) === undefined) enableCompileCache?.(`${cache}/compiled`);
  } catch {
    // A start without it takes longer, and is no failure.
  }
}
