/** Which files differ, by what the layers tell of them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TarFile } from '../../../src/bytes/tar.ts';
import { diffed, fileLines, layer } from '../../support/diffed.ts';
import { directory, file, hardLink, opaque, symlink, whiteout } from '../../support/layered.ts';

describe('CAP-N3: files of two images', () => {
  test('are told as added, removed and changed', async () => {
    const before = [directory('app/'), file('app/old'), file('app/main', 'one'), file('app/same')];
    const after = [directory('app/'), file('app/same'), file('app/main', 'longer'), file('app/new')];
    assert.deepEqual(await fileLines([before], [after]), ['~ app/main size content', '+ app/new', '- app/old']);
  });

  test('of one size and one time differ by their bytes', async () => {
    assert.deepEqual(await fileLines([[file('a', 'one'), file('b', 'two')]], [[file('a', 'two'), file('b', 'two')]]), [
      '~ a content',
    ]);
    assert.deepEqual(await fileLines([[file('a', 'one')]], [[file('a', 'two', { mode: 0o600, mtime: 7 })]]), [
      '~ a mode content time',
    ]);
  });

  test('differ in what is told of them', async () => {
    const changes: readonly [TarFile, TarFile, string][] = [
      [file('a'), file('a', 'a', { mode: 0o4755 }), '~ a mode'],
      [file('a'), file('a', 'a', { uid: 1 }), '~ a owner'],
      [file('a'), file('a', 'a', { gid: 1 }), '~ a owner'],
      [file('a'), file('a', 'a', { mtime: 1 }), '~ a time'],
      [file('a'), file('a', 'a', { pax: { 'SCHILY.xattr.security.capability': 'x' } }), '~ a xattrs'],
      [file('a'), directory('a/'), '~ a type mode'],
      [file('a'), symlink('a', 'b'), '~ a type'],
      [symlink('a', 'b'), symlink('a', 'c', { mode: 0o755 }), '~ a target'],
      [directory('a/'), directory('a/', { mode: 0o700 }), '~ a mode'],
      [
        { name: 'a', type: 'character-device', devmajor: 1, devminor: 3 },
        { name: 'a', type: 'character-device', devmajor: 1, devminor: 5 },
        '~ a device',
      ],
    ];
    for (const [before, after, line] of changes) assert.deepEqual(await fileLines([[before]], [[after]]), [line]);
  });

  test('are told with what they were and are', async () => {
    const { image, before, after } = await diffed(
      { layers: [[file('a', 'one', { uid: 3 })]] },
      { layers: [[file('a', 'three', { mode: 0o755 })]] },
    );
    const told = { type: 'file', gid: 0, mtime: 0 };
    assert.deepEqual(image.files, [
      {
        kind: 'changed',
        path: 'a',
        differs: ['mode', 'owner', 'size', 'content'],
        before: { ...told, size: 3, mode: 0o644, uid: 3, layer: before.blobs[1]?.descriptor.digest },
        after: { ...told, size: 5, mode: 0o755, uid: 0, layer: after.blobs[1]?.descriptor.digest },
      },
    ]);
  });

  test('are compared without their times where that is wanted', async () => {
    const layers = [[file('a', 'one', { mtime: 1 }), file('b', 'one', { mtime: 1 })]];
    const others = [[file('a', 'one', { mtime: 2 }), file('b', 'two', { mtime: 2 })]];
    assert.deepEqual(await fileLines(layers, others, { ignoreTimes: true }), ['~ b content']);
  });

  test('are those of the merged layers', async () => {
    const before = [
      [directory('a/'), file('a/x'), file('a/y')],
      [whiteout('a/x'), file('z')],
    ];
    assert.deepEqual(await fileLines(before, [[directory('a/'), file('a/y'), file('z')]]), []);
    assert.deepEqual(
      await fileLines(before, [
        [directory('a/'), file('a/x')],
        [opaque('a'), file('z')],
      ]),
      ['- a/y'],
    );
    assert.deepEqual(await fileLines([[file('t'), hardLink('l', 't')]], [[file('t'), file('l', 't')]]), []);
  });

  test('of directories that only one image has are told one by one', async () => {
    const tree = [directory('a/'), directory('a/b/'), file('a/b/c'), file('a/d')];
    assert.deepEqual(await fileLines([tree], [[file('z')]]), ['- a', '- a/b', '- a/b/c', '- a/d', '+ z']);
    assert.deepEqual(await fileLines([tree], [[file('a')]]), ['~ a type mode', '- a/b', '- a/b/c', '- a/d']);
  });
});

describe('CAP-N3: of images that share layers', () => {
  const base = (): ReturnType<typeof layer> => layer([directory('etc/'), file('etc/a', 'a'), file('etc/b', 'b')]);

  test('what both change is compared, what one does is as sure as its layers tell', async () => {
    const shared = await base();
    const before = [shared, [directory('etc/'), file('etc/a', 'x'), file('etc/c')]];
    const after = [shared, [directory('etc/'), file('etc/a', 'y'), file('etc/b', 'z')]];
    assert.deepEqual(await fileLines(before, after), ['~ etc/a content', '+? etc/b', '-? etc/c']);
    assert.deepEqual(await fileLines(before, after, { exact: true }), [
      '~ etc/a content',
      '~ etc/b content',
      '- etc/c',
    ]);
  });

  test('what one hides is told, and in an exact comparison what that was', async () => {
    const shared = await base();
    for (const hides of [[whiteout('etc')], [directory('etc/'), whiteout('etc/a'), whiteout('etc/b')]]) {
      const lines = await fileLines([shared], [shared, hides], { exact: true, ignoreTimes: true });
      assert.deepEqual(
        lines.filter((line) => line !== '- etc'),
        ['- etc/a', '- etc/b'],
      );
    }
    assert.deepEqual(await fileLines([shared], [shared, [whiteout('etc/a')]]), ['-? etc/a']);
    assert.deepEqual(await fileLines([shared, [whiteout('etc/a')]], [shared]), ['+? etc/a']);
    assert.deepEqual(await fileLines([shared, [directory('etc/')]], [shared, [directory('etc/'), opaque('etc')]]), [
      '~? etc content',
    ]);
  });

  test('what one hides and the other one tells of is sure', async () => {
    const shared = await base();
    assert.deepEqual(
      await fileLines([shared, [whiteout('etc/a')]], [shared, [directory('etc/'), file('etc/a', 'new')]]),
      ['~? etc', '+ etc/a'],
    );
  });

  test('folders that a layer does not tell of are taken for folders, and no lower layer is asked', async () => {
    const shared = await base();
    const before = { layers: [shared, [file('usr/share/x', '1')]] };
    const after = { layers: [shared, [file('usr/share/x', '2'), whiteout('usr/share/y'), opaque('opt/a')]] };
    const { image, asked } = await diffed(before, after, { sections: ['files'] });
    assert.deepEqual(
      image.files?.map(({ path, unsure }) => [path, unsure]),
      [
        ['opt/a', true],
        ['usr/share/x', undefined],
        ['usr/share/y', true],
      ],
    );
    assert.ok(!asked.includes('both 0'));
  });

  test('a lower layer is asked where an upper one means nothing without it', async () => {
    const lowest = await base();
    const { image, asked } = await diffed(
      { layers: [lowest, [file('x')]] },
      { layers: [lowest, [file('x'), hardLink('y', 'etc/a')]] },
      { sections: ['files'] },
    );
    assert.deepEqual(
      image.files?.map(({ path, kind, after }) => [path, kind, after?.size]),
      [['y', 'added', 1]],
    );
    assert.ok(asked.includes('both 0'));
  });
});
