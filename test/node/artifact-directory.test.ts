/** Archives of directories: those of oras come out as they were, and those that were made to do harm do none. */
import assert from 'node:assert/strict';
import { mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzip } from '../../src/bytes/compress.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import { isOciError } from '../../src/errors.ts';
import { pullFiles, type PullFilesOptions } from '../../src/node/artifact/artifact-pull.ts';
import { contentFrom } from '../../src/store/content.ts';
import type { Content } from '../../src/store/types.ts';
import { archive, sourceOf, titled } from '../support/artifact-content.ts';
import { canary } from '../support/canary.ts';
import { rejection } from '../support/failure.ts';
import { directory, encode, file, hardLink, symlink as linkTo, tarOf, whiteout } from '../support/layered.ts';
import { filesBelow } from '../support/layouts.ts';
import { rawEntry } from '../support/raw-tar.ts';

async function unpack(
  target: string,
  content: Content,
  title: string = 'docs',
  options?: PullFilesOptions,
): Promise<string[]> {
  await pullFiles(sourceOf(content).source, [titled(content, title)], target, options);
  return filesBelow(target);
}

describe('CAP-I1: archives of directories', () => {
  test('of oras come out as they were, over what is there', async (t) => {
    const { target } = await canary(t);
    const more = { mtime: 1_700_000_000, mode: 0o664 };
    const pieces = [
      directory('docs', { mode: 0o775 }),
      file('docs/a', 'a', more),
      file('docs/run', '#!', { ...more, mode: 0o4775 }),
      linkTo('docs/l', 'a'),
      directory('docs/sub', { mode: 0o700 }),
      linkTo('docs/sub/up', '../a'),
      hardLink('docs/sub/same', 'docs/a'),
    ];
    await mkdir(join(target, 'docs', 'sub'), { recursive: true });
    for (const name of ['a', 'mine', 'sub/mine']) await writeFile(join(target, 'docs', name), 'old');
    assert.deepEqual(await unpack(target, await archive(pieces)), [
      'docs/a',
      'docs/l',
      'docs/mine',
      'docs/run',
      'docs/sub/mine',
      'docs/sub/same',
      'docs/sub/up',
    ]);
    assert.equal(await readFile(join(target, 'docs/a'), 'utf8'), 'a');
    assert.equal(await readlink(join(target, 'docs/sub/up')), '../a');
    const { mode, mtimeMs } = await stat(join(target, 'docs/run'));
    assert.deepEqual([(mode & 0o7777).toString(8), mtimeMs], ['755', 1_700_000_000_000]);
    assert.equal((await stat(join(target, 'docs/sub'))).mode & 0o777, 0o755);
    await rejection('CONFLICT', unpack(target, await archive(pieces), 'docs', { keepOldFiles: true }));
  });

  test('whose names do not begin with the title come out as they are', async (t) => {
    const { target } = await canary(t);
    assert.deepEqual(await unpack(target, await archive([file('./a'), file('b/c')])), ['docs/a', 'docs/b/c']);
    const mixed = await archive([file('other/a'), file('docs/b')]);
    assert.deepEqual(await unpack(join(target, '2'), mixed), ['docs/docs/b', 'docs/other/a']);
    assert.deepEqual(await unpack(join(target, '3'), await archive([file('a')]), '.'), ['a']);
  });

  const hostile: readonly (readonly [string, () => Promise<Content> | Content])[] = [
    ['a name that climbs out', () => archive([file('../x', 'pwned')])],
    ['a name that climbs out of the title', () => archive([file('docs/../../x', 'pwned')])],
    [
      'a link to the root, and a file through it',
      () => archive([linkTo('docs/a', '/'), file('docs/a/etc/x', 'pwned')]),
    ],
    ['a link out', () => archive([linkTo('docs/a', '../x')])],
    ['a link out to the working directory', () => archive([linkTo('docs/a', '..')])],
    ['two links that lead out together', () => archive([linkTo('docs/a/b', '..'), linkTo('docs/c', 'a/b/../..')])],
    ['a hard link out', () => archive([hardLink('docs/a', '../x')])],
    ['a hard link to the machine', () => archive([hardLink('docs/a', '/etc/passwd')])],
    [
      'a device',
      async () =>
        archive([await rawEntry({ name: 'docs/null' }, { type: '3', devmajor: '0000001\0', devminor: '0000003\0' })]),
    ],
    ['a pipe', async () => archive([await rawEntry({ name: 'docs/pipe' }, { type: '6' })])],
    ['a whiteout', () => archive([file('docs/a'), whiteout('docs/a')])],
    [
      'no archive',
      async () => contentFrom(encode('no archive'), 'x/y', { annotations: { 'io.deis.oras.content.unpack': 'true' } }),
    ],
    ['a digest that is none', () => archive([file('docs/a')], { 'io.deis.oras.content.digest': 'sha256:../x' })],
    [
      'another digest than it has',
      () => archive([file('docs/a')], { 'io.deis.oras.content.digest': digestOf(encode('x')) }),
    ],
  ];
  for (const [what, make] of hostile) {
    test(`with ${what} are refused, and nothing of them is written`, async (t) => {
      const { target, assertUnharmed } = await canary(t);
      await assert.rejects(unpack(target, await make()), (error) =>
        isOciError(error, 'LAYOUT_INVALID', 'DIGEST_MISMATCH', 'DIGEST_INVALID'),
      );
      await assertUnharmed();
      assert.deepEqual(await filesBelow(target), []);
    });
  }

  test('go through no link that stands in the directory', async (t) => {
    const { target, assertUnharmed } = await canary(t);
    await mkdir(target);
    await symlink('..', join(target, 'docs'));
    const content = await archive([file('docs/x', 'pwned'), file('docs/sub/x', 'pwned')]);
    await rejection('CONFLICT', unpack(target, content));
    await assertUnharmed();
    await mkdir(join(target, 'other'));
    await symlink('../..', join(target, 'other', 'sub'));
    await unpack(target, content, 'other');
    await assertUnharmed('a link inside is replaced');
  });

  test('that are compressed twice are none', async (t) => {
    const { target } = await canary(t);
    const once = await readAll(gzip(fromArray(await tarOf([file('docs/a')]))), 1e6, 'archive');
    const again = await readAll(gzip(fromArray(once)), 1e6, 'archive');
    const content = contentFrom(again, 'x/y', { annotations: { 'io.deis.oras.content.unpack': 'true' } });
    await rejection('LAYOUT_INVALID', unpack(target, content));
  });
});
