import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { validate } from '../../src/graph/validate.ts';
import { type ImageEdits, mutate } from '../../src/image/change/mutate.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { buildArtifact, buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { viewImage, viewIndex } from '../support/image-view.ts';
import { attestationOf, digestsOf, imageFor, listed, platform, stored } from '../support/images-to-change.ts';
import { imageWith, mutated } from '../support/mutated.ts';
import { recordingStore } from '../support/recording-store.ts';

describe('CAP-G4: every platform of an index', () => {
  test('is changed, or the chosen ones, and stays valid', async () => {
    const images = await Promise.all(['amd64', 'arm64', 's390x'].map((name) => imageFor(name)));
    const base = await stored(buildIndex({ manifests: images }));
    const all = await mutate(base, '1', { env: { A: 'b' } });
    const target = createMemoryStore();
    await copy(all.source, all.root, target, { tags: ['2'] });
    assert.deepEqual((await validate(target, '2')).problems, []);
    const changed = (await viewIndex(target, '2')).manifests;
    for (const [at, entry] of changed.entries()) {
      assert.deepEqual(entry.platform, images[at]?.descriptor.platform);
      assert.deepEqual((await viewImage(target, entry)).config.config, { Env: ['A=b'] });
    }
    const some = { platforms: [platform('arm64')] };
    const one = await mutate(base, '1', { env: { A: 'b' } }, some);
    const { manifests } = await viewIndex(one.source, one.root);
    assert.deepEqual(manifests, [images[0]?.descriptor, changed[1], images[2]?.descriptor]);
    assert.deepEqual(digestsOf(one.images.map(({ to }) => to)), [changed[1]?.digest]);
  });
});

