import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { copy } from '../../src/graph/copy.ts';
import { validate } from '../../src/graph/validate.ts';
import type { Bytes } from '../../src/model/call.ts';
import { savedName } from '../../src/layout/docker-manifest.ts';
import { digestHex } from '../../src/model/digest.ts';
import type { ImageManifest } from '../../src/model/manifest.ts';
import { createDockerArchive, openDockerArchive } from '../../src/node/docker/docker-archive-file.ts';
import { openTarLayout } from '../../src/node/tar/tar-file.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Source, Target } from '../../src/store/types.ts';
import { type Family, type ImageSpec, putImage } from '../../src/testing/fixtures.ts';
import { all, chunked, rejects } from '../../src/testing/samples.ts';
import { filesIn, viewImage } from '../support/image-view.ts';
import { scratch } from '../support/layouts.ts';
import { archiveBytes, imageParts, plainFiles } from '../support/saved-archives.ts';

/** Layers, each of one file; they are the same whatever their compression. */
const images: Readonly<Record<string, readonly string[]>> = { one: ['shared', 'one'], two: ['shared', 'two'] };

async function stored(family: Family, compression: 'gzip' | 'none'): Promise<Source> {
  const store = createMemoryStore();
  for (const [tag, texts] of Object.entries(images)) {
    const layers: ImageSpec['layers'] = texts.map((text) => ({ files: { 'etc/text': text.repeat(500) }, compression }));
    await putImage(store, { family, layers, tags: [tag] });
  }
  return store;
}

async function saveAll(source: Source, target: Target, concurrency = 4): Promise<void> {
  for (const tag of Object.keys(images)) {
    await copy(source, tag, target, { tags: [`ghcr.io/o/app:${tag}`, `docker.io/library/${tag}:latest`], concurrency });
  }
}

async function archive(t: TestContext, source?: Source): Promise<string> {
  const file = join(await scratch(t), 'saved.tar');
  const { target, commit } = await createDockerArchive(file);
  await saveAll(source ?? (await stored('oci', 'gzip')), target);
  await commit();
  return file;
}

function list(file: string): string[] {
  return execFileSync('tar', ['-tf', file]).toString().trim().split('\n');
}

function fileOf(archiveFile: string, name: string): unknown {
  return JSON.parse(execFileSync('tar', ['-xOf', archiveFile, name]).toString());
}

async function check(file: string, from: Source, input?: Bytes): Promise<void> {
  const { source, close } = await openDockerArchive(file, { input });
  assert.deepEqual(await all(source.tags()), ['ghcr.io/o/app:one', 'ghcr.io/o/app:two', 'one:latest', 'two:latest']);
  for (const tag of Object.keys(images)) {
    const [was, is] = [await viewImage(from, tag), await viewImage(source, tag)];
    assert.equal(is.document.config.digest, was.document.config.digest);
    assert.deepEqual(Buffer.from(is.configBytes), Buffer.from(was.configBytes));
    assert.deepEqual((await validate(source, tag)).problems, []);
    assert.equal((await source.resolve(`ghcr.io/o/app:${tag}`))?.digest, is.manifest.descriptor.digest);
  }
  await close();
}

for (const family of ['oci', 'docker'] as const) {
  test(`CAP-J3 CAP-J5: several images go into one archive and come back (${family})`, async (t) => {
    const source = await stored(family, 'gzip');
    await check(await archive(t, source), source);
  });
}

test('CAP-J3: what docker load reads: configs, plain layers, each once, and the two documents', async (t) => {
  const source = await stored('oci', 'gzip');
  const file = await archive(t, source);
  const [one, two] = [await viewImage(source, 'one'), await viewImage(source, 'two')];
  const layersOf = ({ config }: typeof one): string[] =>
    config.rootfs.diff_ids.map((diffId) => `${diffId.slice('sha256:'.length)}.tar`);
  const configOf = ({ document }: typeof one): string => `${digestHex(document.config.digest)}.json`;
  const files = [configOf(one), ...layersOf(one), configOf(two), layersOf(two)[1], 'manifest.json', 'repositories'];
  assert.deepEqual(list(file), files);
  assert.deepEqual(fileOf(file, 'manifest.json'), [
    { Config: configOf(one), RepoTags: ['ghcr.io/o/app:one', 'one:latest'], Layers: layersOf(one) },
    { Config: configOf(two), RepoTags: ['ghcr.io/o/app:two', 'two:latest'], Layers: layersOf(two) },
  ]);
  const [top, other] = [one, two].map((image) => layersOf(image)[1]?.replace('.tar', ''));
  assert.deepEqual(fileOf(file, 'repositories'), {
    'ghcr.io/o/app': { one: top, two: other },
    one: { latest: top },
    two: { latest: other },
  });
});

test('CAP-J3: the same images become the same bytes, however their layers are compressed and whatever is quick', async (t) => {
  const one = await readFile(await archive(t));
  const file = join(await scratch(t), 'saved.tar');
  const { target, commit } = await createDockerArchive(file);
  await saveAll(await stored('oci', 'none'), target, 1);
  await commit();
  assert.ok(one.equals(await readFile(file)));
  const listing = execFileSync('tar', ['--utc', '--full-time', '-tv'], { input: one }).toString();
  for (const line of listing.trim().split('\n')) assert.match(line, /^-rw-r--r-- 0\/0 +\d+ 1970-01-01 00:00:00 /);
});

