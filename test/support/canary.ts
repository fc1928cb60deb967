/** A folder beside which things stand that nothing may touch: whatever happens outside it is seen. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { scratch } from './layouts.ts';

export interface Canary {
  /** Above the target, and above it again: `..` and `../..` of it. */
  readonly outside: string;
  /** Not there yet. */
  readonly target: string;
  /** Fails when anything but the target has changed. */
  readonly assertUnharmed: (what?: string) => Promise<void>;
}

export async function canary(t: TestContext): Promise<Canary> {
  const outside = await scratch(t, 'canary');
  const near = join(outside, 'near');
  await mkdir(join(outside, 'etc'), { recursive: true });
  await mkdir(near);
  for (const folder of [outside, near, join(outside, 'etc')]) {
    for (const name of ['x', 'y', 'canary', 'secret', 'passwd']) await writeFile(join(folder, name), `${name} sings`);
  }
  await symlink('canary', join(outside, 'link'));
  const before = await facts(outside, join(near, 'target'));
  return {
    outside,
    target: join(near, 'target'),
    async assertUnharmed(what) {
      assert.deepEqual(await facts(outside, join(near, 'target')), before, what);
    },
  };
}

/** Everything below a folder: type, mode, owner, names of the same file, time of a file, and what is in it. */
export async function facts(folder: string, without?: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const look = async (path: string): Promise<void> => {
    if (path === without) return;
    const stats = await lstat(path);
    const { mode, uid, gid, nlink, mtimeMs, rdev } = stats;
    const content = stats.isSymbolicLink()
      ? `-> ${await readlink(path)}`
      : stats.isFile()
        ? createHash('sha256')
            .update(await readFile(path))
            .digest('hex')
        : `${rdev}`;
    // A folder that something is put into, and taken out of again, has another time.
    const more = stats.isDirectory() ? '' : `${nlink} ${mtimeMs}`;
    found[path.slice(folder.length) || '.'] = `${mode.toString(8)} ${uid}:${gid} ${more} ${content}`;
    if (stats.isDirectory()) for (const name of (await readdir(path)).sort()) await look(join(path, name));
  };
  await look(folder);
  return found;
}
