import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { gzip } from '../../src/bytes/compress.ts';
import { decompress } from '../../src/bytes/decompress.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import { readTar } from '../../src/bytes/tar.ts';
import { collect } from '../../src/graph/collect.ts';
import { readLayer } from '../../src/node/tar/layer-archive.ts';
import { spoolToDisk } from '../../src/node/files/spool.ts';
import { buildLayer, seededBytes } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { bytesOf, filesIn } from '../support/image-view.ts';
import { scratch } from '../support/layouts.ts';
import { storedZstd } from '../support/stored-zstd.ts';

const files = { 'mydata/': '', 'mydata/hello': 'hello', 'mydata/random': seededBytes(3_000_000, 'archive') };
const plain = await bytesOf((await buildLayer({ files, compression: 'none' })).content);
const zipped = await readAll(gzip(fromArray(plain), { level: 9 }), 1 << 24, 'gzip');

async function written(t: TestContext, bytes: Uint8Array, name: string): Promise<string> {
  const file = join(await scratch(t, 'archive'), name);
  await writeFile(file, bytes);
  return file;
}

describe('a compressed archive', () => {
  for (const [name, bytes, compression] of [
    ['data.tgz', zipped, 'gzip'],
    ['data.tar.zst', storedZstd(plain), 'zstd'],
  ] as const) {
    test(`is the layer as it is, byte for byte: ${name}`, async (t) => {
      const layer = await readLayer(await written(t, bytes, name));
      assert.equal(layer.compression, compression);
      assert.equal(layer.diffId, digestOf(plain));
      assert.equal(layer.content.descriptor.digest, digestOf(bytes));
      assert.equal(layer.content.descriptor.size, bytes.length);
      for (const _ of [1, 2]) assert.ok(Buffer.from(bytes).equals(await bytesOf(layer.content)), 'it opens again');
      await layer.close();
    });
  }

  test('is what its bytes are, not what it is called', async (t) => {
    const layer = await readLayer(await written(t, zipped, 'data.tar'));
    assert.equal(layer.content.descriptor.digest, digestOf(zipped));
    await layer.close();
  });

  test('that another file replaces is still the one that was read', async (t) => {
    const file = await written(t, zipped, 'data.tgz');
    const layer = await readLayer(file);
    await rm(file);
    await writeFile(file, 'another one');
    assert.ok(Buffer.from(zipped).equals(await bytesOf(layer.content)));
    await layer.close();
  });
});

describe('a plain archive', () => {
  test('is compressed, and the same one always to the same bytes', async (t) => {
    const file = await written(t, plain, 'data.tar');
    const first = await readLayer(file);
    await utimes(file, new Date(0), new Date(0));
    const second = await readLayer(file);
    assert.equal(first.compression, 'gzip');
    assert.equal(first.diffId, digestOf(plain));
    const bytes = await bytesOf(first.content);
    assert.deepEqual(
      [...bytes.subarray(0, 10)],
      [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff],
      'no time, no name, no system',
    );
    assert.equal(first.content.descriptor.digest, second.content.descriptor.digest);
    assert.deepEqual(Object.keys(await filesIn(first.content)), ['mydata/hello', 'mydata/random']);
    await first.close();
    await second.close();
  });

  test('is the same layer from a file, a stream and a pipe', async (t) => {
    const file = await written(t, plain, 'data.tar');
    const digests = new Set<string>();
    for (const layer of [
      await readLayer(file),
      await readLayer(fromArray(plain)),
      await readLayer(createReadStream(file, { highWaterMark: 1000 })),
      await readLayer('-', { input: createReadStream(file) }),
    ]) {
      digests.add(layer.content.descriptor.digest);
      await layer.close();
    }
    assert.equal(digests.size, 1);
  });

  test('is spooled where it is told, and gone when it is closed', async (t) => {
    const folder = await scratch(t, 'spool');
    const open: string[] = [];
    const closed: string[] = [];
    const disk = spoolToDisk(folder);
    const layer = await readLayer(fromArray(plain), {
      spool: async (bytes, options) => {
        const kept = await disk(bytes, options);
        const { digest } = kept.content.descriptor;
        open.push(digest);
        return { content: kept.content, close: () => kept.close().then(() => void closed.push(digest)) };
      },
    });
    assert.deepEqual(open, [digestOf(plain), layer.content.descriptor.digest]);
    assert.deepEqual(closed, [digestOf(plain)], 'the plain one is needed no more');
    await layer.close();
    assert.deepEqual(closed, open);
    assert.deepEqual(await readdir(folder), []);
  });
});

