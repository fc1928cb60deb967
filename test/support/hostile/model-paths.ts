/** Where a path leads in the model: name by name, with links read as text, and never above the root. */
import type { TarFile } from '../../../src/bytes/tar.ts';

export type Node =
  | { readonly kind: 'directory'; readonly mode: number; readonly layer: number }
  | { readonly kind: 'symlink'; readonly target: string; readonly layer: number; readonly file: object }
  | {
      readonly kind: 'file';
      readonly mode: number;
      readonly entry: TarFile;
      readonly layer: number;
      readonly file: object;
    };

/** By whole paths; the root is empty. */
export type Table = Map<string, Node>;

export class Refused extends Error {}

const MAX_LINKS = 40;

/**
 * The path without links that a path stands for; undefined: nothing is there.
 * @param makes directories that are missing.
 * @throws Refused for links in a circle
 */
export function resolve(table: Table, path: string, makes: boolean = false): string | undefined {
  let todo = path.split('/');
  let at = '';
  for (let links = 0; todo.length > 0; ) {
    const [step = '', ...rest] = todo;
    todo = rest;
    if (step === '' || step === '.') continue;
    if (step === '..') {
      at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
      continue;
    }
    const next = at === '' ? step : `${at}/${step}`;
    const node = table.get(next);
    if (node === undefined && !makes) return undefined;
    if (node === undefined) table.set(next, { kind: 'directory', mode: 0o755, layer: -1 });
    if (node?.kind === 'symlink') {
      if (++links > MAX_LINKS) throw new Refused();
      if (node.target.startsWith('/')) at = '';
      todo = [...node.target.split('/'), ...todo];
      continue;
    }
    if (node?.kind === 'file' && todo.some((name) => name !== '' && name !== '.')) {
      if (makes) throw new Refused();
      return undefined;
    }
    at = next;
  }
  return at;
}
