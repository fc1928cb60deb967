/** What layers put on each other become. Where it says so, umoci 0.4.7 was asked; test/real asks it again. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TarFile } from '../../../src/bytes/tar.ts';
import { isOciError } from '../../../src/errors.ts';
import { directory, file, hardLink, layered, opaque, symlink, textOf, tree, whiteout } from '../../support/layered.ts';

const merged = async (...layers: readonly (readonly TarFile[])[]): Promise<string[]> =>
  tree((await layered(...layers)).files());
const bytesAt = async (path: string, ...layers: readonly (readonly TarFile[])[]): Promise<string> =>
  textOf((await layered(...layers)).files().read(path));
const refused = async (expected: RegExp, ...layers: readonly (readonly TarFile[])[]): Promise<void> => {
  await assert.rejects(merged(...layers), (error) => {
    assert.ok(isOciError(error, 'LAYOUT_INVALID'), String(error));
    assert.match(error.message, expected);
    assert.match(error.message, /layer sha256:[0-9a-f]{64}/);
    return true;
  });
};

const base = (): TarFile[] => [
  directory('etc/', { mode: 0o700, mtime: 3 }),
  file('etc/a'),
  directory('etc/d/'),
  file('etc/d/x'),
  file('etc/d/y'),
];

describe('whiteouts', () => {
  test('hide a file, or a directory with all that is in it', async () => {
    assert.deepEqual(await merged(base(), [whiteout('etc/a')]), ['etc/', 'etc/d/', 'etc/d/x', 'etc/d/y']);
    assert.deepEqual(await merged(base(), [whiteout('etc/d')]), ['etc/', 'etc/a']);
    assert.deepEqual(await merged(base(), [whiteout('etc')]), []);
    assert.deepEqual(await merged(base(), [whiteout('nothing'), whiteout('no/thing')]), await merged(base()));
  });

  test('hide nothing of their own layer, before them or after', async () => {
    for (const layer of [
      [file('etc/a', 'new'), whiteout('etc/a')],
      [whiteout('etc/a'), file('etc/a', 'new')],
    ]) {
      assert.equal(await bytesAt('etc/a', base(), layer), 'new');
    }
    assert.deepEqual(await merged(base(), [file('etc/d/z'), whiteout('etc/d')]), [
      'etc/',
      'etc/a',
      'etc/d/',
      'etc/d/z',
    ]);
  });

  test('of a directory and the directory again are an opaque one', async () => {
    const again = [directory('etc/d/'), file('etc/d/z')];
    for (const layer of [
      [whiteout('etc/d'), ...again],
      [...again, whiteout('etc/d')],
    ]) {
      assert.deepEqual(await merged(base(), layer), ['etc/', 'etc/a', 'etc/d/', 'etc/d/z']);
    }
  });

  test('lead through links, as the files of a layer do', async () => {
    assert.deepEqual(await merged([...base(), symlink('l', 'etc/d')], [whiteout('l/x')]), [
      'etc/',
      'etc/a',
      'etc/d/',
      'etc/d/y',
      'l -> etc/d',
    ]);
  });
});

describe('opaque markers', () => {
  test('hide what lower layers have in the directory, wherever in the layer they stand', async () => {
    for (const layer of [
      [opaque('etc'), file('etc/new')],
      [file('etc/new'), opaque('etc')],
    ]) {
      assert.deepEqual(await merged(base(), layer), ['etc/', 'etc/new']);
    }
  });

  test('keep the directories that their own layer puts something into', async () => {
    assert.deepEqual(await merged(base(), [file('etc/d/new'), opaque('etc')]), ['etc/', 'etc/d/', 'etc/d/new']);
    assert.deepEqual(await merged(base(), [file('etc/q/r/new'), opaque('etc')]), [
      'etc/',
      'etc/q/',
      'etc/q/r/',
      'etc/q/r/new',
    ]);
  });

  test('of the root hide everything', async () => {
    assert.deepEqual(await merged(base(), [file('.wh..wh..opq', ''), file('new')]), ['new']);
  });

  test('do nothing to a file, or where nothing is', async () => {
    assert.deepEqual(await merged(base(), [opaque('etc/a'), opaque('nothing')]), await merged(base()));
  });
});

describe('replacing', () => {
  test('a directory told of again keeps what it holds', async () => {
    const { files } = await layered(base(), [directory('etc/', { mode: 0o711, uid: 4, mtime: 9 })]);
    const { mode, uid, mtime, layer } = await files().stat('etc');
    assert.deepEqual([mode, uid, mtime, layer], [0o711, 4, 9, 1]);
    assert.deepEqual(await tree(files()), await merged(base()));
  });

  test('a file takes the place of a directory, and a directory of a file', async () => {
    assert.deepEqual(await merged(base(), [file('etc')]), ['etc']);
    assert.deepEqual(await merged(base(), [symlink('etc', 'x')]), ['etc -> x']);
    assert.deepEqual(await merged([file('a')], [directory('a/'), file('a/b')]), ['a/', 'a/b']);
    assert.deepEqual(await merged(base(), [symlink('etc', 'x')], [directory('etc/')]), ['etc/']);
  });

  test('in one layer the last of a name counts', async () => {
    const layer = [file('a', '1'), file('a', '2'), directory('a/'), file('a/x'), file('a', '3')];
    assert.deepEqual(await merged(layer), ['a']);
    assert.equal(await bytesAt('a', [file('a', '1'), file('a', '2')]), '2');
  });

  test('directories that nobody tells of are there all the same', async () => {
    const { files } = await layered([file('a/b/c')]);
    assert.deepEqual(await tree(files()), ['a/', 'a/b/', 'a/b/c']);
    const { mode, uid, mtime, layer } = await files().stat('a/b');
    assert.deepEqual([mode, uid, mtime, layer], [0o755, 0, 0, undefined]);
  });

  test('names lead through the links that stand at the time', async () => {
    const usr = [directory('usr/'), directory('usr/bin/'), symlink('bin', 'usr/bin')];
    assert.deepEqual(await merged(usr, [file('bin/sh')]), ['bin -> usr/bin', 'usr/', 'usr/bin/', 'usr/bin/sh']);
    assert.deepEqual(await merged(usr, [directory('bin/'), file('bin/sh')]), ['bin/', 'bin/sh', 'usr/', 'usr/bin/']);
    assert.deepEqual(await merged([symlink('a', 'no/where')], [file('a/b')]), [
      'a -> no/where',
      'no/',
      'no/where/',
      'no/where/b',
    ]);
    assert.deepEqual(await merged([directory('d/'), symlink('d/up', '../../..')], [file('d/up/x')]), [
      'd/',
      'd/up -> ../../..',
      'x',
    ]);
  });

  test('what lies below a file, or behind links in a circle, is refused', async () => {
    await refused(/"a\/b" is below what is no directory/, [file('a')], [file('a/b')]);
    await refused(/"a\/b" is behind links in a circle/, [symlink('a', 'b'), symlink('b', 'a')], [file('a/b')]);
    await refused(/its root is no directory/, [file('.')]);
    await refused(/leads out of the image/, [file('../x')]);
  });
});

describe('hard links', () => {
  test('are names of one file, in a layer and across layers', async () => {
    assert.deepEqual(await merged([file('a'), hardLink('b', 'a'), hardLink('c', './b')]), ['a', 'b = a', 'c = a']);
    assert.deepEqual(await merged([file('a')], [hardLink('b', '/a')]), ['a', 'b = a']);
    assert.deepEqual(await merged([file('t'), symlink('a', 't'), hardLink('b', 'a')]), ['a -> t', 'b = a', 't']);
    assert.deepEqual(await merged([directory('x/'), file('x/t'), symlink('l', 'x'), hardLink('b', 'l/t')]), [
      'b',
      'l -> x',
      'x/',
      'x/t = b',
    ]);
  });

  test('keep the file when its first name is replaced or hidden', async () => {
    for (const layer of [[file('a', 'new')], [whiteout('a')]]) {
      assert.equal(await bytesAt('b', [file('a', 'old'), hardLink('b', 'a')], layer), 'old');
    }
    assert.equal(await bytesAt('b', [file('a', 'old')], [hardLink('b', 'a'), file('a', 'new')]), 'old');
  });

  test('have the permissions of the file, not their own', async () => {
    const { files } = await layered([
      file('a', 'a', { mode: 0o600 }),
      { ...hardLink('b', 'a'), mode: 0o777, uid: 5, mtime: 99 },
    ]);
    const { mode, uid, mtime } = await files().stat('b');
    assert.deepEqual([mode, uid, mtime], [0o600, 0, 0]);
  });

  test('to what is not there, to a directory, to itself, or outside are refused', async () => {
    await refused(/"b" is a hard link to "a", which is not there/, [hardLink('b', 'a')]);
    await refused(/which is not there/, [hardLink('b', 'a'), file('a')]);
    await refused(/which is not there/, [file('a'), hardLink('a', 'a')]);
    await refused(/which is not there/, [directory('a/'), file('a/b'), hardLink('a', 'a/b')]);
    await refused(/"b" is a hard link to "a", a directory/, [directory('a/'), hardLink('b', 'a')]);
    await refused(/leads out of the image/, [file('t'), hardLink('b', '../t')]);
  });
});
