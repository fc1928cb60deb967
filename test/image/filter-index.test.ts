import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { validate } from '../../src/graph/validate.ts';
import { annotateIndex, type ChangedIndex, filterIndex, removeFromIndex } from '../../src/image/index/image-index.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { manifestFrom } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { type Built, buildArtifact, buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { viewIndex } from '../support/image-view.ts';
import { attestationOf, digestsOf, imageFor, listed, platform, stored } from '../support/images-to-change.ts';
import { recordingStore } from '../support/recording-store.ts';

async function entriesOf({ source, root }: ChangedIndex): Promise<readonly Descriptor[]> {
  const target = createMemoryStore();
  await copy(source, root, target);
  assert.deepEqual((await validate(target, root)).problems, []);
  return (await viewIndex(target, root)).manifests;
}

const descriptorsOf = (all: readonly (Built | undefined)[]): Descriptor[] =>
  all.map((one) => one?.descriptor ?? assert.fail());

async function attested(...architectures: readonly string[]): Promise<readonly Built[]> {
  const images = await Promise.all(architectures.map((name) => imageFor(name)));
  return [...images, ...images.map(attestationOf)];
}

describe('CAP-H3 CAP-F5: an index with some of its platforms', () => {
  test('keeps what is attested of them, and all else of itself', async () => {
    const all = await attested('amd64', 'arm64', 's390x');
    const base = await stored(buildIndex({ manifests: all, annotations: { a: 'b' } }));
    const changed = await filterIndex(base, '1', [platform('s390x'), platform('amd64')]);
    assert.deepEqual(await entriesOf(changed), descriptorsOf([all[0], all[2], all[3], all[5]]));
    assert.deepEqual((await viewIndex(changed.source, changed.root)).annotations, { a: 'b' });
    assert.deepEqual(digestsOf(changed.removed), digestsOf(descriptorsOf([all[1], all[4]])));
    const every = ['amd64', 'arm64', 's390x'].map((name) => platform(name));
    const same = await filterIndex(base, '1', every);
    assert.equal(same.root.digest, (await base.resolve('1'))?.digest);
    assert.equal(same.source, base);
  });

  test('keeps several entries of one platform, and the best where none is exactly that', async () => {
    const on = (version: string): object => ({
      platform: { os: 'windows', architecture: 'amd64', 'os.version': version },
    });
    const images = await Promise.all(['a', 'b', 'c'].map((name) => imageFor(name)));
    const [a, b, c] = images;
    assert.ok(a && b && c);
    const v6 = listed(c, { platform: platform('arm', 'v6') });
    const v5 = listed(await imageFor('v5'), { platform: platform('arm', 'v5') });
    const entries = [listed(a, on('10.0.17763.1')), listed(b, on('10.0.20348.1')), v5, v6];
    const base = await stored(buildIndex({ manifests: entries }));
    const windows = { os: 'windows', architecture: 'amd64' };
    assert.deepEqual(await entriesOf(await filterIndex(base, '1', [windows])), descriptorsOf(entries.slice(0, 2)));
    const one = await filterIndex(base, '1', [{ ...windows, 'os.version': '10.0.20348' }, platform('arm', 'v7')]);
    assert.deepEqual(await entriesOf(one), descriptorsOf([entries[1], v6]));
  });

  test('takes indexes in it apart only where that leaves something out', async () => {
    const [amd64, arm64, s390x] = await Promise.all(['amd64', 'arm64', 's390x'].map((name) => imageFor(name)));
    assert.ok(amd64 && arm64 && s390x);
    const inner = buildIndex({ manifests: [arm64, s390x, attestationOf(s390x)] });
    const base = await stored(buildIndex({ manifests: [amd64, inner] }));
    const some = await filterIndex(base, '1', [platform('amd64'), platform('s390x')]);
    assert.deepEqual(await entriesOf(some), descriptorsOf([amd64, s390x, attestationOf(s390x)]));
    const every = ['amd64', 'arm64', 's390x'].map((name) => platform(name));
    assert.equal((await filterIndex(base, '1', every)).root.digest, (await base.resolve('1'))?.digest);
  });

  test('that is a single image stays one, where that is for one of them', async () => {
    const image = await imageFor('arm64');
    const base = await stored(image);
    assert.equal((await filterIndex(base, '1', [platform('arm64')])).root.digest, image.descriptor.digest);
    const both = [platform('arm64'), platform('amd64')];
    assert.equal((await filterIndex(base, '1', both)).root.digest, image.descriptor.digest);
    const error = await rejection('NOT_FOUND', filterIndex(base, '1', [platform('amd64')]));
    assert.equal(error.hint, 'it has linux/arm64');
    const artifact = await stored(buildArtifact({ artifactType: 'a/b' }));
    await filterIndex(artifact, '1', both);
  });

  test('names those that it has', async () => {
    const base = await stored(buildIndex({ manifests: await attested('amd64', 'arm64') }));
    const error = await rejection('NOT_FOUND', filterIndex(base, '1', [platform('riscv64')]));
    assert.equal(error.hint, 'it has linux/amd64, linux/arm64');
  });
});

