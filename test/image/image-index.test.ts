import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { validate } from '../../src/graph/validate.ts';
import { addToIndex, type ChangedIndex, createIndex } from '../../src/image/index/image-index.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import type { ImageIndex } from '../../src/model/manifest.ts';
import * as types from '../../src/model/media-types.ts';
import { createMemoryRegistry, createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/types.ts';
import { buildArtifact, buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { viewIndex } from '../support/image-view.ts';
import { attestationOf, digestsOf, imageFor, listed, platform, stored } from '../support/images-to-change.ts';

/** The index once it is published, and found complete. */
async function published({ source, root }: ChangedIndex, target: Store = createMemoryStore()): Promise<ImageIndex> {
  await copy(source, root, target, { tags: ['index'] });
  assert.deepEqual((await validate(target, 'index')).problems, []);
  return viewIndex(target, 'index');
}

const platformsIn = ({ manifests }: ImageIndex): unknown[] => manifests.map((entry) => entry.platform);

describe('CAP-H1: an index that is made', () => {
  test('holds images of several places, each taken from its own', async () => {
    const images = await Promise.all(['amd64', 'arm64', 's390x'].map((name) => imageFor(name)));
    const stores = await Promise.all(images.map(stored));
    const made = await createIndex(stores.map((source) => ({ source, reference: '1' })));
    const index = await published(made);
    assert.deepEqual(index, {
      schemaVersion: 2,
      mediaType: types.OCI_INDEX,
      manifests: images.map(({ descriptor }) => descriptor),
    });
    assert.deepEqual(made.added, index.manifests);
    assert.deepEqual(made.removed, []);
  });

  test('says of itself what is wanted', async () => {
    const image = await imageFor('amd64');
    const source = await stored(image);
    const subject = { ...image.descriptor, annotations: { left: 'out' } };
    const options = { annotations: { a: 'b' }, artifactType: 'application/x.set', subject };
    const { digest, mediaType, size } = image.descriptor;
    const { manifests: _, ...index } = await published(await createIndex([{ source, reference: '1' }], options));
    assert.deepEqual(index, {
      schemaVersion: 2,
      mediaType: types.OCI_INDEX,
      artifactType: 'application/x.set',
      subject: { digest, mediaType, size },
      annotations: { a: 'b' },
    });
    assert.deepEqual((await published(await createIndex([]))).manifests, []);
  });

  test('has the platforms that configs tell, and makes none up', async () => {
    const image = await imageFor('arm64');
    const artifact = buildArtifact({ artifactType: 'a/b' });
    const bare = listed(image, { platform: undefined });
    const index = buildIndex({ manifests: [bare, listed(artifact, { artifactType: undefined })] });
    const items = [
      { source: await stored(index), reference: '1' },
      { source: await stored(artifact), reference: '1' },
    ];
    const { manifests } = await published(await createIndex(items));
    const plain = { ...artifact.descriptor, artifactType: undefined };
    assert.deepEqual(manifests, JSON.parse(JSON.stringify([image.descriptor, plain, artifact.descriptor])).slice(0, 2));
    const told = await createIndex([{ source: await stored(artifact), reference: '1' }]);
    assert.deepEqual((await published(told)).manifests, [artifact.descriptor]);
  });

  test('takes the entries of an index as they are, with those of indexes in it', async () => {
    const [amd64, arm64] = [await imageFor('amd64'), await imageFor('arm64')];
    const inner = buildIndex({ manifests: [listed(arm64, { annotations: { a: 'b' } }), attestationOf(arm64)] });
    const source = await stored(buildIndex({ manifests: [inner, amd64, attestationOf(amd64)] }));
    const flat = await published(await createIndex([{ source, reference: '1', annotations: { new: 'x' } }]));
    assert.deepEqual(flat.manifests, [
      { ...arm64.descriptor, annotations: { a: 'b', new: 'x' } },
      attestationOf(arm64).descriptor,
      { ...amd64.descriptor, annotations: { new: 'x' } },
      attestationOf(amd64).descriptor,
    ]);
    const nested = await createIndex([{ source, reference: '1', nested: true }]);
    const { manifests } = await published(nested);
    assert.deepEqual(digestsOf(manifests), [(await source.resolve('1'))?.digest]);
    assert.equal(manifests[0]?.mediaType, types.OCI_INDEX);
  });

  test('takes chosen platforms, with what is attested of them', async () => {
    const [amd64, arm64] = [await imageFor('amd64'), await imageFor('arm64')];
    const all = [amd64, arm64, attestationOf(amd64), attestationOf(arm64)];
    const source = await stored(buildIndex({ manifests: all }));
    const platforms = [platform('arm64')];
    const { manifests } = await published(await createIndex([{ source, reference: '1', platforms }]));
    assert.deepEqual(manifests, [arm64.descriptor, attestationOf(arm64).descriptor]);
    const missing = [platform('s390x')];
    await rejection('NOT_FOUND', createIndex([{ source, reference: '1', platforms: missing }]));
    const single = await stored(amd64);
    await rejection('NOT_FOUND', createIndex([{ source: single, reference: '1', platforms }]));
  });

  test('lists an image for the platform that is told, and each pair once', async () => {
    const source = await stored(await imageFor('arm'));
    const item = (variant: string): object => ({ platform: platform('arm', variant) });
    const items = ['v6', 'v7', 'v6'].map((variant) => ({ source, reference: '1', ...item(variant) }));
    assert.deepEqual(platformsIn(await published(await createIndex(items))), [
      platform('arm', 'v6'),
      platform('arm', 'v7'),
    ]);
    const index = await stored(buildIndex({ manifests: [await imageFor('arm')] }));
    await rejection('USAGE', createIndex([{ source: index, reference: '1', platform: platform('arm') }]));
  });

  test('of docker’s media types holds docker’s images, and nothing else', async () => {
    const docker = { source: await stored(await imageFor('amd64', 'docker')), reference: '1' };
    const oci = { source: await stored(await imageFor('arm64')), reference: '1' };
    const { mediaType, manifests } = await published(await createIndex([docker], { family: 'docker' }));
    assert.equal(mediaType, types.DOCKER_LIST);
    assert.equal(manifests[0]?.mediaType, types.DOCKER_MANIFEST);
    assert.equal((await published(await createIndex([docker, oci]))).manifests.length, 2);
    const family = 'docker' as const;
    await rejection('UNSUPPORTED', createIndex([docker, oci], { family }));
    await rejection('UNSUPPORTED', createIndex([docker], { family, annotations: { a: 'b' } }));
    await rejection('UNSUPPORTED', createIndex([docker], { family, artifactType: 'a/b' }));
    const list = await stored(buildIndex({ manifests: [await imageFor('amd64', 'docker')], family }));
    await rejection('UNSUPPORTED', addToIndex(list, '1', [oci]));
  });

  test('of a registry’s own images sends no layer', async () => {
    const registry = createMemoryRegistry();
    const images = await Promise.all(['amd64', 'arm64'].map((name) => imageFor(name)));
    const items = images.map((_, at) => ({ source: registry.repository(`image-${at}`), reference: '1' }));
    for (const [at, image] of images.entries())
      await putBuilt(registry.repository(`image-${at}`), image, { tags: ['1'] });
    const { source, root } = await createIndex(items);
    const outcomes = new Map<string, number>();
    await copy(source, root, registry.repository('all'), {
      tags: ['1'],
      on: (activity) => {
        if (activity.type === 'done') outcomes.set(activity.outcome, 1 + (outcomes.get(activity.outcome) ?? 0));
      },
    });
    assert.deepEqual(Object.fromEntries(outcomes), { mounted: 3, written: 3 });
  });
});

describe('CAP-H2: an index that images are added to', () => {
  const withDigests = (entries: readonly Descriptor[]): string[] => digestsOf(entries);

  test('has them after its own, and keeps all else of itself', async () => {
    const images = await Promise.all(['amd64', 'arm64'].map((name) => imageFor(name)));
    const [amd64, arm64] = images;
    assert.ok(amd64 && arm64);
    const base = await stored(buildIndex({ manifests: [amd64], annotations: { of: 'index' }, artifactType: 'a/b' }));
    const other = { source: await stored(arm64), reference: '1' };
    const changed = await addToIndex(base, '1', [other]);
    assert.deepEqual(changed.added, [arm64.descriptor]);
    const index = await published(changed);
    assert.deepEqual(index, {
      schemaVersion: 2,
      mediaType: types.OCI_INDEX,
      artifactType: 'a/b',
      manifests: [amd64.descriptor, arm64.descriptor],
      annotations: { of: 'index' },
    });
    const again = await addToIndex(changed.source, changed.root, [other]);
    assert.equal(again.root.digest, changed.root.digest);
    assert.deepEqual(again.added, []);
  });

  test('keeps or replaces what it has for the same platforms', async () => {
    const [amd64, arm64] = [await imageFor('amd64'), await imageFor('arm64')];
    const all = [amd64, arm64, attestationOf(amd64), attestationOf(arm64)];
    const base = await stored(buildIndex({ manifests: all }));
    const newer = await imageFor('arm64', 'docker');
    const added = [newer, attestationOf(newer)];
    const items = [{ source: await stored(buildIndex({ manifests: added })), reference: '1' }];
    const both = await published(await addToIndex(base, '1', items));
    assert.deepEqual(withDigests(both.manifests), withDigests([...all, ...added].map(({ descriptor }) => descriptor)));
    const replaced = await addToIndex(base, '1', items, { replace: true });
    const { manifests } = await published(replaced);
    const left = [amd64, attestationOf(amd64), ...added];
    assert.deepEqual(withDigests(manifests), withDigests(left.map(({ descriptor }) => descriptor)));
    assert.deepEqual(
      withDigests(replaced.removed),
      withDigests([arm64, attestationOf(arm64)].map(({ descriptor }) => descriptor)),
    );
    const again = await addToIndex(replaced.source, replaced.root, items, { replace: true });
    assert.equal(again.root.digest, replaced.root.digest);
  });

  test('has to be one', async () => {
    const single = await stored(await imageFor('amd64'));
    await rejection('USAGE', addToIndex(single, '1', [{ source: single, reference: '1' }]));
    await rejection('NOT_FOUND', addToIndex(single, '9', []));
  });
});
