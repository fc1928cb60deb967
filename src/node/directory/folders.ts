/**
 * Folders below a root that files are written to, entered name by name and never through a link, whoever may put one there meanwhile.
 * Node has no `openat`. On Linux the way around it is `/proc/self/fd`: a path that begins there begins in the open folder itself.
 * Elsewhere every folder is looked at each time that it is entered, which only somebody faster than us escapes.
 */
import { constants } from 'node:fs';
import { access, type FileHandle, lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { OciError } from '../../errors.ts';
import { bytesOfText, holdsBytes } from '../../bytes/tar-text.ts';
import { joinPath, splitPath } from '../../image/files/layer-entries.ts';
import { quote } from '../../model/quote.ts';
import { codeOf, fsError, onDisk } from '../files/fs-errors.ts';

/** What `node:fs` takes. */
export type Path = string | Buffer;

/** A folder that is open. */
export interface Folder {
  readonly handle: FileHandle;
  /** A path to a name in it, good as long as it is open. */
  readonly at: (name: string) => Path;
  /** The folder itself, for another process. */
  readonly forOthers: string;
}

export interface Folders {
  /**
   * Does something in a folder, which is open for as long as that takes.
   * @param path from the root, which is the empty one; the folder is there already.
   * @throws OciError `CONFLICT` when it is no folder any more, `IO`
   */
  within<T>(path: string, use: (folder: Folder) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A folder that is open or being opened. */
interface Slot {
  readonly folder: Promise<Folder>;
  users: number;
}

/** Windows has neither. */
const { O_NOFOLLOW = 0, O_DIRECTORY = 0, O_RDONLY } = constants as Partial<typeof constants> & { O_RDONLY: number };
/** Folders that nobody is in stay open for whoever comes next. */
const MAX_OPEN = 64;

/** @param root the user's word: it may be a link. @throws OciError `IO` */
export async function openFolders(root: string): Promise<Folders> {
  const hasHandles = process.platform === 'linux' && (await isThere('/proc/self/fd'));
  const slots = new Map<string, Slot>();
  const top = await openFolder(root, '', root, hasHandles);

  const enter = (path: string): Promise<Folder> =>
    within(splitPath(path).folder, async (parent) => {
      if (!hasHandles) await requireFolders(root, path);
      return openFolder(root, path, parent.at(splitPath(path).name), hasHandles);
    });
  const take = (path: string): Slot => {
    const slot = slots.get(path) ?? { folder: enter(path), users: 0 };
    // What was used last is closed last.
    slots.delete(path);
    slots.set(path, slot);
    slot.users++;
    return slot;
  };
  const giveBack = async (path: string, slot: Slot, isBroken: boolean): Promise<void> => {
    slot.users--;
    if (isBroken && slots.get(path) === slot) slots.delete(path);
    for (const [oldest, { folder, users }] of slots) {
      if (slots.size <= MAX_OPEN) break;
      if (users > 0) continue;
      slots.delete(oldest);
      await (await folder).handle.close();
    }
  };
  async function within<T>(path: string, use: (folder: Folder) => Promise<T>): Promise<T> {
    if (path === '') return use(top);
    const slot = take(path);
    let folder: Folder | undefined;
    try {
      folder = await slot.folder;
      if (!hasHandles) await requireFolders(root, path);
      return await use(folder);
    } finally {
      await giveBack(path, slot, folder === undefined);
    }
  }
  return {
    within,
    async close() {
      for (const { folder } of slots.values()) await (await folder.catch(() => undefined))?.handle.close();
      slots.clear();
      await top.handle.close();
    },
  };
}

async function openFolder(root: string, path: string, place: Path, hasHandles: boolean): Promise<Folder> {
  const follow = path === '' ? 0 : O_NOFOLLOW;
  const handle = await open(place, O_RDONLY | O_DIRECTORY | follow).catch((error: unknown) => {
    if (path !== '' && ['ELOOP', 'ENOTDIR', 'ENOENT', 'EMLINK'].includes(codeOf(error) ?? ''))
      throw replaced(root, path);
    throw fsError(error, `open ${join(root, path)}`);
  });
  const own = hasHandles ? `/proc/self/fd/${handle.fd}` : join(root, path);
  const others = hasHandles ? `/proc/${process.pid}/fd/${handle.fd}` : own;
  return { handle, at: (name) => exactPath(`${own}/${name}`), forOthers: others };
}

/** Names that are no UTF-8 keep their bytes. */
export function exactPath(path: string): Path {
  return holdsBytes(path) ? Buffer.from(bytesOfText(path)) : path;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function requireFolders(root: string, path: string): Promise<void> {
  let at = '';
  for (const name of path.split('/')) {
    at = joinPath(at, name);
    const stats = await onDisk(`look at ${join(root, at)}`, () => lstat(join(root, at)));
    if (!stats.isDirectory()) throw replaced(root, at);
  }
}

function replaced(root: string, path: string): OciError {
  return new OciError('CONFLICT', `${quote(path)} in ${root} is no directory: somebody else writes there, too`);
}
