import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { link, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { directoryStore } from '../../src/node/directory/directory.ts';
import type { IngestStore } from '../../src/store/types.ts';
import { all, blob, putImage, rejects, text } from '../../src/testing/samples.ts';
import { scratch } from '../support/layouts.ts';

const secret = blob('root:x:0:0');
const { descriptor } = secret;
const secretPath = `blobs/${descriptor.digest.replace(':', '/')}`;

interface Scene {
  readonly outside: string;
  readonly directory: string;
  readonly store: IngestStore;
}

/** A layout with an image, and a file outside it whose digest the attacker knows. */
async function scene(t: TestContext): Promise<Scene> {
  const folder = await scratch(t);
  const directory = join(folder, 'layout');
  const store = directoryStore(directory);
  await putImage(store, 'one', ['v1']);
  const outside = join(folder, 'outside');
  await writeFile(outside, 'root:x:0:0');
  return { outside, directory, store };
}

const imposters: Record<string, (scene: Scene, path: string) => Promise<unknown>> = {
  'a symbolic link': ({ outside }, path) => symlink(outside, path),
  'a link to nowhere': (_, path) => symlink('/nowhere/at/all', path),
  'a fifo': async (_, path) => execFileSync('mkfifo', [path]),
  'a directory': (_, path) => mkdir(path),
  'a device': (_, path) => symlink('/dev/zero', path),
};

for (const [name, place] of Object.entries(imposters)) {
  test(`${name} in the place of a blob is neither read nor written through`, async (t) => {
    const set = await scene(t);
    await place(set, join(set.directory, secretPath));
    await rejects(text(set.store.blob(descriptor)), 'LAYOUT_INVALID');
    await rejects(set.store.stat(descriptor.digest), 'LAYOUT_INVALID');
    await rejects(set.store.manifest(descriptor.digest), 'LAYOUT_INVALID');
    await rejects(set.store.putBlob(secret), 'LAYOUT_INVALID');
    assert.equal(await readFile(set.outside, 'utf8'), 'root:x:0:0');
  });

  test(`${name} in the place of index.json is neither read nor replaced`, async (t) => {
    const set = await scene(t);
    await rm(join(set.directory, 'index.json'));
    await place(set, join(set.directory, 'index.json'));
    await rejects(set.store.resolve('v1'), 'LAYOUT_INVALID');
    await rejects(all(set.store.tags()), 'LAYOUT_INVALID');
    await rejects(putImage(set.store, 'two', ['v2']), 'LAYOUT_INVALID');
    assert.equal(await readFile(set.outside, 'utf8'), 'root:x:0:0');
  });
}

test('a link in the place of a folder of blobs leads nowhere', async (t) => {
  const { directory, store } = await scene(t);
  for (const folder of ['blobs/sha256', 'blobs']) {
    const elsewhere = join(directory, '..', folder.replace('/', '-'));
    await rename(join(directory, folder), elsewhere);
    await symlink(elsewhere, join(directory, folder));
    await rejects(store.manifest('v1'), 'LAYOUT_INVALID');
    await rejects(store.putBlob(secret), 'LAYOUT_INVALID');
    await rejects(store.delete({ blob: descriptor.digest }), 'LAYOUT_INVALID');
    await rm(join(directory, folder));
    await rename(elsewhere, join(directory, folder));
  }
  assert.equal((await store.manifest('v1')).links.length, 2);
});

test('a hard link is a file like any other, and the layout itself may stand behind a link', async (t) => {
  const { outside, directory, store } = await scene(t);
  await link(outside, join(directory, secretPath));
  assert.equal(await text(store.blob(descriptor)), 'root:x:0:0');
  await symlink(directory, `${directory}-link`);
  const linked = directoryStore(`${directory}-link`);
  await putImage(linked, 'two', ['v2']);
  assert.deepEqual(await all(store.tags()), ['v1', 'v2']);
});

test('the work folder may not lead out either', async (t) => {
  const { outside, directory, store } = await scene(t);
  const name = `blobs-${descriptor.digest.replace(':', '-')}.partial`;
  await mkdir(join(directory, '.lading'));
  await symlink(outside, join(directory, '.lading', name));
  await rejects(store.putBlob(secret), 'IO');
  assert.equal(await readFile(outside, 'utf8'), 'root:x:0:0');
});
