import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { concat, readAll } from '../../src/bytes/read.ts';
import type { Bytes } from '../../src/model/call.ts';
import { createTarLayout, openTarLayout } from '../../src/node/tar/tar-file.ts';
import type { Target } from '../../src/store/types.ts';
import { all, blob, chunked, fake, indexOf, putImage, rejects, text } from '../../src/testing/samples.ts';
import { testStore } from '../../src/testing/store-contract.ts';
import { filesBelow, scratch } from '../support/layouts.ts';
import { watched } from '../support/watched-content.ts';

testStore(
  'an archive in the making',
  async (t) => {
    const layout = await createTarLayout(join(await scratch(t), 'image.tar'));
    return { store: layout.target, close: layout.abort };
  },
  { deletes: false },
);

async function fill(target: Target): Promise<void> {
  const one = await putImage(target, 'one', ['one']);
  const two = await putImage(target, 'two', []);
  await target.putManifest(indexOf([one.manifest, two.manifest]), { tags: ['all'] });
  await putImage(target, 'sbom', [], { subject: one.manifest.descriptor });
}

async function archive(t: TestContext): Promise<string> {
  const file = join(await scratch(t), 'image.tar');
  const { target, commit } = await createTarLayout(file);
  await fill(target);
  await commit();
  return file;
}

async function check(file: string, input?: Bytes): Promise<void> {
  const { store, close } = await openTarLayout(file, { input });
  assert.deepEqual(await all(store.tags()), ['all', 'one']);
  const { links } = await store.manifest('all');
  const children = await Promise.all(links.map(({ descriptor }) => store.manifest(descriptor)));
  const layers = children.map((child) => child.links[1]?.descriptor ?? assert.fail('no layer'));
  assert.deepEqual(await Promise.all(layers.map((layer) => text(store.blob(layer)))), ['layer of one', 'layer of two']);
  assert.equal((await all(store.referrers((await store.resolve('one')) ?? assert.fail('no one')))).length, 1);
  await rejects(store.manifest('two'), 'NOT_FOUND');
  await close();
}

test('CAP-J2 READ-23: an archive is read as it was written: plain, in gzip, through a pipe, from standard input', async (t) => {
  const file = await archive(t);
  await check(file);
  await writeFile(`${file}.gz`, gzipSync(await readFile(file)));
  await check(`${file}.gz`);
  await check('-', createReadStream(file));
  await check('-', createReadStream(`${file}.gz`));
  execFileSync('mkfifo', [`${file}.fifo`]);
  createReadStream(file).pipe(createWriteStream(`${file}.fifo`));
  await check(`${file}.fifo`);
});

test('nothing appears before the commit, and only the archive after it', async (t) => {
  const directory = await scratch(t);
  const file = join(directory, 'image.tar');
  await writeFile(file, 'what stood there');
  const { target, commit, abort } = await createTarLayout(file);
  await fill(target);
  assert.equal(await readFile(file, 'utf8'), 'what stood there');
  await commit();
  await abort();
  assert.deepEqual(await readdir(directory), ['image.tar']);
  await check(file);
});

test('an archive that is given up leaves what stood there', async (t) => {
  const directory = await scratch(t);
  const file = join(directory, 'image.tar');
  await writeFile(file, 'what stood there');
  const { target, abort } = await createTarLayout(file);
  await fill(target);
  await abort();
  assert.deepEqual(await readdir(directory), ['image.tar']);
  assert.equal(await readFile(file, 'utf8'), 'what stood there');
});

test('the same content becomes the same bytes, without a time or an owner', async (t) => {
  const [one, two] = await Promise.all([await archive(t), await archive(t)].map((file) => readFile(file)));
  assert.ok(one && two && one.equals(two));
  const listing = execFileSync('tar', ['--utc', '--full-time', '-tv'], { input: one }).toString();
  for (const line of listing.trim().split('\n')) assert.match(line, /^-rw-r--r-- 0\/0 +\d+ 1970-01-01 00:00:00 /);
});

