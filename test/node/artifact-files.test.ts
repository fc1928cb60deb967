import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, readdir, readFile, readlink, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, test, type TestContext } from 'node:test';
import { gunzip } from '../../src/bytes/compress.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import { readAll } from '../../src/bytes/read.ts';
import { readTar } from '../../src/bytes/tar.ts';
import { TITLE } from '../../src/image/attached/artifact.ts';
import { type ArtifactFileOptions, openArtifactFile, titleOfPath } from '../../src/node/artifact/artifact-files.ts';
import { pullFiles } from '../../src/node/artifact/artifact-pull.ts';
import type { Content } from '../../src/store/types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { failure, rejection } from '../support/failure.ts';
import { scratch } from '../support/layouts.ts';

interface Shape {
  readonly names: readonly string[];
  readonly fileMode: number;
  readonly folderMode: number;
}

/** A directory with something of everything in it. */
async function makeDirectory(t: TestContext, { names, fileMode, folderMode }: Shape): Promise<string> {
  const path = join(await scratch(t, 'artifact'), 'docs');
  await mkdir(path);
  for (const name of names) {
    const place = join(path, name);
    if (name.endsWith('/')) await mkdir(place, { recursive: true });
    else if (name.startsWith('link')) await symlink('b/c.txt', place);
    else {
      await writeFile(place, `content of ${name}`);
      await chmod(place, name.startsWith('run') ? fileMode | 0o111 : fileMode);
      await utimes(place, 1e9 * Math.random(), 1e9 * Math.random());
    }
  }
  for (const name of names) if (name.endsWith('/')) await chmod(join(path, name), folderMode);
  return path;
}

const names = [
  'b/',
  'b/c.txt',
  'a.txt',
  'B.txt',
  'empty/',
  'run.sh',
  'link',
  'ö ß.txt',
  '.hidden',
  '🚢',
  '～',
  'long'.repeat(40),
];
const usual: Shape = { names, fileMode: 0o644, folderMode: 0o755 };

/** Opens it for as long as the test runs. */
async function opened(t: TestContext, file: string, options?: ArtifactFileOptions): Promise<Content> {
  const one = await openArtifactFile(file, options);
  t.after(() => one.close());
  return one.content;
}

const bytesOf = (content: Content): Promise<Uint8Array> => readAll(content.open(), 1e7, 'file');

/** `name type mode`, a line an entry. */
async function entriesIn(content: Content): Promise<string[]> {
  const lines: string[] = [];
  for await (const { name, type, mode, uid, gid, mtime, uname, linkname } of readTar(gunzip(content.open()))) {
    assert.deepEqual([uid, gid, mtime, uname], [0, 0, 0, '']);
    lines.push(`${name} ${type} ${mode.toString(8)}${type === 'symlink' ? ` ${linkname}` : ''}`);
  }
  return lines;
}

/** Everything below a directory as `path type content`. */
async function treeOf(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of (await readdir(directory, { recursive: true })).sort()) {
    const path = join(directory, name);
    const stats = await lstat(path);
    const mode = (stats.mode & 0o777).toString(8);
    if (stats.isDirectory()) found.push(`${name}/ ${mode}`);
    else if (stats.isSymbolicLink()) found.push(`${name} -> ${await readlink(path)}`);
    else found.push(`${name} ${mode} ${await readFile(path, 'utf8')}`);
  }
  return found;
}

