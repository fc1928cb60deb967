import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { entriesNamed, nameOf, namesIn } from '../../src/layout/names.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import type { Digest } from '../../src/model/digest.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import type { Store } from '../../src/store/types.ts';
import { all, blob, putImage } from '../../src/testing/samples.ts';
import { rootsOf, scratch } from '../support/layouts.ts';

const REF = 'org.opencontainers.image.ref.name';
const CONTAINERD = 'io.containerd.image.name';

interface Named {
  readonly directory: string;
  readonly store: Store;
  readonly digests: readonly Digest[];
}

/** A layout in which another tool gave names to images, one a list of annotations. */
async function named(t: TestContext, ...annotations: Readonly<Record<string, string>>[]): Promise<Named> {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const entries = [];
  for (const [at, names] of annotations.entries()) {
    const { manifest } = await putImage(store, `image ${at}`, []);
    entries.push({ ...manifest.descriptor, annotations: names });
  }
  await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: entries }));
  return { directory, store, digests: entries.map(({ digest }) => digest) };
}

test('a whole reference answers to itself and to its tag', async (t) => {
  const { store, digests } = await named(t, { [REF]: 'docker.io/library/alpine:3' }, { [REF]: 'localhost:5000/app' });
  assert.equal((await store.resolve('docker.io/library/alpine:3'))?.digest, digests[0]);
  assert.equal((await store.resolve('3'))?.digest, digests[0]);
  assert.equal((await store.resolve('localhost:5000/app'))?.digest, digests[1]);
  assert.equal(await store.resolve('5000/app'), undefined);
  assert.equal(await store.resolve('alpine'), undefined);
  assert.deepEqual(await all(store.tags()), ['3', 'localhost:5000/app']);
});

test('the name that BuildKit and docker save write answers, too', async (t) => {
  const { store, digests } = await named(t, { [CONTAINERD]: 'docker.io/library/alpine:3', [REF]: '3' });
  assert.equal((await store.resolve('3'))?.digest, digests[0]);
  assert.equal((await store.resolve('docker.io/library/alpine:3'))?.digest, digests[0]);
  assert.deepEqual(await all(store.tags()), ['3']);
});

test('a tag that two references have is not guessed at', async (t) => {
  const { store, digests } = await named(t, { [REF]: 'docker.io/library/alpine:3' }, { [REF]: 'quay.io/busybox:3' });
  assert.equal(await store.resolve('3'), undefined);
  assert.equal((await store.resolve('quay.io/busybox:3'))?.digest, digests[1]);
  assert.deepEqual(await all(store.tags()), ['docker.io/library/alpine:3', 'quay.io/busybox:3']);
});

test('a tag of that very name goes before the tag in a reference', async (t) => {
  const { store, digests } = await named(t, { [REF]: 'docker.io/library/alpine:3' }, { [REF]: '3' });
  assert.equal((await store.resolve('3'))?.digest, digests[1]);
  assert.deepEqual(await all(store.tags()), ['3', 'docker.io/library/alpine:3']);
});

test('of two entries of one name the last is meant, and putting it anew leaves one', async (t) => {
  const { directory, store, digests } = await named(t, { [REF]: 'v1' }, { [REF]: 'other' }, { [REF]: 'v1' });
  assert.equal((await store.resolve('v1'))?.digest, digests[2]);
  assert.deepEqual(await all(store.tags()), ['other', 'v1']);
  const { manifest } = await putImage(store, 'new', ['v1']);
  assert.deepEqual(await rootsOf(directory), [`v1 ${manifest.descriptor.digest}`, `other ${digests[1]}`]);
});

test('the list of all names says what asking for each of them says', () => {
  const name = fc.option(fc.constantFrom('1', '2', 'a:1', 'b:1', 'a:2', 'a/b:2', 'a:1@x', 'c'), { nil: undefined });
  const entry = fc.record({ at: fc.integer({ min: 0, max: 3 }), ref: name, containerd: name });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 8 }), (listed) => {
      const entries = listed.map(({ at, ref, containerd }): Descriptor => {
        const annotations = { ...(ref && { [REF]: ref }), ...(containerd && { [CONTAINERD]: containerd }) };
        return { ...blob(`image ${at}`).descriptor, annotations };
      });
      const names = new Set<string>();
      for (const entry of entries) {
        const whole = nameOf(entry);
        const tag = /^[^@]+:(\w+)$/.exec(whole ?? '')?.[1];
        const isEnough = tag !== undefined && entriesNamed(entries, tag).some(({ digest }) => digest === entry.digest);
        if (whole !== undefined) names.add(isEnough ? tag : whole);
      }
      assert.deepEqual(namesIn(entries), [...names].sort());
    }),
  );
});

test('the names of an index are found out once', () => {
  const entries = [{ ...blob('image').descriptor, annotations: { [REF]: 'v1' } }];
  assert.equal(namesIn(entries), namesIn(entries));
});

test('a tag is deleted by the name that it answers to', async (t) => {
  const { directory, store, digests } = await named(t, { [REF]: 'docker.io/library/alpine:3', [CONTAINERD]: 'x:3' });
  assert.equal(await store.delete({ tag: '3' }), 'deleted');
  assert.equal(await store.resolve('3'), undefined);
  assert.deepEqual(await rootsOf(directory), [` ${digests[0]}`]);
  assert.ok(!(await readFile(join(directory, 'index.json'), 'utf8')).includes('annotations'));
});
