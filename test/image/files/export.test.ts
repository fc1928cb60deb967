import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { digestOf } from '../../../src/bytes/hash.ts';
import { fromArray, readAll } from '../../../src/bytes/read.ts';
import { readTar, type TarEntry, type TarFile } from '../../../src/bytes/tar.ts';
import { exportTar } from '../../../src/image/files/export.ts';
import type { FileSystem } from '../../../src/image/files/file-system.ts';
import { seededBytes } from '../../../src/testing/fixtures.ts';
import { spoolToMemory } from '../../../src/store/spool.ts';
import { directory, file, hardLink, layered, opaque, symlink, textOf, tree, whiteout } from '../../support/layered.ts';

const LIMIT = 256 << 20;
const exported = (files: FileSystem): Promise<Uint8Array> => readAll(exportTar(files), LIMIT, 'archive');

interface Found extends Omit<TarEntry, 'body'> {
  readonly text: string;
}
const entriesOf = async (archive: Uint8Array): Promise<Found[]> => {
  const found: Found[] = [];
  for await (const { body, ...header } of readTar(fromArray(archive)))
    found.push({ ...header, text: await textOf(body) });
  return found;
};
const layers: readonly (readonly TarFile[])[] = [
  [
    directory('./', { mode: 0o711, mtime: 7 }),
    directory('bin/', { mtime: 8 }),
    file('bin/box', 'box', { mode: 0o4755 }),
    hardLink('bin/ls', 'bin/box'),
    hardLink('bin/cp', 'bin/box'),
    symlink('bin/sh', '/bin/box'),
    directory('old/'),
    file('old/gone', 'gone'),
    file('etc-empty', ''),
  ],
  [whiteout('old'), directory('bin/', { mode: 0o500, mtime: 9 }), file('bin/box', 'new'), file('data/x', 'x')],
  [
    directory('data/'),
    opaque('data'),
    file('data/y', 'y'),
    { name: 'null', type: 'character-device', devmajor: 1, devminor: 3 },
  ],
];

describe('CAP-E13: the merged file system as one archive', () => {
  test('has each name once, and nothing of what is hidden', async () => {
    const { files } = await layered(...layers);
    const names = (await entriesOf(await exported(files()))).map(({ name }) => name);
    assert.deepEqual(names.toSorted(), [
      './',
      'bin/',
      'bin/box',
      'bin/cp',
      'bin/ls',
      'bin/sh',
      'data/',
      'data/y',
      'etc-empty',
      'null',
    ]);
  });

  test('is the same file system when it is read as a layer', async () => {
    const { files } = await layered(...layers);
    const again = await layered(await exported(files()));
    assert.deepEqual(await tree(again.files()), await tree(files()));
    const root = await again.files().stat('');
    const bin = await again.files().stat('bin');
    assert.deepEqual([root.mode, root.mtime, bin.mode, bin.mtime], [0o711, 7, 0o500, 9]);
    assert.equal(await textOf(again.files().read('bin/ls')), 'box');
    assert.equal(await textOf(again.files().read('bin/box')), 'new');
    // What was exported once is exported to the same bytes.
    assert.equal(
      digestOf(await exported(again.files())),
      digestOf(await exported((await layered(await exported(files()))).files())),
    );
  });

  test('a link comes after the file that it names, whose bytes stand once, though its first name be replaced', async () => {
    const { files } = await layered(...layers);
    const found = await entriesOf(await exported(files()));
    const at = (name: string): number => found.findIndex((one) => one.name === name);
    const entry = (name: string): Found | undefined => found[at(name)];
    assert.deepEqual([entry('bin/box')?.text, entry('bin/box')?.mode], ['new', 0o644]);
    assert.deepEqual([entry('bin/cp')?.type, entry('bin/cp')?.text, entry('bin/cp')?.mode], ['file', 'box', 0o4755]);
    assert.deepEqual([entry('bin/ls')?.type, entry('bin/ls')?.linkname], ['link', 'bin/cp']);
    assert.ok(at('bin/cp') < at('bin/ls'));
    assert.ok(at('bin/') < at('bin/sh'), 'a directory comes before its links');
  });

  test('is the same bytes every time', async () => {
    const first = await layered(...layers);
    const second = await layered(...layers);
    const digest = digestOf(await exported(first.files()));
    assert.equal(digestOf(await exported(second.files({ concurrency: 1, spool: spoolToMemory(1 << 20) }))), digest);
  });

  test('keeps what only PAX can say', async () => {
    const long = `${'directory/'.repeat(30)}${'f'.repeat(120)}`;
    const pax = { 'SCHILY.xattr.security.capability': '\u0001\0\0\u0002\udc80\0', comment: 'no' };
    const { files } = await layered([
      file(long, 'long', { uid: 1_000_650_000, gid: 3_000_000, mtime: 1.5 }),
      file('grüße', 'ü', { pax }),
      file('far', 'far', { mtime: 5_000_000_000, uname: 'jürgen' }),
      file('exact', 'exact', { pax: { mtime: '1400000000.123456789' } }),
      symlink('l', `${'x/'.repeat(120)}y`),
      hardLink('far2', long),
    ]);
    const found = new Map((await entriesOf(await exported(files()))).map((one) => [one.name, one]));
    const { uid, gid, mtime } = found.get(long) ?? assert.fail();
    assert.deepEqual([uid, gid, mtime], [1_000_650_000, 3_000_000, 1.5]);
    assert.equal(
      found.get('grüße')?.pax?.['SCHILY.xattr.security.capability'],
      pax['SCHILY.xattr.security.capability'],
    );
    assert.equal(found.get('grüße')?.pax?.comment, undefined);
    assert.deepEqual([found.get('far')?.mtime, found.get('far')?.uname], [5_000_000_000, 'jürgen']);
    assert.equal(
      found.get('exact')?.pax?.mtime,
      '1400000000.123456789',
      'with all digits, which a number does not hold',
    );
    assert.equal(found.get('l')?.linkname, `${'x/'.repeat(120)}y`);
    assert.ok(
      [found.get(long)?.linkname, found.get('far2')?.linkname].includes('far2') || found.get('far2')?.linkname === long,
    );
  });

  test('reads each layer twice at most, and from a spool once', async () => {
    const big = (name: string): TarFile[] => [file(`${name}1`, seededBytes(300_000, name)), file(`${name}2`)];
    const { files, opened } = await layered(big('a'), big('b'), [whiteout('a1'), whiteout('a2')]);
    await exported(files({ concurrency: 1 }));
    assert.deepEqual(
      opened.toSorted((a, b) => a - b),
      [0, 1, 1, 2],
    );
    opened.length = 0;
    const kept = files({ spool: spoolToMemory(1 << 20) });
    await exported(kept);
    await kept.close();
    assert.deepEqual(
      opened.toSorted((a, b) => a - b),
      [0, 1, 2],
    );
  });

  test('of an image without layers is an empty archive', async () => {
    const { files } = await layered();
    assert.deepEqual(
      (await entriesOf(await exported(files()))).map(({ name }) => name),
      ['./'],
    );
  });
});
