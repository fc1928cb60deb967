import assert from 'node:assert/strict';
import { mkdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { directoryRegistry } from '../../src/node/directory/directory-registry.ts';
import { all, blob, putImage, rejects, text } from '../../src/testing/samples.ts';
import { testStore } from '../../src/testing/store-contract.ts';
import { judgeDisk } from '../support/disk/disk-calls.ts';
import { filesBelow, scratch } from '../support/layouts.ts';

testStore('a repository of a directory', async (t) => {
  const directory = await scratch(t);
  return {
    store: directoryRegistry(directory).repository('some/repository'),
    reopen: async () => directoryRegistry(directory).repository('some/repository'),
    close: async () => {},
  };
});

test('a repository is the layout in the directory of its name', async (t) => {
  const directory = await scratch(t);
  await putImage(directoryRegistry(directory).repository('library/alpine'), 'one', ['3']);
  assert.ok((await filesBelow(join(directory, 'library/alpine'))).includes('index.json'));
});

test('repositories may have the names of a layout’s own files, and stand within one another', async (t) => {
  const directory = await scratch(t);
  const registry = directoryRegistry(directory);
  const names = ['a', 'a/blobs', 'a/blobs/sha256', 'a/index.json', 'a/oci-layout', 'blobs', 'index.json/index.json'];
  for (const name of names) await putImage(registry.repository(name), name, ['v1']);
  assert.deepEqual(await all(registry.repositories()), names);
  for (const name of names) {
    const store = registry.repository(name);
    const layer = (await store.manifest('v1')).links.find(({ role }) => role === 'layer');
    assert.equal(layer && (await text(store.blob(layer.descriptor))), `layer of ${name}`);
  }
});

test('repositories are listed in lexical order, from a name on when asked', async (t) => {
  const registry = directoryRegistry(await scratch(t));
  const names = ['a', 'a-b', 'a-b/c', 'a.b', 'a/b', 'a/b/c', 'a0', 'a_b', 'b/c/d', 'b0'];
  for (const name of names.toReversed()) await putImage(registry.repository(name), name, ['v1']);
  assert.deepEqual(await all(registry.repositories()), names.toSorted());
  for (const last of [...names, '0', 'a/', 'a/a', 'a1', 'b/c', 'zz']) {
    const wanted = names.toSorted().filter((name) => name > last);
    assert.deepEqual(await all(registry.repositories({ last })), wanted, `after ${last}`);
  }
});

test('of a listing that is left only what was listed is looked at on the disk', async (t) => {
  const directory = await scratch(t);
  const registry = directoryRegistry(directory);
  const names = Array.from({ length: 20 }, (_, at) => `r${String(at).padStart(2, '0')}`);
  for (const name of names) await putImage(registry.repository(name), 'one', ['v1']);
  const looked: string[] = [];
  const end = await judgeDisk(directory, ({ name, path }) => {
    looked.push(`${name} ${path.slice(directory.length)}`);
    return 'go on';
  });
  t.after(end);
  for await (const name of registry.repositories({ last: 'r09' })) if (name === 'r11') break;
  // what stands below r09, whose own names come after it
  const below = ['readdir /r09', 'lstat /r10/index.json', 'readdir /r10', 'lstat /r11/index.json'];
  assert.deepEqual(looked, ['readdir ', ...below]);
});

test('what is no layout is no repository', async (t) => {
  const directory = await scratch(t);
  const registry = directoryRegistry(directory);
  assert.deepEqual(await all(directoryRegistry(join(directory, 'nothing')).repositories()), []);
  await putImage(registry.repository('real'), 'one', ['v1']);
  await mkdir(join(directory, 'empty'));
  await mkdir(join(directory, 'UPPER'));
  await mkdir(join(directory, '.hidden'));
  await symlink(join(directory, 'real'), join(directory, 'link'));
  assert.deepEqual(await all(registry.repositories()), ['real']);
});

test('names that are none are refused before the disk is asked', async (t) => {
  const registry = directoryRegistry(await scratch(t));
  for (const name of [
    '',
    '..',
    '../x',
    'a/../b',
    '/a',
    'a//b',
    'A',
    'a/',
    '_blobs',
    'a/_index.json',
    '.lading',
    'a\0',
  ]) {
    assert.throws(() => registry.repository(name), { code: 'REFERENCE_INVALID' }, name);
  }
});

test('a blob is mounted from another repository as a second name of the same file', async (t) => {
  const directory = await scratch(t);
  const registry = directoryRegistry(directory);
  const content = blob('some bytes');
  await registry.repository('one').putBlob(content);
  const mountable = registry.repository('one').blob(content.descriptor);
  assert.equal(await registry.repository('two').putBlob(mountable), 'mounted');
  assert.equal(await registry.repository('two').putBlob(mountable), 'exists');
  const file = `blobs/${content.descriptor.digest.replace(':', '/')}`;
  const [one, two] = await Promise.all(['one', 'two'].map((name) => stat(join(directory, name, file))));
  assert.equal(one?.ino, two?.ino);
  await registry.repository('one').delete({ blob: content.descriptor.digest });
  assert.equal(await text(registry.repository('two').blob(content.descriptor)), 'some bytes');
});

test('a blob of another registry, or one that is not there, is not mounted', async (t) => {
  const registry = directoryRegistry(await scratch(t));
  const elsewhere = directoryRegistry(await scratch(t));
  const content = blob('some bytes');
  await elsewhere.repository('one').putBlob(content);
  const foreign = elsewhere.repository('one').blob(content.descriptor);
  assert.equal(await registry.repository('two').putBlob(foreign), 'written');
  const absent = registry.repository('three').blob(blob('never put').descriptor);
  await rejects(registry.repository('two').putBlob(absent), 'NOT_FOUND');
  const lying = { ...foreign, origin: { registry: absent.origin?.registry ?? '', repository: '../../etc' } };
  await rejects(registry.repository('four').putBlob(lying), 'REFERENCE_INVALID');
});
