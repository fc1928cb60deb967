/** Artifacts that were made to write outside the directory that they are pulled to: nothing there changes, and honest ones come whole. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzip } from '../../src/bytes/compress.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import type { TarFile } from '../../src/bytes/tar.ts';
import { isOciError } from '../../src/errors.ts';
import type { ArtifactFile } from '../../src/image/artifact-files.ts';
import { pullFiles, type PullFilesOptions } from '../../src/node/artifact-pull.ts';
import { contentFrom } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { overlay } from '../../src/store/overlay.ts';
import type { Content, Source } from '../../src/store/types.ts';
import { fake } from '../../src/testing/samples.ts';
import { type Canary, canary } from '../support/canary.ts';
import { rejection } from '../support/failure.ts';
import { directory, encode, file, hardLink, symlink as linkTo, tarOf, whiteout } from '../support/layered.ts';
import { filesBelow } from '../support/layouts.ts';
import { rawEntry, rawTar } from '../support/raw-tar.ts';

/** A source of content, which notes what is opened of it. */
function sourceOf(...contents: readonly Content[]): { source: Source; opened: string[] } {
  const opened: string[] = [];
  const blobs = contents.map(
    (content): Content => ({
      ...content,
      open(options) {
        opened.push(content.descriptor.digest);
        return content.open(options);
      },
    }),
  );
  return { source: overlay(createMemoryStore(), { blobs }), opened };
}

const plain = (text: string): Content => contentFrom(encode(text), 'text/plain');
const titled = ({ descriptor }: Content, title: string): ArtifactFile => ({ descriptor, title });

async function pull(
  target: string,
  titles: Readonly<Record<string, string>>,
  options?: PullFilesOptions,
): Promise<void> {
  const entries = Object.entries(titles).map(([title, text]) => [title, plain(text)] as const);
  const { source } = sourceOf(...entries.map(([, content]) => content));
  await pullFiles(
    source,
    entries.map(([title, content]) => titled(content, title)),
    target,
    options,
  );
}

/** The archive of a directory, with what oras says of it. */
async function archive(pieces: readonly (TarFile | Uint8Array)[], annotations: object = {}): Promise<Content> {
  const tar = await rawTar(...pieces);
  const bytes = await readAll(gzip(fromArray(tar)), 1e7, 'archive');
  const told = {
    'io.deis.oras.content.unpack': 'true',
    'io.deis.oras.content.digest': digestOf(tar),
    ...annotations,
  };
  return contentFrom(bytes, 'application/vnd.oci.image.layer.v1.tar+gzip', { annotations: told });
}

async function unpack(
  target: string,
  content: Content,
  title: string = 'docs',
  options?: PullFilesOptions,
): Promise<string[]> {
  await pullFiles(sourceOf(content).source, [titled(content, title)], target, options);
  return filesBelow(target);
}

