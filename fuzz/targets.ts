/** All targets, by their names. Each is loaded when it is wanted: some start servers or make trees. */
import { readdirSync } from 'node:fs';
import type { FuzzTarget } from './target.ts';

const folder = new URL('targets/', import.meta.url);

export const targetNames: readonly string[] = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))
  .sort();

export async function loadTarget(name: string): Promise<FuzzTarget> {
  const { target } = (await import(new URL(`${name}.ts`, folder).href)) as { readonly target: FuzzTarget };
  return target;
}
