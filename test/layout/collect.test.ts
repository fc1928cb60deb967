import assert from 'node:assert/strict';
import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { collectGarbage } from '../../src/layout/collect.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { directoryTree } from '../../src/node/directory/directory-tree.ts';
import { blob, indexOf, putImage, rejects } from '../../src/testing/samples.ts';
import { filesBelow, scratch } from '../support/layouts.ts';

async function scene(t: TestContext) {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const kept = await putImage(store, 'kept', ['v1']);
  return { directory, store, kept, tree: directoryTree(directory) };
}

test('what nothing leads to is removed, and everything else stays', async (t) => {
  const { directory, store, tree } = await scene(t);
  const inner = await putImage(store, 'inner', []);
  const index = indexOf([inner.manifest]);
  await store.putManifest(index, { tags: ['multi'] });
  await putImage(store, 'signature', [], { subject: index.descriptor });
  const reachable = await filesBelow(directory);
  await putImage(store, 'old', ['moves']);
  await store.putManifest(inner.manifest, { tags: ['moves'] });
  await store.putBlob(blob('left over'));
  const dry = await collectGarbage(tree, { dryRun: true });
  assert.equal((await filesBelow(directory)).length, reachable.length + 4);
  const collected = await collectGarbage(tree);
  assert.deepEqual(collected, dry);
  assert.equal(collected.removed.length, 4);
  assert.ok(collected.removed.includes(blob('left over').descriptor.digest));
  assert.equal(collected.kept, reachable.length - 2);
  assert.deepEqual(await filesBelow(directory), reachable);
  assert.deepEqual((await collectGarbage(tree)).removed, []);
});

test('removed bytes are counted', async (t) => {
  const { store, tree } = await scene(t);
  await store.putBlob(blob('0123456789'));
  assert.equal((await collectGarbage(tree)).bytes, 10);
});

test('a layout with a manifest that cannot be read loses nothing', async (t) => {
  const { directory, store, kept, tree } = await scene(t);
  await store.putBlob(blob('left over'));
  const { digest, size } = kept.manifest.descriptor;
  await writeFile(join(directory, `blobs/${digest.replace(':', '/')}`), 'x'.repeat(size));
  const before = await filesBelow(directory);
  await rejects(collectGarbage(tree), 'DIGEST_MISMATCH');
  assert.deepEqual(await filesBelow(directory), before);
});

test('a layout without an index loses nothing', async (t) => {
  const { directory, tree } = await scene(t);
  await rm(join(directory, 'index.json'));
  const before = await filesBelow(directory);
  await rejects(collectGarbage(tree), 'NOT_FOUND');
  assert.deepEqual(await filesBelow(directory), before);
});

test('files that are no blobs are left alone', async (t) => {
  const { directory, tree } = await scene(t);
  for (const name of ['README', 'ABC', `${'a'.repeat(64)}.json`]) {
    await writeFile(join(directory, 'blobs/sha256', name), 'mine');
  }
  assert.deepEqual((await collectGarbage(tree)).removed, []);
  assert.ok((await readdir(join(directory, 'blobs/sha256'))).includes('README'));
});

test('what interrupted writers left goes after a day, and not before', async (t) => {
  const { directory, tree } = await scene(t);
  const work = join(directory, '.lading');
  await mkdir(work);
  const old = new Date(Date.now() - 25 * 60 * 60 * 1000);
  for (const name of ['blobs-sha256-a.partial', 'b.upload', 'c.tmp', 'new.partial']) {
    await writeFile(join(work, name), '12345');
    if (name !== 'new.partial') await utimes(join(work, name), old, old);
  }
  assert.equal((await collectGarbage(tree, { dryRun: true })).bytes, 15);
  assert.equal((await readdir(work)).length, 4);
  assert.equal((await collectGarbage(tree)).bytes, 15);
  assert.deepEqual(await readdir(work), ['new.partial']);
});