test('tar(1) and a fifo are understood', { skip: process.platform === 'win32' }, async (t) => {
  const folder = await scratch(t, 'tar');
  await writeFile(join(folder, 'hello'), 'hello');
  execFileSync('tar', ['-C', folder, '-cf', join(folder, 'own.tar'), 'hello']);
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  const writer = spawn('sh', ['-c', 'cat own.tar > fifo'], { cwd: folder, stdio: 'ignore' });
  const [layer] = await Promise.all([readLayer(join(folder, 'fifo')), once(writer, 'close')]);
  assert.deepEqual(await filesIn(layer.content), { hello: 'hello' });
  await layer.close();
});

describe('what is no layer', () => {
  test('is refused by its name', async (t) => {
    const text = new TextEncoder().encode('a text\n'.repeat(200));
    const file = await written(t, text, 'notes.txt');
    const error = await rejection('LAYOUT_INVALID', readLayer(file));
    assert.ok(error.message.startsWith(`${file} is no layer: `), error.message);
    assert.match((await rejection('LAYOUT_INVALID', readLayer(fromArray(text)))).message, /^the stream is no layer/);
    const input = fromArray(new Uint8Array(0));
    assert.match(
      (await rejection('LAYOUT_INVALID', readLayer('-', { input }))).message,
      /^stdin is no layer: it is empty/,
    );
  });

  test('is not there', async (t) => {
    const folder = await scratch(t, 'archive');
    await rejection('NOT_FOUND', readLayer(join(folder, 'nothing.tar')));
    await rejection('NOT_FOUND', readLayer(join(folder, 'nothing.tar', 'below.tar')));
  });

  test('leaves nothing open', async (t) => {
    const folder = await scratch(t, 'spool');
    const text = fromArray(seededBytes(2_000_000, 'no tar'));
    await rejection('LAYOUT_INVALID', readLayer(text, { spool: spoolToDisk(folder) }));
    assert.deepEqual(await readdir(folder), []);
    const file = await written(t, plain, 'data.tar');
    await rejection('ABORTED', readLayer(file, { signal: AbortSignal.abort(), spool: spoolToDisk(folder) }));
    const limit = new AbortController();
    const on = (): void => limit.abort();
    await rejection('ABORTED', readLayer(file, { signal: limit.signal, on, spool: spoolToDisk(folder) }));
    assert.deepEqual(await readdir(folder), []);
    assert.deepEqual([...openFiles(file), ...openFiles(folder)], []);
  });
});

/** What this process has open at or below a path, files without a name included, where the system tells. */
function openFiles(path: string): string[] {
  if (process.platform !== 'linux') return [];
  const list = execFileSync('ls', ['-l', `/proc/${process.pid}/fd`], { encoding: 'utf8' });
  return list.split('\n').filter((line) => line.includes(path));
}

describe('CAP-G5: a directory', () => {
  const inOrder = ['bin/tool', 'etc/a', 'etc/b'];

  /** The same files, made in an order of their own, with another mask and at another time. */
  async function made(t: TestContext, names: readonly string[], umask: number): Promise<string> {
    const folder = await scratch(t, 'directory');
    const before = process.umask(umask);
    try {
      for (const name of names) {
        await mkdir(join(folder, dirname(name)), { recursive: true });
        await writeFile(join(folder, name), name, { mode: name.startsWith('bin/') ? 0o777 : 0o666 });
      }
    } finally {
      process.umask(before);
    }
    // In an image it leads to the image's own.
    await symlink('/etc/a', join(folder, 'bin/link'));
    await utimes(join(folder, 'etc/a'), umask, umask);
    return folder;
  }

  test('is a layer of what it holds, the same in whatever order it was made and by whom', async (t) => {
    const layer = await readLayer(await made(t, inOrder, 0o022));
    const again = await readLayer(await made(t, [...inOrder].reverse(), 0o077));
    assert.equal(layer.compression, 'gzip');
    assert.deepEqual(again.content.descriptor, layer.content.descriptor);
    assert.equal(again.diffId, layer.diffId);
    const entries = await collect(readTar(decompress(layer.content.open())));
    assert.deepEqual(
      entries.map(({ name, type, mode, uid, mtime, linkname }) => [name, type, mode, uid, mtime, linkname]),
      [
        ['bin/', 'directory', 0o755, 0, 0, undefined],
        ['bin/link', 'symlink', 0o777, 0, 0, '/etc/a'],
        ['bin/tool', 'file', 0o755, 0, 0, undefined],
        ['etc/', 'directory', 0o755, 0, 0, undefined],
        ['etc/a', 'file', 0o644, 0, 0, undefined],
        ['etc/b', 'file', 0o644, 0, 0, undefined],
      ],
    );
    assert.equal((await filesIn(layer.content))['bin/tool'], 'bin/tool');
    await Promise.all([layer.close(), again.close()]);
  });
});
