/** A tree on the disk as plain facts, to be compared name by name. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';

export interface FileFacts {
  /** Type and permissions. */
  readonly mode: string;
  readonly owner: string;
  /** Digest of the bytes, target of a link, numbers of a device. */
  readonly content: string;
  /** The first name of the same file. */
  readonly sameAs: string;
  /** Milliseconds. */
  readonly mtime: number;
}

/** All of a tree by its paths; the root is `.`. */
export async function fileFacts(root: string): Promise<ReadonlyMap<string, FileFacts>> {
  const found = new Map<string, FileFacts>();
  const inodes = new Map<number, string>();
  const look = async (path: string, place: Buffer): Promise<void> => {
    const stats = await lstat(place);
    const names = stats.isDirectory() ? await namesIn(place) : [];
    const sameAs = stats.isDirectory() ? path : (inodes.get(stats.ino) ?? path);
    inodes.set(stats.ino, sameAs);
    const mode = stats.mode.toString(8);
    const content = await contentOf(place, stats);
    found.set(path, { mode, owner: `${stats.uid}:${stats.gid}`, content, sameAs, mtime: stats.mtimeMs });
    for (const [name, bytes] of names) await look(path === '.' ? name : `${path}/${name}`, below(place, bytes));
  };
  await look('.', Buffer.from(root));
  return found;
}

/** Sorted. A name that is no UTF-8 is told as latin 1. */
async function namesIn(place: Buffer): Promise<[name: string, bytes: Buffer][]> {
  const names = (await readdir(place, { encoding: 'buffer' })).map((bytes): [string, Buffer] => [textOf(bytes), bytes]);
  return names.sort(([a], [b]) => (a < b ? -1 : 1));
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : bytes.toString('latin1');
}

function below(place: Buffer, name: Buffer): Buffer {
  return Buffer.concat([place, Buffer.from('/'), name]);
}

async function contentOf(place: Buffer, stats: Stats): Promise<string> {
  if (stats.isSymbolicLink()) return textOf(await readlink(place, { encoding: 'buffer' }));
  if (stats.isFile()) {
    return createHash('sha256')
      .update(await readFile(place))
      .digest('hex');
  }
  return stats.isDirectory() ? '' : String(stats.rdev);
}

/** Node sets times in microseconds. */
const TOLERANCE_MS = 0.002;

/** Fails where two trees differ. */
export function assertSameTree(
  actual: ReadonlyMap<string, FileFacts>,
  expected: ReadonlyMap<string, FileFacts>,
  what: string,
): void {
  assert.deepEqual([...actual.keys()], [...expected.keys()], what);
  for (const [path, { mtime, ...facts }] of actual) {
    const { mtime: wanted = Number.NaN, ...others } = expected.get(path) ?? {};
    assert.deepEqual(facts, others, `${what}: ${path}`);
    assert.ok(Math.abs(mtime - wanted) <= TOLERANCE_MS, `${what}: ${path} is of ${mtime}, not of ${wanted}`);
  }
}