test('CAP-J6: an archive is read compressed, through a pipe, and from standard input', async (t) => {
  const source = await stored('oci', 'gzip');
  const file = await archive(t, source);
  await writeFile(`${file}.gz`, gzipSync(await readFile(file)));
  await check(`${file}.gz`, source);
  await check('-', source, createReadStream(file));
  await check('-', source, createReadStream(`${file}.gz`));
  execFileSync('mkfifo', [`${file}.fifo`]);
  createReadStream(file).pipe(createWriteStream(`${file}.fifo`));
  await check(`${file}.fifo`, source);
});

test('CAP-J6: to standard output goes a whole archive, at the commit', async (t) => {
  const source = await stored('oci', 'gzip');
  const output = new PassThrough();
  const chunks: Uint8Array[] = [];
  output.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  const { target, commit } = await createDockerArchive('-', { output });
  await saveAll(source, target);
  assert.equal(chunks.length, 0);
  await commit();
  assert.ok(Buffer.concat(chunks).equals(await readFile(await archive(t, source))));
});

test('nothing appears before the commit, and what stood there stays when it is given up', async (t) => {
  const directory = await scratch(t);
  const file = join(directory, 'saved.tar');
  await writeFile(file, 'what stood there');
  const given = await createDockerArchive(file);
  await saveAll(await stored('oci', 'gzip'), given.target);
  await given.abort();
  await given.commit();
  assert.equal(await readFile(file, 'utf8'), 'what stood there');
  const kept = await createDockerArchive(file);
  await saveAll(await stored('oci', 'gzip'), kept.target);
  await kept.commit();
  await kept.abort();
  assert.deepEqual(await readdir(directory), ['saved.tar']);
  await check(file, await stored('oci', 'gzip'));
});

test('a large layer in uneven chunks is unpacked as it streams by', async (t) => {
  const bytes = new Uint8Array(3_000_000).map((_, at) => (at * at) % 251);
  const packed = chunked(gzipSync(bytes), [1, 65_536, 999]);
  const file = join(await scratch(t), 'saved.tar');
  const { target, commit } = await createDockerArchive(file);
  assert.equal(await target.putBlob(packed), 'written');
  assert.equal(await target.putBlob(packed), 'exists');
  await commit();
  const name = list(file)[0] ?? '';
  assert.ok(execFileSync('tar', ['-xOf', file, name], { maxBuffer: 8 << 20 }).equals(bytes));
});

test('an archive without images is one that holds none', async (t) => {
  const file = join(await scratch(t), 'saved.tar');
  await (await createDockerArchive(file)).commit();
  const { source, close } = await openDockerArchive(file);
  assert.deepEqual(await all(source.tags()), []);
  await close();
});

test('what is no docker archive is told from one', async (t) => {
  const directory = await scratch(t);
  const file = join(directory, 'a.tar');
  await rejects(openDockerArchive(file), 'NOT_FOUND');
  await rejects(openDockerArchive(directory), 'LAYOUT_INVALID');
  await writeFile(file, await archiveBytes({ 'index.json': '{}' }));
  await assert.rejects(openDockerArchive(file), { code: 'LAYOUT_INVALID', hint: `try oci-archive:${file}` });
  await writeFile(file, await archiveBytes({ 'some.json': '{}' }));
  await assert.rejects(openDockerArchive(file), { code: 'LAYOUT_INVALID', hint: undefined });
  await rejects(createDockerArchive(join(directory, 'nowhere', 'a.tar')), 'IO');
  await assert.rejects(createDockerArchive(directory), { code: 'IO' });
});

test('CAP-J2 CAP-J3: an archive of docker 25 is a layout, too, and is read as what it is called', async (t) => {
  const file = join(await scratch(t), 'saved.tar');
  await writeFile(file, await archiveBytes(plainFiles(await imageParts(['one'], 'app:1'))));
  const layout = await openTarLayout(file);
  assert.deepEqual(await all(layout.store.tags()), []);
  await layout.close();
  const saved = await openDockerArchive(file);
  const { links } = await saved.source.manifest('app:1');
  assert.equal(links.length, 2);
  assert.equal(((await saved.source.manifest('app:1')).document as ImageManifest).layers.length, 1);
  await saved.close();
});

test('CAP-J3 CAP-J5: whatever images are put under whatever names, they come back', async (t) => {
  const file = join(await scratch(t), 'saved.tar');
  const component = fc.stringMatching(/^[a-z0-9]{1,4}(?:__?[a-z0-9]{1,3})?$/);
  const domain = fc.constantFrom('', 'docker.io/', 'ghcr.io/o/', 'localhost:5000/', 'docker.io/library/');
  const tag = fc.oneof(fc.stringMatching(/^[0-9A-Za-z_]{1,5}$/), fc.constantFrom('__proto__', 'constructor', '7'));
  const name = fc.tuple(domain, component, tag).map(([a, b, c]) => `${a}${b}:${c}`);
  const texts = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 });
  const some = fc.uniqueArray(fc.tuple(name, texts), {
    selector: ([one]) => savedName(one),
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(some, async (wanted) => {
      const { target, commit } = await createDockerArchive(file);
      for (const [tag, files] of wanted) {
        await putImage(target, { layers: files.map((text) => ({ files: { text } })), tags: [tag] });
      }
      await commit();
      const { source, close } = await openDockerArchive(file);
      assert.deepEqual(await all(source.tags()), wanted.map(([one]) => savedName(one)).sort());
      for (const [tag, files] of wanted) {
        const { document } = await viewImage(source, tag);
        const found = await Promise.all(document.layers.map((layer) => filesIn(source.blob(layer))));
        assert.deepEqual(
          found,
          files.map((text) => ({ text })),
        );
      }
      await close();
    }),
    { numRuns: 25 },
  );
});
