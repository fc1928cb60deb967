import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { all, indexOf as indexOfAll, putImage } from '../../src/testing/samples.ts';
import { indexOf, scratch } from '../support/layouts.ts';

test('referrers are found whoever wrote them, with and without a tag, and each once', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const { manifest: subject } = await putImage(store, 'one', ['v1']);
  const extra = { subject: subject.descriptor, artifactType: 'application/x-sbom' };
  const tagged = await putImage(store, 'tagged', ['sbom', 'sbom-again'], extra);
  const untagged = await putImage(store, 'untagged', [], extra);
  const reader = directoryStore(directory);
  const digests = (await all(reader.referrers(subject.descriptor))).map(({ digest }) => digest);
  assert.deepEqual(digests, [tagged.manifest.descriptor.digest, untagged.manifest.descriptor.digest]);
  const later = await putImage(store, 'later', [], extra);
  assert.equal((await all(reader.referrers(subject.descriptor))).at(-1)?.digest, later.manifest.descriptor.digest);
  await store.delete({ manifest: tagged.manifest.descriptor.digest });
  assert.equal((await all(reader.referrers(subject.descriptor))).length, 2);
});

test('the list that clients keep under a tag is read, and believed only where the manifests agree', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const { manifest: subject } = await putImage(store, 'one', ['v1']);
  const referrer = await putImage(store, 'sbom', [], {
    subject: subject.descriptor,
    artifactType: 'application/x-sbom',
  });
  const stranger = await putImage(store, 'stranger', []);
  const list = indexOfAll([referrer.manifest, stranger.manifest]);
  await store.putManifest(list, { tags: [subject.descriptor.digest.replace(':', '-')] });
  const { manifests, ...rest } = await indexOf(directory);
  const named = manifests.filter(({ annotations }) => annotations !== undefined);
  await writeFile(join(directory, 'index.json'), JSON.stringify({ ...rest, manifests: named }));
  assert.equal(named.length, 2, 'the image and the list');
  const found = await all(store.referrers(subject.descriptor));
  assert.deepEqual(
    found.map(({ digest, artifactType }) => [digest, artifactType]),
    [[referrer.manifest.descriptor.digest, 'application/x-sbom']],
  );
});
