/** Titles that were made to write outside the directory that they are pulled to: nothing there changes, and honest files come whole. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pullFiles, type PullFilesOptions } from '../../src/node/artifact/artifact-pull.ts';
import { fake } from '../../src/testing/samples.ts';
import { plain, sourceOf, titled } from '../support/artifact-content.ts';
import { canary } from '../support/canary.ts';
import { rejection } from '../support/failure.ts';
import { filesBelow } from '../support/layouts.ts';

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
    const [file, below] = [plain('1'), plain('2')];
    for (const files of [
      [titled(file, 'c'), titled(below, 'c/d/e')],
      [titled(below, 'c/d/e'), titled(file, './c')],
    ]) {
      const { source, opened } = sourceOf(file, below);
      const error = await rejection('CONFLICT', pullFiles(source, files, target));
      assert.match(error.message, /and another is in it: "c\/d\/e"/);
      assert.deepEqual(opened, [], 'that is known before anything is fetched');
    }
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
    const slow = plain('slow');
    const late = sourceOf({
      ...slow,
      async *open(options) {
        await writeFile(join(target, 'late'), 'theirs');
        yield* slow.open(options);
      },
    });
    await rejection('CONFLICT', pullFiles(late.source, [titled(slow, 'late')], target, { keepOldFiles: true }));
    assert.equal(await readFile(join(target, 'late'), 'utf8'), 'theirs', 'what came in between is kept, too');
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
