import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { concat, fromArray, readAll } from '../../src/bytes/read.ts';
import { readTar, scanTar, TAR_END, tarHeader, writeTar } from '../../src/bytes/tar-stream.ts';
import type { TarFile, TarHeader } from '../../src/bytes/tar.ts';
import type { Bytes } from '../../src/model/call.ts';
import { all, rejects } from '../../src/testing/samples.ts';
import { temporaryDirectory } from '../support/real/temporary.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const archive = (files: readonly TarFile[]): Promise<Uint8Array> => readAll(writeTar(files), 1 << 28, 'archive');
const file = (name: string, text: string, extra: Partial<TarFile> = {}): TarFile => ({
  ...extra,
  name,
  size: encode(text).length,
  body: fromArray(encode(text)),
});
const textOf = async (body: Bytes): Promise<string> => Buffer.from(await readAll(body, 1 << 20, 'body')).toString();
const listed = async (bytes: Uint8Array): Promise<TarHeader[]> => {
  const found: TarHeader[] = [];
  for await (const { body: _, ...header } of readTar(fromArray(bytes))) found.push(header);
  return found;
};
const scanned = (bytes: Uint8Array) => all(scanTar(async (start, end) => bytes.subarray(start, end), bytes.length));

const long = `${'directory/'.repeat(30)}${'f'.repeat(120)}`;

test('what is written is read again, header by header', async () => {
  const files: TarFile[] = [
    { name: 'bin/', type: 'directory', mode: 0o700 },
    file('bin/sh', 'shell', { mode: 0o4755, uid: 1_000_650_000, gid: 7, mtime: 1_700_000_000 }),
    file(long, 'long'),
    file('grüße', 'umlaut', { uname: 'jürgen', mtime: 1.5 }),
    { name: 'bin/ash', type: 'symlink', linkname: 'sh' },
    { name: 'bin/dash', type: 'link', linkname: 'bin/sh' },
    { name: 'dev/null', type: 'character-device', devmajor: 1, devminor: 3 },
    file('far', '', { mtime: 5_000_000_000, pax: { 'SCHILY.xattr.user.a': 'b' } }),
    { name: 'dev/last', type: 'block-device', devmajor: 4095, devminor: 1_048_575 },
  ];
  const found = await listed(await archive(files));
  assert.deepEqual(
    found.map(({ name }) => name),
    files.map(({ name }) => name),
  );
  const [, shell, , umlaut, ash, dash, device, far, last] = found;
  assert.deepEqual([shell?.mode, shell?.uid, shell?.gid, shell?.mtime], [0o4755, 1_000_650_000, 7, 1_700_000_000]);
  assert.deepEqual([umlaut?.uname, umlaut?.mtime], ['jürgen', 1.5]);
  assert.deepEqual([ash?.linkname, dash?.type, dash?.linkname], ['sh', 'link', 'bin/sh']);
  assert.deepEqual([device?.devmajor, device?.devminor], [1, 3]);
  assert.deepEqual([last?.devmajor, last?.devminor], [4095, 1_048_575], 'which six octal digits do not hold');
  assert.deepEqual([far?.mtime, far?.pax?.['SCHILY.xattr.user.a']], [5_000_000_000, 'b']);
});

test('the same files become the same bytes, whenever they are written', async () => {
  const files = (): TarFile[] => [file('a', 'one'), file('b', 'two'), { name: 'c/', type: 'directory' }];
  assert.deepEqual(await archive(files()), await archive(files()));
  assert.equal((await listed(await archive(files())))[0]?.mtime, 0);
});

test('an archive is scanned without reading bodies, and the offsets are right', async () => {
  const big = new Uint8Array(3_000_000).fill(7);
  const bytes = await archive([
    file('a', 'one'),
    { name: 'big', size: big.length, body: fromArray(big) },
    file(long, 'long'),
  ]);
  let read = 0;
  const places = await all(
    scanTar(async (start, end) => {
      read += end - start;
      return bytes.subarray(start, end);
    }, bytes.length),
  );
  assert.deepEqual(
    places.map(({ name, size }) => [name, size]),
    [
      ['a', 3],
      ['big', big.length],
      [long, 4],
    ],
  );
  const [, , last] = places;
  assert.equal(Buffer.from(bytes.subarray(last?.offset, (last?.offset ?? 0) + 4)).toString(), 'long');
  assert.ok(read < 10_000, `${read} bytes were read`);
});

test('a body may be read in part, or not at all', async () => {
  const bytes = await archive([file('a', 'one'), file('b', 'x'.repeat(2000)), file('c', 'three')]);
  const seen: string[] = [];
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
  };
  for await (const { name, body } of readTar(pieces())) {
    if (name === 'b') for await (const _ of body) break;
    if (name === 'c') seen.push(await textOf(body));
    seen.push(name);
  }
  assert.deepEqual(seen, ['a', 'b', 'three', 'c']);
});

test('a reader who stops early closes the source', async () => {
  let closed = false;
  const bytes = await archive([file('a', 'one'), file('b', 'two')]);
  const source = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield bytes;
    } finally {
      closed = true;
    }
  };
  for await (const _ of readTar(source())) break;
  assert.equal(closed, true);
});