describe('CAP-I1: a directory as content', () => {
  test('is an archive as oras makes it, sorted, without times and owners', async (t) => {
    const content = await opened(t, await makeDirectory(t, usual), { title: 'docs' });
    const { mediaType, annotations = {} } = content.descriptor;
    assert.equal(mediaType, 'application/vnd.oci.image.layer.v1.tar+gzip');
    assert.equal(annotations[TITLE], 'docs');
    assert.equal(annotations['io.deis.oras.content.unpack'], 'true');
    const plain = await readAll(gunzip(content.open()), 1e7, 'archive');
    assert.equal(annotations['io.deis.oras.content.digest'], digestOf(plain));
    assert.deepEqual(await entriesIn(content), [
      'docs/ directory 755',
      'docs/.hidden file 644',
      'docs/B.txt file 644',
      'docs/a.txt file 644',
      'docs/b/ directory 755',
      'docs/b/c.txt file 644',
      'docs/empty/ directory 755',
      'docs/link symlink 777 b/c.txt',
      `docs/${'long'.repeat(40)} file 644`,
      'docs/run.sh file 755',
      'docs/ö ß.txt file 644',
      'docs/🚢 file 644',
      'docs/～ file 644',
    ]);
  });

  test('is the same whoever made it, in whatever order, with whatever umask, anywhere', async (t) => {
    const digest = async (shape: Shape): Promise<unknown> => {
      const content = await opened(t, await makeDirectory(t, shape), { title: 'docs' });
      return [content.descriptor.digest, content.descriptor.annotations?.['io.deis.oras.content.digest']];
    };
    const folders = names.filter((name) => name.endsWith('/'));
    const files = names.filter((name) => !name.endsWith('/')).toReversed();
    const first = await digest(usual);
    assert.deepEqual(await digest({ names: [...folders, ...files], fileMode: 0o600, folderMode: 0o700 }), first);
    assert.deepEqual(await digest({ names: [...folders, ...files], fileMode: 0o666, folderMode: 0o777 }), first);
    assert.equal(
      (first as string[])[1],
      'sha256:a41850c99b0a270a4682bc05a2662622cabe5ad919e96d9ee2a2289f03cc3af7',
      'before compression, with every version of Node',
    );
  });

  test('comes back as it was', async (t) => {
    const from = await makeDirectory(t, usual);
    const store = createMemoryStore();
    const content = await opened(t, from, { title: 'some/docs' });
    await store.putBlob(content);
    const target = join(await scratch(t, 'pulled'), 'new');
    const [pulled] = await pullFiles(store, [{ descriptor: content.descriptor, title: 'some/docs' }], target);
    assert.equal(pulled?.file, join(target, 'some/docs'));
    assert.deepEqual(await treeOf(join(target, 'some/docs')), await treeOf(from));
    const { mtimeMs } = await lstat(join(target, 'some/docs/a.txt'));
    assert.ok(mtimeMs > Date.parse('2020-01-01'), 'nobody wants files of 1970');
  });

  test('may be the one that everything goes to, and may be empty', async (t) => {
    const from = await makeDirectory(t, usual);
    const store = createMemoryStore();
    const here = await opened(t, from, { title: '.' });
    assert.equal((await entriesIn(here))[0], '.hidden file 644');
    await store.putBlob(here);
    const target = await scratch(t, 'pulled');
    await writeFile(join(target, 'own'), 'stays');
    await pullFiles(store, [{ descriptor: here.descriptor, title: '.' }], target);
    assert.deepEqual((await treeOf(target)).sort(), [...(await treeOf(from)), 'own 644 stays'].sort());
    for (const title of ['empty', '.']) {
      const none = await opened(t, await makeDirectory(t, { ...usual, names: [] }), { title });
      await store.putBlob(none);
      const other = join(await scratch(t, 'pulled'), 'new');
      await pullFiles(store, [{ descriptor: none.descriptor, title }], other);
      assert.deepEqual(await treeOf(other), title === '.' ? [] : ['empty/ 755']);
    }
  });

  test('holds nothing that could not be unpacked safely, and nothing of what stands outside', async (t) => {
    const cases: readonly (readonly [string, (path: string) => unknown])[] = [
      ['a link to the root', (path) => symlink('/etc/passwd', join(path, 'x'))],
      ['a link out', (path) => symlink('../x', join(path, 'x'))],
      ['a link out, the long way', (path) => symlink('b/../../x', join(path, 'x'))],
      ['a link that climbs behind another', (path) => symlink('link/../x', join(path, 'x'))],
      ['a link out of a folder', (path) => symlink('../../x', join(path, 'b', 'x'))],
      ['a pipe', (path) => execFileSync('mkfifo', [join(path, 'x')])],
      ['a whiteout', (path) => writeFile(join(path, '.wh.x'), '')],
    ];
    for (const [what, make] of cases) {
      const path = await makeDirectory(t, usual);
      await make(path);
      const error = await rejection('UNSUPPORTED', openArtifactFile(path, { title: 'docs' }));
      assert.match(error.message, /x" cannot be packed: /, what);
    }
    const path = await makeDirectory(t, usual);
    for (const target of ['../a.txt', './c.txt', '../b/../a.txt']) {
      const isRefused = target.includes('b/..');
      await symlink(target, join(path, 'b', isRefused ? 'bad' : target.replaceAll('/', '_')));
      if (isRefused) await rejection('UNSUPPORTED', openArtifactFile(path, { title: 'docs' }));
      else await opened(t, path, { title: 'docs' });
    }
  });
});

describe('CAP-I1: a file as content', () => {
  test('is itself, under its path as its title', async (t) => {
    const folder = await scratch(t, 'artifact');
    await writeFile(join(folder, 'a.txt'), 'hello');
    const annotations = { [TITLE]: 'other.txt', x: 'y' };
    const content = await opened(t, join(folder, 'a.txt'), { title: 'a.txt', mediaType: 'text/plain', annotations });
    assert.deepEqual(content.descriptor, {
      mediaType: 'text/plain',
      digest: digestOf(new TextEncoder().encode('hello')),
      size: 5,
      annotations,
    });
    const input = Readable.from([Buffer.from('piped')]);
    const piped = await opened(t, '-', { input });
    assert.equal(piped.descriptor.annotations, undefined);
    assert.equal(new TextDecoder().decode(await bytesOf(piped)), 'piped');
    await rejection('NOT_FOUND', openArtifactFile(join(folder, 'absent'), { title: 'x' }));
  });

  test('has no title where nobody could write it', () => {
    for (const [path, title] of [
      ['a.txt', 'a.txt'],
      ['./a/b.txt', 'a/b.txt'],
      ['a//b/', 'a/b'],
      ['a/../b', 'b'],
      ['.', '.'],
      ['./', '.'],
    ] as const) {
      assert.equal(titleOfPath(path), title);
    }
    for (const path of ['/etc/passwd', '..', '../x', 'a/../../x']) failure('USAGE', () => titleOfPath(path));
  });
});
