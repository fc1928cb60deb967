/** What a layout in a directory asks of the disk: every guard at its place, and nothing that it was told just before. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { encodeIndex } from '../../src/layout/index-file.ts';
import { layoutOf } from '../../src/layout/source.ts';
import { blobPath } from '../../src/layout/paths.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { directoryTree } from '../../src/node/directory/directory-tree.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { blob, indexOf, putImage } from '../../src/testing/samples.ts';
import { judgeDisk } from '../support/disk/disk-calls.ts';
import { rootsOf, scratch } from '../support/layouts.ts';

/** The looks and opens below a directory while something is done, by paths in it. */
async function callsOf(directory: string, work: () => Promise<unknown>): Promise<string[]> {
  const calls: string[] = [];
  const end = await judgeDisk(directory, ({ name, path }) => {
    if (name === 'lstat' || name === 'open') calls.push(`${name} ${path.slice(directory.length + 1)}`);
    return 'go on';
  });
  await work().finally(end);
  return calls;
}

const foldersOf = ['lstat blobs', 'lstat blobs/sha256'];

function looksAt({ digest }: Descriptor): string[] {
  return [...foldersOf, `lstat ${blobPath(digest)}`];
}

test('a manifest of announced size is looked at once, with the folders that lead to it, and opened', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const { descriptor } = (await putImage(store, 'one', [])).manifest;
  const calls = await callsOf(directory, () => store.manifest(descriptor));
  assert.deepEqual(calls, [...looksAt(descriptor), `open ${blobPath(descriptor.digest)}`]);
});

test('a manifest of another size than was announced is told by both, and one that is gone is not there', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const { descriptor } = (await putImage(store, 'one', [])).manifest;
  const { digest, size } = descriptor;
  for (const wrong of [0, size - 1, size + 1, 100_000_000]) {
    const message = `${directory}: ${digest} has ${size} bytes, not ${wrong}`;
    await assert.rejects(store.manifest({ ...descriptor, size: wrong }), { code: 'SIZE_MISMATCH', message });
  }
  await rm(join(directory, blobPath(digest)));
  await assert.rejects(store.manifest(descriptor), { code: 'NOT_FOUND' });
});

test('whether a layout is begun is one look a blob, and before and after its lock the blob is looked for', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  await store.putBlob(blob('first'));
  const { descriptor, ...content } = blob('second');
  const path = blobPath(descriptor.digest);
  const part = `.lading/${path.replaceAll('/', '-')}.partial`;
  assert.deepEqual(await callsOf(directory, () => store.putBlob({ descriptor, ...content })), [
    'lstat index.json',
    ...looksAt(descriptor),
    'lstat .lading',
    `open ${part}.lock`,
    // the folder of the lock is made in between
    `open ${part}.lock`,
    `open ${part}`,
    ...looksAt(descriptor),
    ...foldersOf,
  ]);
});

test('an index that is put after its children looks whether they are there, and reads none', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const children = await Promise.all(['one', 'two'].map((name) => putImage(store, name, [])));
  const index = indexOf(children.map(({ manifest }) => manifest));
  const calls = await callsOf(directory, () => store.putManifest(index, { tags: ['v1'] }));
  for (const { manifest } of children) {
    const path = blobPath(manifest.descriptor.digest);
    assert.deepEqual(
      calls.filter((call) => call.endsWith(path)),
      [`lstat ${path}`],
    );
  }
  assert.deepEqual(await rootsOf(directory), [`v1 ${index.descriptor.digest}`]);
});

test('the list of a layout is written when it is begun and when an index is there, however many images that has', async (t) => {
  const directory = await scratch(t);
  const from = createMemoryStore();
  const images = await Promise.all(['one', 'two', 'three', 'four'].map((name) => putImage(from, name, [])));
  const index = indexOf(images.map(({ manifest }) => manifest));
  await from.putManifest(index, { tags: ['v1'] });
  const calls = await callsOf(directory, () => copy(from, 'v1', directoryStore(directory), { tags: ['v1'] }));
  const written = calls.filter((call) => call.startsWith('open ') && call.endsWith('.tmp'));
  assert.equal(written.length, 3, 'index.json, oci-layout, index.json');
  assert.deepEqual(await rootsOf(directory), [`v1 ${index.descriptor.digest}`]);
});

test('the work folder is made and removed once for all who write at a time', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const { manifest } = await putImage(store, 'one', []);
  const folder = join(directory, '.lading');
  const calls: string[] = [];
  const end = await judgeDisk(folder, ({ name, path }) => {
    if (path === folder && name !== 'lstat') calls.push(name);
    return 'go on';
  });
  const tags = Array.from({ length: 20 }, (_, at) => `t${at}`);
  const controller = new AbortController();
  const aborted = store.putManifest(manifest, { tags: ['never'], signal: controller.signal });
  const put = tags.map((tag) => store.putManifest(manifest, { tags: [tag] }));
  controller.abort();
  await assert.rejects(aborted, { code: 'ABORTED' });
  await Promise.all(put).finally(end);
  assert.deepEqual(calls, ['mkdir', 'rmdir']);
  assert.ok(!existsSync(folder));
});

test('an index that was just written is known when it is read, until somebody else writes it', async (t) => {
  const directory = await scratch(t);
  const layout = layoutOf(directoryTree(directory));
  await directoryStore(directory).putBlob(blob('first'));
  const before = (await layout.index({})) ?? assert.fail('there is no index');
  const encoded = encodeIndex(before, [blob('listed').descriptor], directory);
  await writeFile(join(directory, 'index.json'), encoded.bytes);
  layout.wrote(encoded);
  assert.equal(await layout.index({}), encoded.index);
  const other = encodeIndex(before, [blob('others').descriptor], directory);
  await writeFile(join(directory, 'index.json'), other.bytes);
  assert.deepEqual(await layout.index({}), other.index);
});
