/**
 * A directory of layouts as a registry: the repository `a/b` is the layout `DIR/a/b`. A layout may stand inside another's directory, so
 * path components that are names of a layout's own files get a leading underscore, which no repository's component has.
 */
import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isOciError, throwIfAborted } from '../../errors.ts';
import { lexical } from '../../store/listing.ts';
import { INDEX_FILE, MARKER_FILE } from '../../layout/paths.ts';
import { checkRepositoryName } from '../../model/reference.ts';
import type { IngestRegistry, IngestStore, ListOptions } from '../../store/types.ts';
import { directoryStore } from './directory.ts';
import type { DirectoryOptions } from './directory-tree.ts';
import { onDisk, unless } from '../files/fs-errors.ts';

const OWN_NAMES: readonly string[] = ['blobs', INDEX_FILE, MARKER_FILE];
/** Stores that are kept, for what they remember of their layouts: a server asks for one with each request. */
const MAX_STORES = 1000;

/** Every repository a layout below a directory. Blobs are mounted between them by hard links. */
export function directoryRegistry(
  directory: string,
  options: Pick<DirectoryOptions, 'durable' | 'clock'> = {},
): IngestRegistry {
  const stores = new Map<string, IngestStore>();
  const registry = pathToFileURL(resolve(directory)).href;
  const open = (name: string): IngestStore =>
    directoryStore(folderOf(directory, name), {
      durable: options.durable ?? true,
      clock: options.clock,
      origin: { registry, repository: name },
      locate: (origin) =>
        origin.registry === registry ? folderOf(directory, checkRepositoryName(origin.repository)) : undefined,
    });
  return {
    repository(name) {
      const store = stores.get(checkRepositoryName(name)) ?? open(name);
      stores.delete(name);
      stores.set(name, store);
      const [oldest] = stores.keys();
      if (stores.size > MAX_STORES && oldest !== undefined) stores.delete(oldest);
      return store;
    },
    repositories: (list = {}) => lexical(repositoriesBelow(directory, '', list)),
  };
}

/** Where a repository's layout stands. */
export function folderOf(directory: string, name: string): string {
  return join(directory, ...name.split('/').map((part) => (OWN_NAMES.includes(part) ? `_${part}` : part)));
}

/**
 * In lexical order of the whole names: `a-b` stands between `a` and `a/b`, so that what is below a folder is a turn of its own.
 */
async function* repositoriesBelow(folder: string, name: string, options: ListOptions): AsyncGenerator<string> {
  throwIfAborted(options.signal);
  const entries = await onDisk(`list ${folder}`, () =>
    unless(['ENOENT', 'ENOTDIR'], readdir(folder, { withFileTypes: true })),
  );
  for (const turn of turnsOf(entries ?? [], name, options.last)) {
    const path = join(folder, turn.file);
    if (turn.name.endsWith('/')) yield* repositoriesBelow(path, turn.name, options);
    else if (await isLayout(path)) yield turn.name;
  }
}

interface Turn {
  /** `a/b` for a repository, `a/b/` for what is below it. */
  readonly name: string;
  readonly file: string;
}

/** Those in which something after `last` may be. */
function turnsOf(entries: readonly Dirent[], prefix: string, last: string | undefined): Turn[] {
  const folders = entries.filter((entry) => entry.isDirectory() && !OWN_NAMES.includes(entry.name));
  const turns = folders.flatMap(({ name: file }): Turn[] => {
    const own = OWN_NAMES.find((other) => file === `_${other}`);
    const name = `${prefix}${own ?? file}`;
    const both = [name, `${name}/`].filter((turn) => !isBefore(turn, last));
    return both.length > 0 && isRepositoryName(name) ? both.map((turn) => ({ name: turn, file })) : [];
  });
  return turns.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isRepositoryName(name: string): boolean {
  try {
    return checkRepositoryName(name) === name;
  } catch (error) {
    if (isOciError(error)) return false;
    throw error;
  }
}

/** Is all that there is of this turn no later than the last name that was listed? */
function isBefore(turn: string, last: string | undefined): boolean {
  if (last === undefined) return false;
  return turn.endsWith('/') ? turn < last && !last.startsWith(turn) : turn <= last;
}

async function isLayout(folder: string): Promise<boolean> {
  return (await unless(['ENOENT', 'ENOTDIR', 'EACCES'], lstat(join(folder, INDEX_FILE)))) !== undefined;
}