test('READ-23: blobs that fail leave no trace in the archive, and those that come at once stand one after the other', async (t) => {
  const file = join(await scratch(t), 'image.tar');
  const { target, commit } = await createTarLayout(file);
  const large = chunked(
    new Uint8Array(2_500_000).map((_, at) => at * 3),
    [70_000],
  );
  const puts = [
    target.putBlob(watched(large, 1_000_000)),
    target.putBlob(fake('right bytes', 'wrong bytes')),
    target.putBlob(blob('some bytes')),
    target.putBlob(large),
    target.putBlob(blob('some bytes')),
  ];
  const outcomes = (await Promise.allSettled(puts)).map((put) => (put.status === 'fulfilled' ? put.value : 'failed'));
  assert.deepEqual(outcomes, ['failed', 'failed', 'written', 'written', 'exists']);
  await commit();
  const names = execFileSync('tar', ['-tf', file]).toString().trim().split('\n');
  const blobs = [blob('some bytes'), large].map((content) => `blobs/${content.descriptor.digest.replace(':', '/')}`);
  assert.deepEqual(names, [...blobs, 'oci-layout', 'index.json']);
  const { store, close } = await openTarLayout(file);
  assert.equal((await readAll(store.blob(large.descriptor).open(), 3_000_000, 'blob')).length, 2_500_000);
  await close();
});

test('names too long for a tar header are written and read', async (t) => {
  const file = join(await scratch(t), 'image.tar');
  const { target, commit } = await createTarLayout(file);
  const hex = createHash('sha512').update('some bytes').digest('hex');
  const content = {
    ...blob('some bytes'),
    descriptor: { ...blob('some bytes').descriptor, digest: `sha512:${hex}` as const },
  };
  await target.putBlob(content);
  await commit();
  const { store, close } = await openTarLayout(file);
  assert.equal((await store.stat(content.descriptor.digest))?.size, 10);
  assert.equal(await text(store.blob(content.descriptor)), 'some bytes');
  await close();
  assert.ok(execFileSync('tar', ['-tf', file]).toString().includes(`blobs/sha512/${hex}\n`));
});

test('to standard output goes a whole archive, at the commit', async (t) => {
  const output = new PassThrough();
  const chunks: Uint8Array[] = [];
  output.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  const { target, commit } = await createTarLayout('-', { output });
  await fill(target);
  assert.equal(chunks.length, 0);
  await commit();
  assert.ok((await readFile(await archive(t))).equals(concat(chunks)));
});

test('an archive without content is an empty layout', async (t) => {
  const file = join(await scratch(t), 'image.tar');
  await (await createTarLayout(file)).commit();
  const { store, close } = await openTarLayout(file);
  assert.deepEqual(await all(store.tags()), []);
  await close();
});

test('archives of other tools are read: a leading ./, folders, links refused', async (t) => {
  const directory = await scratch(t);
  const unpacked = join(directory, 'unpacked');
  await mkdir(unpacked);
  execFileSync('tar', ['-C', unpacked, '-xf', await archive(t)]);
  const pack = (name: string): string => {
    execFileSync('tar', ['-C', unpacked, '-cf', join(directory, name), '.']);
    return join(directory, name);
  };
  await check(pack('dots.tar'));
  const secret = blob('a secret of the host');
  const path = `blobs/${secret.descriptor.digest.replace(':', '/')}`;
  await symlink('/etc/passwd', join(unpacked, path));
  const { store, close } = await openTarLayout(pack('link.tar'));
  await rejects(text(store.blob(secret.descriptor)), 'LAYOUT_INVALID');
  await rejects(store.stat(secret.descriptor.digest), 'LAYOUT_INVALID');
  await close();
});

test('what is no OCI archive is told from one', async (t) => {
  const directory = await scratch(t);
  const file = join(directory, 'a.tar');
  await rejects(openTarLayout(file), 'NOT_FOUND');
  await rejects(openTarLayout(directory), 'LAYOUT_INVALID');
  await writeFile(file, 'this is no archive, but it has more than five hundred and twelve bytes'.repeat(10));
  await rejects(openTarLayout(file), 'LAYOUT_INVALID');
  await writeFile(join(directory, 'manifest.json'), '[]');
  execFileSync('tar', ['-C', directory, '-cf', file, 'manifest.json']);
  await assert.rejects(openTarLayout(file), { code: 'LAYOUT_INVALID', hint: `try docker-archive:${file}` });
  await assert.rejects(createTarLayout(directory), { code: 'IO', hint: `try oci:${directory}` });
  await rejects(createTarLayout(join(directory, 'nowhere', 'a.tar')), 'IO');
  const cut = join(directory, 'cut.tar');
  await writeFile(cut, (await readFile(await archive(t))).subarray(0, 2000));
  await rejects(openTarLayout(cut), 'LAYOUT_INVALID');
  assert.deepEqual((await filesBelow(directory)).sort(), ['a.tar', 'cut.tar', 'manifest.json']);
});