describe('CAP-I1: titles of files', () => {
  test('lead below the directory, or nothing is fetched at all', async (t) => {
    const { target, assertUnharmed } = await canary(t);
    const titles = [
      '../x',
      '/x',
      '..',
      '.',
      '',
      'a/../../x',
      'a/../x',
      './../x',
      'a//../../x',
      'x\0y',
      'n'.repeat(5000),
    ];
    for (const title of [...titles, '../near/canary', `${'../'.repeat(20)}etc/passwd`, 'a/b/..', 'é'.repeat(200)]) {
      const [fine, bad] = [plain('fine'), plain('pwned')];
      const { source, opened } = sourceOf(fine, bad);
      const error = await rejection(
        'LAYOUT_INVALID',
        pullFiles(source, [titled(fine, 'fine'), titled(bad, title)], target),
      );
      assert.match(error.message, /a file has the title "/);
      assert.deepEqual(opened, []);
      await assertUnharmed(title);
    }
    await assert.rejects(stat(target), { code: 'ENOENT' });
  });

  test('may be whatever a file system takes', async (t) => {
    const { target, assertUnharmed } = await canary(t);
    const titles = [
      'a',
      './b//c',
      'd/..e/f..',
      '..\\x',
      'C:\\x',
      ' ',
      'ä ö/🚢',
      'line\nbreak',
      '-rf',
      '~',
      '$HOME',
      '.hidden',
    ];
    await pull(target, Object.fromEntries(titles.map((title) => [title, title])));
    const expected = titles.map((title) => title.replace('./b//c', 'b/c')).sort();
    assert.deepEqual((await filesBelow(target)).sort(), expected);
    assert.equal(await readFile(join(target, 'd/..e/f..'), 'utf8'), 'd/..e/f..');
    await assertUnharmed();
  });

  test('lead through no link, whoever has put it there; one at their end is replaced', async (t) => {
    const { target, outside, assertUnharmed } = await canary(t);
    await mkdir(join(target, 'real'), { recursive: true });
    for (const [name, to] of [
      ['up', '..'],
      ['root', '/'],
      ['away', outside],
      ['back', 'real'],
      ['real/deep', '../../..'],
    ] as const) {
      await symlink(to, join(target, name));
      const error = await rejection('CONFLICT', pull(target, { [`${name}/x`]: 'pwned' }));
      assert.match(error.message, /is no directory/);
      await rejection('CONFLICT', pull(target, { [`${name}/new/x`]: 'pwned' }));
      await assertUnharmed(name);
    }
    await symlink('../canary', join(target, 'canary'));
    await pull(target, { canary: 'mine', 'real/deep': 'mine' });
    assert.equal(await readFile(join(target, 'canary'), 'utf8'), 'mine');
    await assertUnharmed();
  });

  test('stand for one file each', async (t) => {
    const { target } = await canary(t);
    await rejection('CONFLICT', pull(target, { a: '1', './a': '2' }));
    await pull(target, { a: '1', './a': '1' });
    await rejection('CONFLICT', pull(target, { a: '1', 'a/b': '2' }, { concurrency: 1 }));
    await mkdir(join(target, 'folder'));
    await rejection('IO', pull(target, { folder: 'x' }));
  });
});

describe('CAP-I1: files', () => {
  test('replace those that stand, or are refused before anything is fetched', async (t) => {
    const { target } = await canary(t);
    await mkdir(target);
    await writeFile(join(target, 'old'), 'old');
    const [one, other] = [plain('new'), plain('other')];
    const { source, opened } = sourceOf(one, other);
    const files = [titled(other, 'fine'), titled(one, 'old')];
    const error = await rejection('CONFLICT', pullFiles(source, files, target, { keepOldFiles: true }));
    assert.match(error.message, /old stands already/);
    assert.deepEqual(opened, []);
    assert.deepEqual(await filesBelow(target), ['old']);
    await pullFiles(source, files, target);
    assert.equal(await readFile(join(target, 'old'), 'utf8'), 'new');
    await symlink('nowhere', join(target, 'dangling'));
    await rejection('CONFLICT', pull(target, { dangling: 'x' }, { keepOldFiles: true }));
    await pull(target, { 'sub/fresh': 'x' }, { keepOldFiles: true });
  });

  test('that are wrong never appear, and what stood there stands', async (t) => {
    const { target } = await canary(t);
    await mkdir(target);
    await writeFile(join(target, 'a'), 'old');
    const lie = fake('right', 'wrong');
    const { source } = sourceOf(lie);
    await rejection('DIGEST_MISMATCH', pullFiles(source, [titled(lie, 'a')], target));
    assert.deepEqual(await readdir(target), ['a'], 'nothing half done is left');
    assert.equal(await readFile(join(target, 'a'), 'utf8'), 'old');
    await rejection('ABORTED', pull(target, { a: 'new' }, { signal: AbortSignal.abort() }));
    assert.equal(await readFile(join(target, 'a'), 'utf8'), 'old');
  });

  test('without a title are passed over, and what happens is told', async (t) => {
    const { target } = await canary(t);
    const [one, nameless] = [plain('1'), plain('2')];
    const { source, opened } = sourceOf(one, nameless);
    const told: string[] = [];
    const on: PullFilesOptions['on'] = ({ type }) => void told.push(type);
    const pulled = await pullFiles(source, [titled(one, 'a'), { descriptor: nameless.descriptor }], target, { on });
    assert.deepEqual(pulled, [{ descriptor: one.descriptor, title: 'a', file: join(target, 'a') }]);
    assert.deepEqual(opened, [one.descriptor.digest]);
    assert.deepEqual(told, ['start', 'progress', 'done']);
  });
});

describe('CAP-I1: archives of directories', () => {
  test('of oras come out as they were, over what is there', async (t) => {
    const { target } = await canary(t);
    const more = { mtime: 1_700_000_000, mode: 0o664 };
    const pieces = [
      directory('docs', { mode: 0o775 }),
      file('docs/a', 'a', more),
      file('docs/run', '#!', { ...more, mode: 0o4775 }),
      linkTo('docs/l', 'sub/../a'.slice(7)),
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
    const { target, assertUnharmed }: Canary = await canary(t);
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

  test('that grow without measure are stopped', async (t) => {
    const { target } = await canary(t);
    const zeros = new Uint8Array(40 << 20);
    const bomb = await readAll(gzip(fromArray(await tarOf([file('docs/a', zeros)])), { level: 9 }), 1e8, 'archive');
    const again = await readAll(gzip(fromArray(bomb)), 1e8, 'archive');
    assert.ok(again.length < 5000);
    const content = contentFrom(again, 'x/y', { annotations: { 'io.deis.oras.content.unpack': 'true' } });
    await rejection('LAYOUT_INVALID', unpack(target, content));
  });
});
