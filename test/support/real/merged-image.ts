/**
 * An image whose layers do to each other all that layers can: made on the disk, packed by tar(1), put together by umoci. Everything has
 * a time of its own, and every directory is told of, so that no unpacker has to make up anything.
 */
import { execFile } from 'node:child_process';
import { chmod, chown, link, lutimes, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { toolPath } from './find-tool.ts';
import { run } from './run.ts';
import { umociMakeImage, umociNewLayout } from './umoci.ts';

const isRoot = process.geteuid?.() === 0;

/** What stands at a path of a layer: text, a directory (`/`), a link (`-> target`), another name (`= path`). */
type Spec = Readonly<Record<string, string>>;

const long = `${'long-name/'.repeat(14)}${'f'.repeat(140)}`;

const base: Spec = {
  bin: '-> usr/bin',
  'usr/bin/busybox': 'busybox',
  'usr/bin/ls': '= usr/bin/busybox',
  'usr/bin/cat': '= usr/bin/busybox',
  'usr/bin/sh': '-> /usr/bin/busybox',
  'usr/share/doc/a': 'a',
  'usr/share/doc/b': 'b',
  'usr/share/doc/sub/c': 'c',
  'usr/share/keep/d': 'd',
  'etc/passwd': 'root:x:0:0::/:/bin/sh\n',
  'etc/mtab': '-> ../proc/mounts',
  'etc/shadow': 'secret',
  'etc/replaced-by-directory': 'file',
  'etc/replaced-by-file/inside': 'gone',
  'etc/replaced-by-link/inside': 'gone',
  'etc/link-replaced': '-> passwd',
  'first/name': 'one file',
  second: '= first/name',
  third: '= first/name',
  'grüße/ñ ': 'unicode',
  empty: '',
  [long]: 'long',
  tmp: '/',
  'opt/old/x': 'x',
  'opt/old/y/z': 'z',
};

const second: Spec = {
  'usr/share/doc/.wh..wh..opq': '',
  'usr/share/doc/new': 'new',
  'etc/.wh.shadow': '',
  'etc/replaced-by-directory/now': 'inside',
  'etc/replaced-by-file': 'a file',
  'etc/replaced-by-link': '-> /nowhere',
  'etc/link-replaced': 'a file, and passwd stays',
  'first/.wh.name': '',
  'opt/.wh.old': '',
  'opt/old/x': 'again',
  'only-its-permissions': '/',
};

const third: Spec = { 'usr/bin/busybox': 'another one', '.wh.empty': '', tmp: '/' };

/** Makes the image in a layout, which is made as well. @param work a directory to write to. */
export async function makeMergedImage(layout: string, tag: string, work: string): Promise<void> {
  const layers = [
    await packed(work, 'base', { ...base, 'only-its-permissions/x': 'x' }),
    await packed(work, 'second', second),
    await linkLayer(work),
    await packed(work, 'third', third),
    await twiceLayer(work),
  ];
  await umociNewLayout(layout);
  await umociMakeImage(`${layout}:${tag}`, { architecture: 'amd64', layers });
}

async function packed(work: string, name: string, spec: Spec): Promise<string> {
  const root = join(work, name);
  await mkdir(root);
  for (const [path, what] of Object.entries(spec)) await make(root, path, what);
  if (name === 'base' && isRoot) await makeDevices(root);
  await settle(root, 1_600_000_000 + name.length * 1000);
  return pack(work, name);
}

async function make(root: string, path: string, what: string): Promise<void> {
  const place = join(root, path);
  await mkdir(dirname(place), { recursive: true });
  if (what === '/') return void (await mkdir(place, { recursive: true }));
  if (what.startsWith('-> ')) return symlink(what.slice(3), place);
  if (what.startsWith('= ')) return link(join(root, what.slice(2)), place);
  return writeFile(place, what === 'busybox' ? await readFile(toolPath('busybox')) : what);
}

async function makeDevices(root: string): Promise<void> {
  await mkdir(join(root, 'dev'));
  const make = (name: string, mode: string, ...what: string[]): Promise<unknown> =>
    promisify(execFile)('mknod', ['-m', mode, join(root, 'dev', name), ...what]);
  await make('console', '0620', 'c', '5', '1');
  await make('loop0', '0660', 'b', '7', '0');
  await make('pipe', '0600', 'p');
}

/** Permissions, owners and times that tell themselves apart; those of a directory when all that is in it has its own. */
async function settle(root: string, start: number): Promise<void> {
  let count = 0;
  const visit = async (path: string): Promise<void> => {
    const entries = await readdir(path, { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const place = join(path, entry.name);
      const number = ++count;
      const time = start + number + 0.25;
      if (entry.isSymbolicLink()) {
        await lutimes(place, time, time);
        continue;
      }
      if (entry.isDirectory()) await visit(place);
      if (isRoot) await chown(place, number % 5, number % 7);
      if (entry.isFile()) await chmod(place, [0o644, 0o4755, 0o600, 0o2711, 0o444][number % 5] ?? 0);
      if (entry.isDirectory()) await chmod(place, [0o755, 0o1777, 0o700, isRoot ? 0o555 : 0o711][number % 4] ?? 0);
      await utimes(place, time, time);
    }
  };
  await visit(root);
  await utimes(root, start, start);
}

async function pack(work: string, name: string): Promise<string> {
  const archive = join(work, `${name}.tar`);
  const how = ['--format=posix', '--sort=name', '--numeric-owner', '--pax-option=delete=atime,delete=ctime'];
  await run('tar', ['--create', `--file=${archive}`, ...how, `--directory=${join(work, name)}`, '.']);
  return archive;
}

/**
 * A layer that tells of no directories: a file behind a link of a lower layer, and a hard link to a file of one, for which of two names
 * the first is taken out of the archive.
 */
async function linkLayer(work: string): Promise<string> {
  const root = join(work, 'links');
  const archive = join(work, 'links.tar');
  await make(root, 'etc/passwd', 'the lower one counts');
  await make(root, 'users', '= etc/passwd');
  await make(root, 'bin/new', 'lands in usr/bin');
  await settle(root, 1_640_000_000);
  const names = ['etc/passwd', 'users', 'bin/new'];
  await run('tar', ['--create', `--file=${archive}`, '--format=posix', `--directory=${root}`, ...names]);
  await run('tar', ['--delete', `--file=${archive}`, 'etc/passwd']);
  return archive;
}

/** One name twice: the second counts. */
async function twiceLayer(work: string): Promise<string> {
  const root = join(work, 'twice');
  const archive = join(work, 'twice.tar');
  await mkdir(root);
  for (const [at, text] of ['first', 'the second one'].entries()) {
    await writeFile(join(root, 'twice'), text);
    await utimes(join(root, 'twice'), 1_650_000_000 + at, 1_650_000_000 + at);
    await run('tar', [at === 0 ? '--create' : '--append', `--file=${archive}`, `--directory=${root}`, 'twice']);
  }
  return archive;
}
