import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Manifest } from '../../src/model/manifest.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { manifestFromDocument } from '../../src/store/content.ts';
import {
  all,
  blob,
  chunked,
  imageManifest,
  indexOf as indexOfAll,
  putImage,
  rejects,
} from '../../src/testing/samples.ts';
import { indexOf, rootsOf, scratch } from '../support/layouts.ts';

const digestOf = ({ manifest }: { readonly manifest: Manifest }): string => manifest.descriptor.digest;

test('index.json has an entry a tag, in the order of their writing', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const one = await putImage(store, 'one', ['b', 'a']);
  const two = await putImage(store, 'two', ['c']);
  assert.deepEqual(await rootsOf(directory), [`b ${digestOf(one)}`, `a ${digestOf(one)}`, `c ${digestOf(two)}`]);
});

test('a tag that moves keeps its place, and what it named is no root any longer', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  await putImage(store, 'one', ['a']);
  const other = await putImage(store, 'other', ['b']);
  const two = await putImage(store, 'two', ['a']);
  assert.deepEqual(await rootsOf(directory), [`a ${digestOf(two)}`, `b ${digestOf(other)}`]);
});

test('a manifest without a tag is a root, until it gets one', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const one = await putImage(store, 'one', []);
  assert.deepEqual(await rootsOf(directory), [` ${digestOf(one)}`]);
  assert.equal(await store.putManifest(one.manifest), 'exists');
  await store.putManifest(one.manifest, { tags: ['v1'] });
  assert.deepEqual(await rootsOf(directory), [`v1 ${digestOf(one)}`]);
  assert.equal(await store.putManifest(one.manifest), 'exists');
  assert.deepEqual(await rootsOf(directory), [`v1 ${digestOf(one)}`]);
});

test('a part of what comes next is in no list, unless it has a tag or is attached to something', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const part = await putImage(store, 'one', [], {}, true);
  assert.deepEqual(await rootsOf(directory), []);
  const tagged = await putImage(store, 'two', ['two'], {}, true);
  const attached = await putImage(store, 'three', [], { subject: part.manifest.descriptor }, true);
  const others = [`two ${digestOf(tagged)}`, ` ${digestOf(attached)}`];
  assert.deepEqual(await rootsOf(directory), others);
  const index = indexOfAll([part.manifest, tagged.manifest, attached.manifest]);
  await store.putManifest(index, { tags: ['all'] });
  assert.deepEqual(await rootsOf(directory), [...others, `all ${index.descriptor.digest}`]);
  assert.equal((await all(store.referrers(part.manifest.descriptor)))[0]?.digest, digestOf(attached));
});

test('a part that lacks something is refused, and one that nothing came for is put as any other', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const { manifest } = await putImage(store, 'one', [], {}, true);
  await rejects(
    store.putManifest(indexOfAll([imageManifest(blob('{}'), blob('x'))]), { isPart: true }),
    'MANIFEST_BLOB_UNKNOWN',
  );
  assert.equal(await store.putManifest(manifest, { isPart: true }), 'exists');
  await store.putManifest(manifest);
  assert.deepEqual(await rootsOf(directory), [` ${manifest.descriptor.digest}`]);
});

test('an index takes its children out of the list, but not those with a tag of their own', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const one = await putImage(store, 'one', []);
  const two = await putImage(store, 'two', ['two']);
  const inner = indexOfAll([one.manifest, two.manifest]);
  const outer = indexOfAll([inner]);
  await store.putManifest(inner);
  assert.deepEqual(await rootsOf(directory), [`two ${digestOf(two)}`, ` ${inner.descriptor.digest}`]);
  await store.putManifest(outer, { tags: ['all'] });
  assert.deepEqual(await rootsOf(directory), [`two ${digestOf(two)}`, `all ${outer.descriptor.digest}`]);
  assert.equal(await store.putManifest(one.manifest), 'exists');
  assert.equal(await store.putManifest(inner), 'exists');
  assert.equal((await rootsOf(directory)).length, 2, 'what is inside stays out of the list');
});

test('a referrer stays in the list, with its type and annotations but without a name that it claims', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const image = await putImage(store, 'one', ['v1']);
  const config = blob('{}');
  await store.putBlob(config);
  const referrer = manifestFromDocument({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    artifactType: 'application/x-sbom',
    config: config.descriptor,
    layers: [],
    subject: image.manifest.descriptor,
    annotations: { made: 'today', 'org.opencontainers.image.ref.name': 'v1', 'io.containerd.image.name': 'a/b:v1' },
  });
  await store.putManifest(referrer);
  await store.putManifest(indexOfAll([image.manifest, referrer]), { tags: ['both'] });
  assert.equal((await store.resolve('v1'))?.digest, digestOf(image));
  const { manifests } = await indexOf(directory);
  const entry = manifests.find(({ digest }) => digest === referrer.descriptor.digest);
  assert.equal(entry?.artifactType, 'application/x-sbom');
  assert.deepEqual(entry?.annotations, { made: 'today' });
});

