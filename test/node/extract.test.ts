import assert from 'node:assert/strict';
import { chown, lstat, mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TarFile } from '../../src/bytes/tar.ts';
import type { FileSystem } from '../../src/image/files/file-system.ts';
import { extract } from '../../src/node/extract/extract.ts';
import { spoolToDisk } from '../../src/node/files/spool.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { directory, file, hardLink, layered, symlink, whiteout } from '../support/layered.ts';
import { filesBelow, scratch } from '../support/layouts.ts';
import { refused } from '../support/refused.ts';

const isRoot = process.geteuid?.() === 0;
const asRoot = { skip: isRoot ? false : 'only root may' };
const bits = async (path: string): Promise<number> => (await lstat(path)).mode & 0o7777;
const systemOf = async (...layers: readonly (readonly TarFile[])[]): Promise<FileSystem> =>
  (await layered(...layers)).files();

const layers: readonly (readonly TarFile[])[] = [
  [
    directory('./', { mode: 0o711, mtime: 1_000_000 }),
    directory('etc/', { mode: 0o750, mtime: 2_000_000 }),
    file('etc/passwd', 'root', { mode: 0o640, mtime: 3_000_000.25 }),
    directory('ro/', { mode: isRoot ? 0o555 : 0o755, mtime: 4_000_000 }),
    file('ro/large', seededBytes(700_000, 'large'), { mode: 0o400 }),
    file('ro/empty', ''),
    symlink('etc/abs', '/etc/passwd', { mtime: 5_000_000 }),
    symlink('dangling', '../../nowhere'),
    hardLink('etc/also', 'etc/passwd'),
  ],
  [file('etc/late', 'late'), hardLink('third', 'etc/also'), whiteout('nothing')],
];

describe('extracting', () => {
  test('CAP-E11: writes what the image has, with modes, times and links', async (t) => {
    const target = join(await scratch(t), 'new/target');
    const done = await extract(await systemOf(...layers), '', target, { owners: false });
    assert.deepEqual(done, {
      files: 8,
      directories: 2,
      bytes: 700_008,
      skipped: [],
      ownersLost: isRoot ? 0 : 9,
      xattrsLost: 0,
    });
    assert.deepEqual(await filesBelow(target), [
      'dangling',
      'etc/abs',
      'etc/also',
      'etc/late',
      'etc/passwd',
      'ro/empty',
      'ro/large',
      'third',
    ]);
    assert.deepEqual(
      [await bits(target), await bits(join(target, 'etc')), await bits(join(target, 'ro'))],
      [0o711, 0o750, isRoot ? 0o555 : 0o755],
    );
    assert.deepEqual([await bits(join(target, 'etc/passwd')), await bits(join(target, 'ro/large'))], [0o640, 0o400]);
    const time = async (name: string): Promise<number> => (await lstat(join(target, name))).mtimeMs / 1000;
    assert.deepEqual(
      [await time(''), await time('etc'), await time('etc/passwd'), await time('ro'), await time('etc/abs')],
      [1_000_000, 2_000_000, 3_000_000.25, 4_000_000, 5_000_000],
    );
    assert.deepEqual(await readlink(join(target, 'etc/abs')), '/etc/passwd');
    const inodes = await Promise.all(['etc/passwd', 'etc/also', 'third'].map((name) => stat(join(target, name))));
    assert.deepEqual(new Set(inodes.map(({ ino }) => ino)).size, 1);
    assert.equal(await readFile(join(target, 'third'), 'utf8'), 'root');
    assert.ok((await readFile(join(target, 'ro/large'))).equals(seededBytes(700_000, 'large')));
  });

  test('keeps times of before 1970, of files, directories and links', async (t) => {
    const target = await scratch(t);
    const before = { mtime: -86_400.25 };
    const files = await systemOf([directory('d/', before), file('d/f', 'f', before), symlink('l', 'd', before)]);
    await extract(files, '', target);
    for (const name of ['d', 'd/f', 'l']) assert.equal((await lstat(join(target, name))).mtimeMs, -86_400_250, name);
  });

  test('of a directory writes what it holds, of a file that, of a link to a directory what that holds', async (t) => {
    const folder = await scratch(t);
    const files = await systemOf([...(layers[0] ?? []), symlink('conf', 'etc'), symlink('one', 'etc/passwd')]);
    await extract(files, '/etc/', join(folder, 'etc'));
    assert.deepEqual((await readdir(join(folder, 'etc'))).sort(), ['abs', 'also', 'passwd']);
    assert.equal(await bits(join(folder, 'etc')), 0o750);
    await extract(files, 'conf', join(folder, 'conf'));
    assert.deepEqual((await readdir(join(folder, 'conf'))).sort(), ['abs', 'also', 'passwd']);
    await extract(files, 'conf/also', join(folder, 'file'));
    assert.deepEqual(await readdir(join(folder, 'file')), ['also']);
    await extract(files, 'one', join(folder, 'link'));
    assert.equal(await readlink(join(folder, 'link/one')), 'etc/passwd');
    await refused(extract(files, 'etc/none', join(folder, 'none')), 'NOT_FOUND', /"etc\/none" is not in the image/);
    await assert.rejects(stat(join(folder, 'none')), { code: 'ENOENT' });
  });

  test('fills an empty directory, whose permissions stay', async (t) => {
    const folder = await scratch(t);
    const mode = await bits(folder);
    await extract(await systemOf(...layers), '', folder, { owners: false });
    assert.equal(await bits(folder), mode);
    assert.equal((await filesBelow(folder)).length, 8);
  });

  test('reads a registry once, by a spool', async (t) => {
    const { files, opened } = await layered(...layers);
    const system = files({ spool: spoolToDisk(), concurrency: 1 });
    await extract(system, '', join(await scratch(t), 'out'));
    await system.close();
    assert.deepEqual(
      opened.toSorted((a, b) => a - b),
      [0, 1],
    );
  });
});