describe('CAP-G3: annotations', () => {
  test('of a manifest are set, changed and removed', async () => {
    const base = await stored(await imageWith(undefined, { annotations: { a: '1', b: '2' } }));
    const annotationsOf = async (edits: ImageEdits): Promise<unknown> =>
      (await mutated(base, edits)).document.annotations;
    assert.deepEqual(await annotationsOf({ annotations: { b: '3', c: '4', a: null } }), { b: '3', c: '4' });
    assert.deepEqual(await annotationsOf({ clear: ['annotations'], annotations: { c: '' } }), { c: '' });
    assert.equal(await annotationsOf({ annotations: { a: null, b: null } }), undefined);
    const labelled = await annotationsOf({
      labelsToAnnotations: true,
      labels: { stage: null },
      annotations: { b: '5' },
    });
    assert.deepEqual(labelled, { a: '1', b: '5', team: 'web' });
  });

  test('leave the config alone', async () => {
    const built = await imageWith();
    const { document } = await mutated(await stored(built), { annotations: { a: 'b' } });
    assert.deepEqual(document.config, built.blobs[0]?.descriptor);
  });

  test('of one platform, of all and of the index are three things', async () => {
    const images = await Promise.all(['amd64', 'arm64'].map((name) => imageFor(name)));
    const before = buildIndex({ manifests: images, annotations: { of: 'index', old: 'x' } });
    const base = await stored(before);
    const edits = { annotations: { a: 'b' }, indexAnnotations: { of: 'it', old: null } };
    const { source, root, images: changed } = await mutate(base, '1', edits, { platforms: [platform('arm64')] });
    const { annotations, manifests } = await viewIndex(source, root);
    assert.deepEqual(annotations, { of: 'it' });
    assert.equal(changed.length, 1);
    const [amd64, arm64] = await Promise.all(manifests.map((entry) => viewImage(source, entry)));
    assert.equal(amd64?.document.annotations, undefined);
    assert.deepEqual(arm64?.document.annotations, { a: 'b' });
    const target = createMemoryStore();
    await copy(source, root, target, { tags: ['2'] });
    assert.deepEqual((await validate(target, '2')).problems, []);
  });

  test('that all images have become those of the index where that is wanted', async () => {
    const images = await Promise.all(
      ['amd64', 'arm64'].map((name) =>
        imageWith(undefined, { platform: platform(name), annotations: { version: '1', of: name } }),
      ),
    );
    const base = await stored(buildIndex({ manifests: images, annotations: { own: 'x', version: '0' } }));
    const annotationsOf = async (edits: ImageEdits): Promise<unknown> => {
      const { source, root } = await mutate(base, '1', { promoteAnnotations: true, ...edits });
      return (await viewIndex(source, root)).annotations;
    };
    assert.deepEqual(await annotationsOf({}), { own: 'x', version: '1' });
    assert.deepEqual(await annotationsOf({ annotations: { team: 'web' }, indexAnnotations: { version: '2' } }), {
      own: 'x',
      version: '2',
      team: 'web',
    });
    const kept = await mutate(base, '1', { promoteAnnotations: true });
    assert.deepEqual(
      digestsOf((await viewIndex(kept.source, kept.root)).manifests),
      digestsOf(images.map((one) => one.descriptor)),
    );
    await rejection('USAGE', mutate(await stored(await imageWith()), '1', { promoteAnnotations: true }));
  });

  test('of the index alone leave what it lists, and read none of it', async () => {
    const image = await imageFor('amd64');
    const built = buildIndex({ manifests: [image, attestationOf(image), buildArtifact({ artifactType: 'a/b' })] });
    const base = recordingStore();
    await putBuilt(base.inner, built, { tags: ['1'] });
    const { source, root, dropped } = await mutate(base, '1', {
      clear: ['indexAnnotations'],
      indexAnnotations: { a: 'b' },
    });
    const { manifests, annotations } = await viewIndex(source, root);
    assert.deepEqual(annotations, { a: 'b' });
    assert.deepEqual(
      manifests,
      built.children.map(({ descriptor }) => descriptor),
    );
    assert.deepEqual(dropped, []);
    assert.ok(base.calls.every((call) => call === 'manifest 1' || call === `manifest ${built.descriptor.digest}`));
    assert.equal((await mutate(base, '1', { indexAnnotations: { x: null } })).root.digest, built.descriptor.digest);
  });

  test('have no place in docker’s media types, and a single image has no index', async () => {
    const image = await imageFor('amd64', 'docker');
    const base = await stored(buildIndex({ manifests: [image], family: 'docker' }));
    for (const edits of [{ annotations: { a: 'b' } }, { indexAnnotations: { a: 'b' } }]) {
      await rejection('UNSUPPORTED', mutate(base, '1', edits));
      const none = Object.fromEntries(Object.keys(edits).map((kind) => [kind, { a: null }]));
      assert.equal((await mutate(base, '1', none)).root.digest, (await base.resolve('1'))?.digest);
    }
    const single = await stored(await imageFor('amd64'));
    const error = await rejection('USAGE', mutate(single, '1', { indexAnnotations: { a: 'b' } }));
    assert.match(error.message, /single image, not an index/);
  });
});

describe('the platform of an image', () => {
  test('is set in its config, and in the index that lists it', async () => {
    const images = [await imageFor('amd64'), listed(await imageFor('arm'), { annotations: { is: 'kept' } })];
    const base = await stored(buildIndex({ manifests: images }));
    const edits = { platform: platform('arm', 'v6') };
    const { source, root } = await mutate(base, '1', edits, { platforms: [platform('arm')] });
    const [first, second] = (await viewIndex(source, root)).manifests;
    assert.deepEqual(first, images[0]?.descriptor);
    assert.deepEqual(second?.platform, platform('arm', 'v6'));
    assert.deepEqual(second?.annotations, { is: 'kept' });
    assert.ok(second);
    const { os, architecture, variant } = (await viewImage(source, second)).config;
    assert.deepEqual({ os, architecture, variant }, platform('arm', 'v6'));
    const back = await mutate(source, root, { platform: platform('riscv64') }, { platforms: [platform('arm', 'v6')] });
    const third = (await viewIndex(back.source, back.root)).manifests[1];
    assert.deepEqual(third?.platform, platform('riscv64'));
    assert.ok(!('variant' in (await viewImage(back.source, third ?? assert.fail())).config));
  });

  test('cannot be the same for several images', async () => {
    const base = await stored(buildIndex({ manifests: [await imageFor('amd64'), await imageFor('arm64')] }));
    await rejection('USAGE', mutate(base, '1', { platform: platform('s390x') }));
  });
});
