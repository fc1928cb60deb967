/**
 * What layers become, after the image-spec ("Image Layer Filesystem Changeset") and what umoci makes of it, in the plainest way that there
 * is: a table of whole paths, gone through again for each question. Nothing of it is shared with the program.
 */
import { createHash } from 'node:crypto';
import type { TarFile } from '../../../src/bytes/tar.ts';
import { type Node, type Table, resolve, Refused } from './model-paths.ts';

/** A line for each path, sorted as a walk meets them: path, mode, content, first name of the same file. undefined: it is refused. */
export function modelOf(layers: readonly (readonly TarFile[])[]): string[] | undefined {
  const table: Table = new Map([['', { kind: 'directory', mode: 0o755, layer: -1 }]]);
  try {
    for (const [layer, entries] of layers.entries()) for (const entry of entries) apply(table, entry, layer);
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
  return lines(table);
}

function apply(table: Table, entry: TarFile, layer: number): void {
  const path = clean(entry.name);
  const base = path.slice(path.lastIndexOf('/') + 1);
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  if (base === '.wh..wh..opq') return hideBelow(table, resolve(table, folder), layer);
  if (base.startsWith('.wh..wh.')) return;
  if (base.startsWith('.wh.')) return hide(table, folder, base.slice(4), layer);
  if (path === '') {
    if (entry.type !== 'directory') throw new Refused();
    table.set('', { kind: 'directory', mode: entry.mode ?? 0o755, layer });
    return;
  }
  const parent = resolve(table, folder, true) ?? '';
  if (table.get(parent)?.kind !== 'directory') throw new Refused();
  const place = parent === '' ? base : `${parent}/${base}`;
  put(table, place, entry, layer);
  for (let at = place; at !== ''; ) {
    at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
    const above = table.get(at);
    if (above !== undefined && above.layer < layer) table.set(at, { ...above, layer });
  }
}

function put(table: Table, place: string, entry: TarFile, layer: number): void {
  const standing = table.get(place);
  const mode = entry.mode ?? (entry.type === 'directory' ? 0o755 : 0o644);
  if (entry.type === 'directory') {
    if (standing !== undefined && standing.kind !== 'directory') table.delete(place);
    table.set(place, { kind: 'directory', mode, layer });
    return;
  }
  remove(table, place);
  if (entry.type === 'link') {
    const target = clean(entry.linkname ?? '');
    const found = resolve(table, target.slice(0, Math.max(0, target.lastIndexOf('/'))));
    const last = target.slice(target.lastIndexOf('/') + 1);
    const node = found === undefined ? undefined : table.get(found === '' ? last : `${found}/${last}`);
    if (node === undefined || node.kind === 'directory') throw new Refused();
    table.set(place, { ...node, layer });
  } else if (entry.type === 'symlink') {
    table.set(place, { kind: 'symlink', target: entry.linkname ?? '', layer, file: {} });
  } else {
    table.set(place, { kind: 'file', mode, entry, layer, file: {} });
  }
}

/** A marker hides what lower layers have, and nothing of its own. */
function hide(table: Table, folder: string, name: string, layer: number): void {
  if (name === '' || name === '.' || name === '..') throw new Refused();
  const parent = resolve(table, folder);
  if (parent === undefined || table.get(parent)?.kind !== 'directory') return;
  const place = parent === '' ? name : `${parent}/${name}`;
  const node = table.get(place);
  if (node === undefined) return;
  if (node.layer < layer) remove(table, place);
  else if (node.kind === 'directory') hideBelow(table, place, layer);
}

function hideBelow(table: Table, folder: string | undefined, layer: number): void {
  if (folder === undefined || table.get(folder)?.kind !== 'directory') return;
  for (const [path, node] of table)
    if (path !== folder && isBelow(path, folder) && node.layer < layer) table.delete(path);
}

function remove(table: Table, place: string): void {
  for (const path of table.keys()) if (path === place || isBelow(path, place)) table.delete(path);
}

function isBelow(path: string, folder: string): boolean {
  return folder === '' ? path !== '' : path.startsWith(`${folder}/`);
}

function clean(name: string): string {
  const steps: string[] = [];
  for (const step of name.split('/')) {
    if (step === '' || step === '.') continue;
    if (step !== '..') steps.push(step);
    else if (steps.pop() === undefined) throw new Refused();
  }
  return steps.join('/');
}

function lines(table: Table): string[] {
  const paths = [...table.keys()].filter((path) => path !== '').sort((a, b) => (a.split('/') < b.split('/') ? -1 : 1));
  const firsts = new Map<object, string>();
  return paths.map((path) => {
    const node = table.get(path) as Node;
    if (node.kind === 'directory') return `${path} ${(0o40000 | node.mode).toString(8)}  ${path}`;
    const first = firsts.get(node.file) ?? path;
    firsts.set(node.file, first);
    if (node.kind === 'symlink') return `${path} 120777 ${node.target} ${first}`;
    return `${path} ${(0o100000 | node.mode).toString(8)} ${digest(node.entry)} ${first}`;
  });
}

/** The text of a made-up file is known by what it was made of. */
function digest(entry: TarFile): string {
  return createHash('sha256')
    .update((entry as { readonly text?: string }).text ?? '')
    .digest('hex');
}