describe('a directory that is not empty', () => {
  test('is refused, and left as it is', async (t) => {
    const folder = await scratch(t);
    await writeFile(join(folder, 'mine'), 'mine');
    await refused(extract(await systemOf(...layers), '', folder), 'CONFLICT', /is not empty/);
    assert.deepEqual(await filesBelow(folder), ['mine']);
    await refused(extract(await systemOf(...layers), '', join(folder, 'mine')), 'CONFLICT', /is no directory/);
  });

  test('is written into by force: files are replaced, directories stay with what else they hold', async (t) => {
    const folder = await scratch(t);
    await mkdir(join(folder, 'etc'));
    await writeFile(join(folder, 'etc/mine'), 'mine');
    await writeFile(join(folder, 'etc/passwd'), 'a longer one than the new one', { mode: 0o666 });
    await writeFile(join(folder, 'ro'), 'a file where a directory goes');
    await extract(await systemOf(...layers), '', folder, { force: true, owners: false });
    assert.equal(await readFile(join(folder, 'etc/mine'), 'utf8'), 'mine');
    assert.equal(await readFile(join(folder, 'etc/passwd'), 'utf8'), 'root');
    assert.equal(await bits(join(folder, 'etc/passwd')), 0o640);
    assert.equal((await stat(join(folder, 'ro'))).isDirectory(), true);
  });

  test('keeps a directory where a file would go, and says that it was written in part', async (t) => {
    const folder = await scratch(t);
    await mkdir(join(folder, 'third/full'), { recursive: true });
    const failed = extract(await systemOf(...layers), '', folder, { force: true });
    await refused(failed, 'CONFLICT', /"third" stands already .*; a part of the files is in /);
    assert.equal((await stat(join(folder, 'third/full'))).isDirectory(), true);
  });
});

describe('when it fails, nothing is left', () => {
  const failing = (files: FileSystem): FileSystem => ({
    ...files,
    async *bodies(wanted, options) {
      let left = 1;
      for await (const one of files.bodies(wanted, options)) {
        if (left-- === 0) throw new Error('the wire broke');
        yield one;
      }
    },
  });

  test('of a directory that was made', async (t) => {
    const folder = await scratch(t);
    await assert.rejects(extract(failing(await systemOf(...layers)), '', join(folder, 'out')), /the wire broke/);
    assert.deepEqual(await readdir(folder), []);
  });

  test('in a directory that was empty', async (t) => {
    const folder = await scratch(t);
    await assert.rejects(extract(failing(await systemOf(...layers)), '', folder), /the wire broke/);
    assert.deepEqual(await readdir(folder), []);
  });

  test('of a file whose bytes end early', async (t) => {
    const files = await systemOf(...layers);
    const short: FileSystem = {
      ...files,
      async *bodies(wanted, options) {
        for await (const one of files.bodies(wanted, options)) {
          yield { ...one, body: (async function* () {})() };
        }
      },
    };
    const folder = await scratch(t);
    await refused(extract(short, '', folder), 'SIZE_MISMATCH', /has 0 of \d+ bytes/);
    assert.deepEqual(await readdir(folder), []);
  });

  test('when the signal ends it', async (t) => {
    const folder = await scratch(t);
    const controller = new AbortController();
    const files = await systemOf(...layers);
    const aborting: FileSystem = {
      ...files,
      async *bodies(wanted, options) {
        for await (const one of files.bodies(wanted, options)) {
          yield one;
          controller.abort();
        }
      },
    };
    await refused(extract(aborting, '', join(folder, 'out'), { signal: controller.signal }), 'ABORTED');
    assert.deepEqual(await readdir(folder), []);
  });

  test('with all directories that were made for it, and none that stood there', async (t) => {
    const folder = await scratch(t);
    await mkdir(join(folder, 'mine'));
    const failing: FileSystem = {
      ...(await systemOf(...layers)),
      bodies: () => ({ [Symbol.asyncIterator]: () => assert.fail() }),
    };
    await assert.rejects(extract(failing, '', join(folder, 'mine/a/../b/c/')));
    assert.deepEqual(await readdir(folder, { recursive: true }), ['mine']);
  });
});