test('archives of tar(1) are read in all its formats, and it reads ours', async (t) => {
  const { path, remove } = await temporaryDirectory('tar');
  t.after(remove);
  const folder = join(path, 'in', 'd'.repeat(90));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'n'.repeat(150)), 'content');
  await symlink('n'.repeat(150), join(folder, 'link'));
  for (const format of ['gnu', 'pax', 'ustar', 'v7']) {
    const names = format === 'v7' || format === 'ustar' ? ['--exclude=n*', '--exclude=link'] : [];
    const bytes = execFileSync('tar', ['-C', join(path, 'in'), `--format=${format}`, '-c', ...names, '.']);
    const found = await listed(bytes);
    assert.deepEqual(
      (await scanned(bytes)).map(({ name }) => name),
      found.map(({ name }) => name),
      format,
    );
    assert.equal(found.length, names.length === 0 ? 4 : 2, format);
  }
  await mkdir(join(path, 'out'));
  const ours = await archive([file(long, 'long'), { name: 'link', type: 'symlink', linkname: 'é'.repeat(80) }]);
  execFileSync('tar', ['-C', join(path, 'out'), '-x'], { input: ours });
  assert.equal(await readFile(join(path, 'out', long), 'utf8'), 'long');
  assert.equal(await readlink(join(path, 'out', 'link')), 'é'.repeat(80));
  assert.equal((await lstat(join(path, 'out', long))).mtimeMs, 0);
});

test('a link that tells a size has no body all the same', async () => {
  const header = await tarHeader({ name: 'real', size: 3 });
  const link = await tarHeader({ name: 'link', type: 'link', linkname: 'real' });
  link.set(encode('00000000003 '), 124);
  link.set(encode('        '), 148);
  const sum = link.reduce((total, byte) => total + byte, 0);
  link.set(encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  const body = new Uint8Array(512);
  body.set(encode('abc'));
  const bytes = concat([link, header, body, TAR_END]);
  assert.deepEqual(
    (await listed(bytes)).map(({ name, size }) => [name, size]),
    [
      ['link', 0],
      ['real', 3],
    ],
  );
  assert.deepEqual(
    (await scanned(bytes)).map(({ name }) => name),
    ['link', 'real'],
  );
});

test('what stands behind the end of an archive is not read', async () => {
  const bytes = await archive([file('a', 'one')]);
  const hidden = await archive([file('hidden', 'two')]);
  assert.deepEqual(
    (await listed(concat([bytes, hidden]))).map(({ name }) => name),
    ['a'],
  );
  assert.deepEqual(
    (await scanned(concat([bytes, hidden]))).map(({ name }) => name),
    ['a'],
  );
});

test('an archive without its end is read, one that is cut is LAYOUT_INVALID', async () => {
  const bytes = await archive([file('a', 'one'), file('b', 'x'.repeat(1000))]);
  assert.equal((await listed(bytes.subarray(0, -1024))).length, 2);
  for (const cut of [bytes.subarray(0, 100), bytes.subarray(0, 1024 + 300), bytes.subarray(0, 1024 + 512 + 100)]) {
    await rejects(listed(cut), 'LAYOUT_INVALID');
    await rejects(scanned(cut), 'LAYOUT_INVALID');
  }
});

test('archives that try tricks are refused', async () => {
  const tricks: [string, Uint8Array][] = [
    ['noise', new Uint8Array(1024).fill(65)],
    ['a wrong checksum', (await archive([file('a', 'one')])).map((byte, at) => (at === 0 ? 66 : byte))],
    ['a NUL in a name', await archive([file('a', 'one', { pax: { path: 'a\0b' } })])],
    ['a size that is no number', await archive([file('a', 'one', { pax: { size: '0x10' } })])],
    ['a negative size', await archive([file('a', 'one', { pax: { size: '-1' } })])],
    ['an owner that is no number', await archive([file('a', 'one', { pax: { uid: 'root' } })])],
    ['a sparse file', await archive([file('a', 'one', { pax: { 'GNU.sparse.major': '1' } })])],
    ['a name without end', await archive([file('n'.repeat(5000), 'one')])],
    ['half a PAX header', (await archive([file(long, 'one')])).subarray(0, 512)],
  ];
  for (const [title, bytes] of tricks) {
    await assert.rejects(listed(bytes), { code: 'LAYOUT_INVALID' }, title);
    await assert.rejects(scanned(bytes), { code: 'LAYOUT_INVALID' }, title);
  }
});

test('the records before a header may have a mebibyte together', async () => {
  const withRecord = (length: number): Promise<Uint8Array> =>
    archive([file('a', 'x', { pax: { 'SCHILY.xattr.user.a': 'r'.repeat(length) } })]);
  assert.equal((await listed(await withRecord((1 << 20) - 100))).length, 1);
  await rejects(listed(await withRecord((1 << 20) + 1)), 'LIMIT');
});

test('a body of another length than announced is refused', async () => {
  for (const size of [2, 4]) await rejects(archive([{ ...file('a', 'one'), size }]), 'SIZE_MISMATCH');
});
