/**
 * A tree in which everything is known, and one place in it that may change. Whoever does anything else to it is found out: by names,
 * permissions, owners, inode numbers, sizes, and times, among them that of the last change, which nobody can set back, and that of the
 * last reading. So nothing is read here before the end; then the bytes are compared, too.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface CanaryTree {
  /** A folder with known files, by its absolute path, without links. */
  readonly outside: string;
  /** A folder in it, to stand in: for whoever takes names to be relative to that. */
  readonly here: string;
  /** The one place that may change; nothing is there yet. What is `..` of it, and above that, is in the tree. */
  readonly target: string;
  /** Stands in every file. */
  readonly secret: string;
  /** Fails when anything but the target has changed, or a file was read. */
  readonly assertUnharmed: (what: string) => Promise<void>;
  /** Clears the target. */
  readonly clear: () => Promise<void>;
  /** Compares the bytes, and removes the tree. */
  readonly end: () => Promise<void>;
}

const names = ['x', 'canary', 'package.json'];

export async function canaryTree(): Promise<CanaryTree> {
  const top = await realpath(await mkdtemp(join(tmpdir(), 'lading-hostile-')));
  const outside = join(top, 'outside');
  const near = join(outside, 'near');
  const [here, target] = [join(near, 'here'), join(near, 'targets', 'target')];
  const secret = `canary ${randomUUID()}`;
  const folders = [top, outside, join(outside, 'etc'), near, here];
  await mkdir(here, { recursive: true });
  for (const folder of [join(outside, 'etc'), join(near, 'targets')]) await mkdir(folder);
  for (const folder of folders) for (const name of names) await sing(join(folder, name), secret);
  await symlink('canary', join(outside, 'link'));
  const look = (): Promise<Map<string, string>> => factsBelow(top, join(near, 'targets'));
  const before = await look();
  const clear = async (): Promise<void> => {
    // Of an ordinary user's folders, some are not his to change before that.
    const entries = await readdir(target, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o700);
    await rm(target, { recursive: true, force: true });
  };
  return {
    outside,
    here,
    target,
    secret,
    assertUnharmed: async (what) => assert.deepEqual(await look(), before, what),
    clear,
    async end() {
      try {
        assert.deepEqual(await look(), before);
        for (const folder of folders) {
          for (const name of names) assert.equal(await readFile(join(folder, name), 'utf8'), `${name}: ${secret}`);
        }
      } finally {
        await rm(top, { recursive: true, force: true });
      }
    },
  };
}

/** Permissions that would be loosened, and a time of reading before that of writing, so that each reading is noted. */
async function sing(path: string, secret: string): Promise<void> {
  await writeFile(path, `${path.slice(path.lastIndexOf('/') + 1)}: ${secret}`);
  await chmod(path, 0o600);
  await utimes(path, 1_000_000_000, 1_400_000_000);
}

async function factsBelow(folder: string, without: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const visit = async (path: string): Promise<void> => {
    const { mode, uid, gid, ino, nlink, size, mtimeNs, ctimeNs, atimeNs } = await lstat(path, { bigint: true });
    // Reading a folder is how it is looked at.
    const read = (mode & 0o170000n) === 0o40000n ? '' : atimeNs;
    found.set(
      path.slice(folder.length),
      [mode.toString(8), uid, gid, ino, nlink, size, mtimeNs, ctimeNs, read].join(' '),
    );
    if (read === '')
      for (const name of await readdir(path)) if (join(path, name) !== without) await visit(join(path, name));
  };
  await visit(folder);
  return found;
}