test('untagging leaves the manifest as a root without a name, unless something else leads to it', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const one = await putImage(store, 'one', ['a', 'b']);
  const two = await putImage(store, 'two', ['c']);
  const index = indexOfAll([two.manifest]);
  await store.putManifest(index, { tags: ['d'] });
  assert.equal(await store.delete({ tag: 'a' }), 'deleted');
  assert.equal(await store.delete({ tag: 'c' }), 'deleted');
  assert.deepEqual(await rootsOf(directory), [`b ${digestOf(one)}`, `d ${index.descriptor.digest}`]);
  await store.delete({ tag: 'b' });
  assert.deepEqual(await rootsOf(directory), [` ${digestOf(one)}`, `d ${index.descriptor.digest}`]);
});

test('a referrer that loses its tag, however it does, is a referrer still', async (t) => {
  const store = directoryStore(await scratch(t));
  const { manifest } = await putImage(store, 'one', ['v1']);
  const referrers = async (): Promise<number> => (await all(store.referrers(manifest.descriptor))).length;
  const sbom = await putImage(store, 'sbom', ['sbom'], { subject: manifest.descriptor });
  await putImage(store, 'other', ['sbom']);
  assert.equal(await referrers(), 1);
  await store.putManifest(indexOfAll([sbom.manifest]), { tags: ['attached'] });
  await store.putManifest(sbom.manifest, { tags: ['sbom'] });
  await store.delete({ tag: 'sbom' });
  assert.equal(await referrers(), 1);
});

test('a layer that is asked for as a manifest is none, however large it is', async (t) => {
  const store = directoryStore(await scratch(t));
  const large = chunked(new Uint8Array(9_000_000), [1 << 20]);
  await store.putBlob(large);
  await store.putBlob(blob('{"schemaVersion":2}'));
  assert.equal(await store.resolve(large.descriptor.digest), undefined);
  assert.equal(await store.resolve(blob('{"schemaVersion":2}').descriptor.digest), undefined);
  await rejects(store.manifest(large.descriptor.digest), 'TOO_LARGE');
});

test('deleting a manifest takes all its entries, and only a manifest is deleted as one', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const one = await putImage(store, 'one', ['a', 'b']);
  const two = await putImage(store, 'two', []);
  assert.equal(await store.delete({ manifest: one.layer.descriptor.digest }), 'absent');
  assert.ok(await store.stat(one.layer.descriptor.digest));
  assert.equal(await store.delete({ blob: one.manifest.descriptor.digest }), 'absent');
  assert.equal(await store.delete({ manifest: one.manifest.descriptor.digest }), 'deleted');
  assert.deepEqual(await rootsOf(directory), [` ${digestOf(two)}`]);
  assert.equal(await store.stat(one.manifest.descriptor.digest), undefined);
});

test('a condition on a tag is held', async (t) => {
  const store = directoryStore(await scratch(t));
  const one = await putImage(store, 'one', ['a']);
  const two = await putImage(store, 'two', []);
  const ifMatch = two.manifest.descriptor.digest;
  await rejects(store.putManifest(two.manifest, { tags: ['a'], ifMatch }), 'CONFLICT');
  await rejects(store.putManifest(two.manifest, { tags: ['new'], ifMatch }), 'CONFLICT');
  const now = one.manifest.descriptor.digest;
  assert.equal(await store.putManifest(two.manifest, { tags: ['a'], ifMatch: now }), 'written');
});

test('foreign layers and a subject need not be there', async (t) => {
  const store = directoryStore(await scratch(t));
  const config = blob('{}');
  await store.putBlob(config);
  const manifest = manifestFromDocument({
    schemaVersion: 2,
    config: config.descriptor,
    layers: [
      {
        ...blob('elsewhere').descriptor,
        mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
        urls: ['https://example.com/layer'],
      },
    ],
    subject: { ...blob('{"not":"here"}').descriptor, mediaType: 'application/vnd.oci.image.manifest.v1+json' },
  });
  assert.equal(await store.putManifest(manifest, { tags: ['v1'] }), 'written');
});

test('a manifest that says nothing of its media type has that of its entry', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const { manifest } = await putImage(store, 'one', []);
  const { mediaType: _, ...silent } = manifest.document as { mediaType?: string };
  const docker = 'application/vnd.docker.distribution.manifest.v2+json';
  const bytes = blob(JSON.stringify(silent));
  await store.putBlob(bytes);
  const entry = { ...bytes.descriptor, mediaType: docker, annotations: { 'org.opencontainers.image.ref.name': 'old' } };
  await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  assert.equal((await store.manifest('old')).descriptor.mediaType, docker);
  assert.equal((await store.manifest(bytes.descriptor.digest)).descriptor.mediaType, docker);
});

test('a name that cannot be one is refused', async (t) => {
  const store = directoryStore(await scratch(t));
  const { manifest } = await putImage(store, 'one', []);
  for (const name of ['', ' ', '-x', 'a b', 'a\nb', 'a'.repeat(300), manifest.descriptor.digest]) {
    await rejects(store.putManifest(manifest, { tags: [name] }), 'REFERENCE_INVALID');
  }
});
