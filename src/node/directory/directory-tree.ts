/**
 * A directory as the medium of a layout. Whatever is unfinished stands in its folder `.lading`, which goes with the last of it: parts
 * of blobs, uploads, the lock of the index. No other tool looks there, and a finished layout holds only what the image-spec names.
 */
import { link, opendir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../http/clock.ts';
import type { LayoutTree, ReadTree } from '../../layout/tree.ts';
import type { Call } from '../../model/call.ts';
import type { Origin } from '../../store/types.ts';
import { beginDraft, type DraftPlace, resumeDraft } from './directory-draft.ts';
import { readWindow } from '../files/file-io.ts';
import { lockFile } from './file-lock.ts';
import { requireSpace } from './free-space.ts';
import { fsError, onDisk, unless } from '../files/fs-errors.ts';
import { checkFolders, inFolder, makeFolder, openBelow, removeIfEmpty, sizeBelow, syncFolder } from './safe-files.ts';
import { createTurns } from './turns.ts';
import { removeTemporaries, replaceFile, sweepFolder } from './work-folder.ts';

export interface DirectoryOptions {
  /** Sync every blob to the disk before it gets its name, so that it survives a power failure. The index always is. */
  readonly durable?: boolean | undefined;
  /** What its blobs can be mounted from. */
  readonly origin?: Origin | undefined;
  /** The directory of an origin whose blobs can be linked. */
  readonly locate?: ((origin: Origin) => string | undefined) | undefined;
  /** What the locks wait by. */
  readonly clock?: Clock | undefined;
}

const LOCK_PATIENCE_MS = 120_000;
const WORK_FOLDER = '.lading';

/** The files of a layout in a directory. */
export function directoryTree(directory: string, options: DirectoryOptions = {}): LayoutTree {
  const { durable = false, origin, locate, clock } = options;
  const workFolder = join(directory, WORK_FOLDER);
  const own = ownership(directory, workFolder, clock);
  return {
    ...readable(directory, origin),
    ...drafts(directory, workFolder, own, durable),
    replace: (path, bytes) => replaceFile(directory, workFolder, path, bytes),
    async lock(run, call = {}) {
      const owned = await own('lock', call, LOCK_PATIENCE_MS);
      try {
        if (owned.wasTaken) await removeTemporaries(workFolder);
        return await run();
      } finally {
        await owned.release();
      }
    },
    async adopt(path, from) {
      const other = locate?.(from);
      if (other === undefined || (await sizeBelow(other, path)) === undefined) return false;
      await checkFolders(directory, path);
      const to = join(directory, path);
      const isLinked = await onDisk(`write ${to}`, () => linkFile(join(other, path), to));
      if (isLinked && durable) await syncFolder(dirname(to));
      return isLinked;
    },
    remove: (path) => removeBelow(directory, path),
    list: (folder) => filesIn(directory, folder),
    async sweep(sweep) {
      await checkWorkFolder(directory);
      return sweepFolder(workFolder, sweep);
    },
  };
}

function readable(directory: string, origin: Origin | undefined): ReadTree {
  return {
    name: directory,
    origin,
    stat: (path) => sizeBelow(directory, path),
    async *read(path, start, end, { signal } = {}) {
      const { handle, size } = await openBelow(directory, path);
      try {
        yield* readWindow(handle, start, Math.min(end, size), join(directory, path), signal);
      } finally {
        await handle.close();
      }
    },
    async pour(path, wanted, transfer, options = {}) {
      const { pourFile } = await import('../threads/pour-file.ts');
      const { handle, size } = await openBelow(directory, path);
      try {
        return size === wanted && (await pourFile(handle, size, transfer, options, join(directory, path)));
      } finally {
        await handle.close();
      }
    },
  };
}

interface Owned {
  readonly wasTaken: boolean;
  release(): Promise<void>;
}

/** Owns a name among the processes; within this one it is waited for in turn, without asking the disk again and again. */
type Own = (name: string, call: Call, patienceMs?: number) => Promise<Owned>;

function ownership(directory: string, workFolder: string, clock: Clock | undefined): Own {
  const turns = createTurns();
  /** Who has something in the work folder, or is about to: the last of them removes it. */
  let owners = 0;
  return async (name, { signal }, patienceMs) => {
    owners++;
    let endTurn = (): void => {};
    const end = async (): Promise<void> => {
      owners--;
      if (owners === 0) await removeIfEmpty(workFolder);
      endTurn();
    };
    try {
      endTurn = await turns(name, signal);
      const path = join(workFolder, name);
      await checkWorkFolder(directory);
      const lock = await lockFile(path, () => makeFolder(workFolder), { signal, patienceMs, clock });
      const release = async (): Promise<void> => {
        try {
          await lock.release();
        } finally {
          await end();
        }
      };
      return { wasTaken: lock.wasTaken, release };
    } catch (error) {
      await end();
      throw error;
    }
  };
}

/** A link in its place would have files made, and swept away, wherever it leads. @throws OciError `LAYOUT_INVALID` */
function checkWorkFolder(directory: string): Promise<void> {
  return checkFolders(directory, `${WORK_FOLDER}/`);
}

function drafts(
  directory: string,
  workFolder: string,
  own: Own,
  durable: boolean,
): Pick<LayoutTree, 'draft' | 'upload'> {
  const placeOf = async (name: string, call: Call): Promise<DraftPlace> => {
    const owned = await own(`${name}.lock`, call);
    return { directory, workFolder, path: join(workFolder, name), durable, release: () => owned.release() };
  };
  return {
    async draft(path, size, call = {}) {
      const draft = await beginDraft(await placeOf(`${path.replaceAll('/', '-')}.partial`, call));
      try {
        await requireSpace(directory, size - draft.size, path);
        return draft;
      } catch (error) {
        await (draft.size === 0 ? draft.discard() : draft.close());
        throw error;
      }
    },
    async upload(id, { begin, ...call }) {
      const name = `${id}.upload`;
      if (begin) return beginDraft(await placeOf(name, call));
      await checkWorkFolder(directory);
      // An id that nobody knows leaves no trace.
      return (await sizeBelow(workFolder, name)) === undefined ? undefined : resumeDraft(await placeOf(name, call));
    },
  };
}

/** A second name for the same bytes. Where the file system has no such thing, the caller copies. */
async function linkFile(from: string, to: string): Promise<boolean> {
  const cannot = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EACCES', 'ENOSYS', 'EOPNOTSUPP'];
  const linked = inFolder(dirname(to), () => unless(['EEXIST'], link(from, to)));
  return (
    (await unless(
      cannot,
      linked.then(() => true),
    )) ?? false
  );
}

async function removeBelow(directory: string, path: string): Promise<boolean> {
  await checkFolders(directory, path);
  const full = join(directory, path);
  const removed = unlink(full).then(() => true);
  return (await onDisk(`remove ${full}`, () => unless(['ENOENT', 'ENOTDIR'], removed))) ?? false;
}

async function* filesIn(directory: string, folder: string): AsyncGenerator<string> {
  const path = join(directory, folder);
  await checkFolders(directory, `${folder}/`);
  try {
    for await (const entry of (await unless(['ENOENT'], opendir(path))) ?? []) if (entry.isFile()) yield entry.name;
  } catch (error) {
    throw fsError(error, `list ${path}`);
  }
}
