/** What entries that play no trick have to become on a disk, for whoever extracts them: root, or somebody else. */
import { createHash } from 'node:crypto';
import { dirname } from 'node:path/posix';
import { readAll } from '../../../src/bytes/read.ts';
import { bytesOfText, holdsBytes } from '../../../src/bytes/tar-text.ts';
import type { TarFile } from '../../../src/bytes/tar.ts';
import type { FileFacts } from '../real/file-facts.ts';

export interface User {
  /** Gives files to their owners, and makes devices. */
  readonly isRoot: boolean;
  readonly uid: number;
  readonly gid: number;
}

export function thisUser(): User {
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  return { isRoot: uid === 0, uid, gid };
}

const kinds: Readonly<Record<string, number>> = {
  file: 0o100000,
  directory: 0o40000,
  symlink: 0o120000,
  'character-device': 0o20000,
  'block-device': 0o60000,
  fifo: 0o10000,
};

/** The facts of a tree that these entries make; of directories that are not told of, what everybody gives them. */
export async function meantFacts(entries: readonly TarFile[], user: User): Promise<ReadonlyMap<string, FileFacts>> {
  const files = new Map<string, TarFile>([['.', { name: '.', type: 'directory' }]]);
  for (const entry of entries) {
    const path = entry.name.replace(/^\.\//, '').replace(/\/$/, '') || '.';
    for (let at = dirname(path); !files.has(at); at = dirname(at)) files.set(at, { name: at, type: 'directory' });
    if (user.isRoot || !entry.type?.endsWith('device')) files.set(path, entry);
  }
  const found = new Map<string, FileFacts>();
  const firsts = new Map<TarFile, string>();
  for (const path of [...files.keys()].sort(byNames)) {
    const file = fileAt(files, path);
    const shown = shownName(path);
    const sameAs = file.type === 'directory' ? shown : (firsts.get(file) ?? shown);
    firsts.set(file, sameAs);
    found.set(shown, { ...(await factsOf(file, user)), sameAs });
  }
  return found;
}

/** A hard link is the file that it leads to. */
function fileAt(files: ReadonlyMap<string, TarFile>, path: string): TarFile {
  const file = files.get(path);
  if (file === undefined) throw new Error(`${path} is not among the entries that are meant`);
  return file.type === 'link' ? fileAt(files, (file.linkname ?? '').replace(/^\//, '')) : file;
}

async function factsOf(file: TarFile, { isRoot, uid, gid }: User): Promise<Omit<FileFacts, 'sameAs'>> {
  const { type = 'file', mtime = 0 } = file;
  const owner = isRoot ? `${file.uid ?? 0}:${file.gid ?? 0}` : `${uid}:${gid}`;
  const told = type === 'symlink' ? 0o777 : (file.mode ?? (type === 'directory' ? 0o755 : 0o644));
  const isKept = isRoot || owner === `${file.uid ?? 0}:${file.gid ?? 0}`;
  const mode = ((kinds[type] ?? 0) | (isKept ? told : told & 0o1777)).toString(8);
  return { mode, owner, content: await contentOf(file), mtime: mtime * 1000 };
}

async function contentOf(file: TarFile): Promise<string> {
  const { type = 'file', linkname = '', devmajor = 0, devminor = 0, body } = file;
  if (type === 'symlink') return shownName(linkname);
  if (type === 'directory') return '';
  if (type !== 'file') return String(type === 'fifo' ? 0 : devmajor * 256 + devminor);
  const bytes = body === undefined ? new Uint8Array(0) : await readAll(body, 1 << 28, file.name);
  return createHash('sha256').update(bytes).digest('hex');
}

/** As `fileFacts` tells names that are no UTF-8. */
function shownName(name: string): string {
  return holdsBytes(name) ? Buffer.from(bytesOfText(name)).toString('latin1') : name;
}

/** Name by name, as a walk through the tree meets them. */
function byNames(a: string, b: string): number {
  const [left, right] = [a, b].map((path) => (path === '.' ? [] : path.split('/').map(shownName)));
  for (const [at, name] of (left ?? []).entries()) {
    const other = right?.[at];
    if (other === undefined) return 1;
    if (name !== other) return name < other ? -1 : 1;
  }
  return (left ?? []).length - (right ?? []).length;
}