describe('limits', () => {
  test('of bytes and files are looked at before anything is written', async (t) => {
    const folder = await scratch(t);
    const files = await systemOf(...layers);
    await refused(extract(files, '', join(folder, 'a'), { maxBytes: 700_007 }), 'TOO_LARGE', /more than 700007 bytes/);
    await refused(extract(files, '', join(folder, 'a'), { maxEntries: 9 }), 'LIMIT', /more than 9 files/);
    assert.deepEqual(await readdir(folder), []);
    await extract(files, '', join(folder, 'a'), { maxBytes: 700_008, maxEntries: 10 });
  });
});

describe('owners', () => {
  const owned = [
    directory('d/', { uid: 12, gid: 34, mode: 0o2755 }),
    file('d/f', 'f', { uid: 56, gid: 78, mode: 0o4755 }),
    symlink('l', 'd', { uid: 9, gid: 10 }),
    { name: 'null', type: 'character-device', devmajor: 1, devminor: 3, mode: 0o666, uid: 1, mtime: 77 },
    { name: 'pipe', type: 'fifo', mode: 0o600, gid: 2 },
    hardLink('null2', 'null'),
  ] satisfies TarFile[];

  test('are kept by root, and with them what runs as its owner, and devices', asRoot, async (t) => {
    const target = join(await scratch(t), 'out');
    const done = await extract(await systemOf(owned), '', target);
    assert.deepEqual([done.ownersLost, done.skipped], [0, []]);
    const ids = async (name: string): Promise<number[]> => {
      const { uid, gid } = await lstat(join(target, name));
      return [uid, gid];
    };
    assert.deepEqual(
      [await ids('d'), await ids('d/f'), await ids('l')],
      [
        [12, 34],
        [56, 78],
        [9, 10],
      ],
    );
    assert.deepEqual([await bits(join(target, 'd')), await bits(join(target, 'd/f'))], [0o2755, 0o4755]);
    const device = await lstat(join(target, 'null'));
    assert.deepEqual([device.isCharacterDevice(), device.rdev, device.mode & 0o7777], [true, 0x103, 0o666]);
    assert.deepEqual([device.uid, device.mtimeMs, device.nlink], [1, 77_000, 2]);
    assert.deepEqual([(await lstat(join(target, 'pipe'))).isFIFO(), await ids('pipe')], [true, [0, 2]]);
  });

  test('are not, without them nothing runs as its owner', async (t) => {
    const target = join(await scratch(t), 'out');
    await extract(await systemOf(owned), '', target, { owners: false });
    assert.deepEqual([await bits(join(target, 'd')), await bits(join(target, 'd/f'))], [0o755, 0o755]);
    const { uid } = await lstat(join(target, 'd/f'));
    assert.equal(uid, process.geteuid?.());
  });

  test('an ordinary user gets all but devices, and is told', asRoot, async (t) => {
    const folder = await scratch(t);
    await chown(folder, 65534, 65534);
    const ordinary = owned.filter(({ name }) => name !== 'pipe');
    const own = { uid: 65534, gid: 65534 };
    const more = [
      file('own', 'o', { ...own, mode: 0o4711 }),
      directory('ro/', { ...own, mode: 0o555 }),
      file('ro/x', '', own),
    ];
    const files = await systemOf([...ordinary, ...more]);
    process.setegid?.(65534);
    process.seteuid?.(65534);
    try {
      const done = await extract(files, '', join(folder, 'out'));
      assert.deepEqual(done.skipped, ['null', 'null2']);
      assert.deepEqual([done.files, done.ownersLost], [4, 4]);
      assert.equal(await bits(join(folder, 'out/ro')), 0o555);
      assert.deepEqual([await bits(join(folder, 'out/d/f')), await bits(join(folder, 'out/own'))], [0o755, 0o4711]);
    } finally {
      process.seteuid?.(0);
      process.setegid?.(0);
    }
  });
});