describe('CAP-H2: entries of an index', () => {
  test('are removed by platform or digest, with what is attested of them', async () => {
    const all = await attested('amd64', 'arm64', 's390x');
    const base = await stored(buildIndex({ manifests: all }));
    const digests = [all[0]?.descriptor.digest ?? assert.fail()];
    const changed = await removeFromIndex(base, '1', { digests, platforms: [platform('arm64', 'v8')] });
    assert.deepEqual(await entriesOf(changed), descriptorsOf([all[2], all[5]]));
    assert.deepEqual(digestsOf(changed.removed), digestsOf(descriptorsOf([all[0], all[1], all[3], all[4]])));
    const none = await removeFromIndex(changed.source, changed.root, { platforms: [platform('s390x')] });
    assert.deepEqual(await entriesOf(none), []);
  });

  test('are exactly those that are named', async () => {
    const image = await imageFor('arm');
    const [v6, v7] = ['v6', 'v7'].map((variant) => listed(image, { platform: platform('arm', variant) }));
    assert.ok(v6 && v7);
    const base = await stored(buildIndex({ manifests: [v6, v7, attestationOf(image)] }));
    const left = await entriesOf(await removeFromIndex(base, '1', { platforms: [platform('arm')] }));
    assert.deepEqual(
      left,
      descriptorsOf([v6, attestationOf(image)]),
      'the image stands still, and what is attested of it',
    );
    await rejection('NOT_FOUND', removeFromIndex(base, '1', { platforms: [platform('arm', 'v8')] }));
    const digests = [(await imageFor('amd64')).descriptor.digest];
    await rejection('NOT_FOUND', removeFromIndex(base, '1', { digests }));
    await rejection('USAGE', removeFromIndex(await stored(image), '1', { digests }));
  });

  test('are removed from a list that is stranger than we would make it', async () => {
    const [docker, oci] = [await imageFor('amd64', 'docker'), await imageFor('arm64')];
    const built = buildIndex({ manifests: [docker, oci], family: 'docker', annotations: { a: 'b' } });
    const bytes = new TextEncoder().encode(JSON.stringify(built.manifest.document, undefined, 3));
    const base = await stored({ ...built, manifest: manifestFrom(bytes) });
    const changed = await removeFromIndex(base, '1', { platforms: [platform('amd64')] });
    assert.deepEqual(await entriesOf(changed), descriptorsOf([oci]));
    assert.equal(changed.root.mediaType, built.descriptor.mediaType);
  });
});

describe('CAP-G3: what an index says of itself', () => {
  test('is set, changed and removed', async () => {
    const images = await attested('amd64', 'arm64');
    const base = await stored(buildIndex({ manifests: images, annotations: { a: '1', b: '2' }, artifactType: 'x/y' }));
    const set = await annotateIndex(base, '1', { annotations: { b: '3', c: '4', a: null }, artifactType: 'x/z' });
    const index = await viewIndex(set.source, set.root);
    assert.deepEqual([index.annotations, index.artifactType], [{ b: '3', c: '4' }, 'x/z']);
    assert.deepEqual(index.manifests, descriptorsOf(images));
    assert.deepEqual([set.added, set.removed], [[], []]);
    const bare = await annotateIndex(base, '1', { clearAnnotations: true, artifactType: null });
    const keys = Object.keys(await viewIndex(bare.source, bare.root));
    assert.deepEqual(keys, ['schemaVersion', 'mediaType', 'manifests']);
    const same = await annotateIndex(base, '1', { annotations: { a: '1', z: null } });
    assert.equal(same.root.digest, (await base.resolve('1'))?.digest);
  });

  test('of its entries, too', async () => {
    const images = await attested('amd64', 'arm64');
    const base = await stored(buildIndex({ manifests: images }));
    const entries = [{ platforms: [platform('arm64')], annotations: { tested: 'yes' } }];
    const { source, root } = await annotateIndex(base, '1', { entries });
    const [amd64, arm64] = (await viewIndex(source, root)).manifests;
    assert.deepEqual(amd64, images[0]?.descriptor);
    assert.deepEqual(arm64?.annotations, { tested: 'yes' });
    const digests = [arm64?.digest ?? assert.fail()];
    const cleared = await annotateIndex(source, root, { entries: [{ digests, clearAnnotations: true }] });
    assert.equal(cleared.root.digest, (await base.resolve('1'))?.digest);
    await rejection('NOT_FOUND', annotateIndex(base, '1', { entries: [{ platforms: [platform('s390x')] }] }));
  });
});

test('an index that names others over and over is read once', async () => {
  const image = await imageFor('amd64');
  let inner = buildIndex({ manifests: [image] });
  for (let depth = 0; depth < 6; depth++) {
    const again = inner.descriptor;
    inner = buildIndex({ manifests: [inner, ...Array.from({ length: 9 }, () => again)] });
  }
  const base = recordingStore();
  await putBuilt(base.inner, inner, { tags: ['1'] });
  await filterIndex(base, '1', [platform('amd64')]);
  assert.equal(base.calls.length, 7);
});
