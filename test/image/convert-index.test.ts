import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { convert } from '../../src/image/change/convert.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import * as types from '../../src/model/media-types.ts';
import { type Built, buildArtifact, buildIndex, type Family } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { viewImage, viewIndex } from '../support/image-view.ts';
import { attestationOf, imageFor, listed, platform, stored } from '../support/images-to-change.ts';
import { published } from '../support/relayered.ts';

async function both(family: Family): Promise<readonly Built[]> {
  return [await imageFor('amd64', family), await imageFor('arm64', family)];
}

function unlabelled(descriptor: Descriptor): Descriptor {
  const { platform: _, ...rest } = descriptor;
  return rest;
}

describe('CAP-G11: an index in the other family of media types', () => {
  for (const [from, to, index, image] of [
    ['oci', 'docker', types.DOCKER_LIST, types.DOCKER_MANIFEST],
    ['docker', 'oci', types.OCI_INDEX, types.OCI_MANIFEST],
  ] as const) {
    test(`is converted with every image in it (${from} to ${to})`, async () => {
      const manifests = await both(from);
      const base = await stored(buildIndex({ manifests, family: from }));
      const store = await published(convert(base, '1', { family: to }));
      const document = await viewIndex(store, '2');
      assert.equal(document.mediaType, index);
      assert.equal((await store.manifest('2')).descriptor.mediaType, index);
      const others = await both(to);
      assert.deepEqual(
        document.manifests,
        others.map(({ descriptor }) => descriptor),
      );
      for (const entry of document.manifests) {
        assert.equal((await viewImage(store, entry)).document.mediaType, image);
      }
      const back = await convert(store, '2', { family: from });
      assert.equal(back.root.digest, (await base.resolve('1'))?.digest, 'and back again it is what it was');
    });
  }

  test('leaves what it has no place for: annotations, and what was attested', async () => {
    const [amd64, arm64] = await both('oci');
    assert.ok(amd64 && arm64);
    const manifests = [listed(amd64, { annotations: { 'org.example.entry': '1' } }), arm64, attestationOf(amd64)];
    const base = await stored(buildIndex({ manifests, annotations: { 'org.example.index': '1' } }));
    const change = await convert(base, '1', { family: 'docker' });
    assert.deepEqual(
      change.dropped.map(({ digest }) => digest),
      [manifests[2]?.descriptor.digest],
    );
    assert.deepEqual([...change.lostAnnotations].sort(), ['org.example.entry', 'org.example.index']);
    const document = await viewIndex(await published(Promise.resolve(change)), '2');
    assert.equal(document.manifests.length, 2);
    assert.ok(!JSON.stringify(document).includes('annotations'));
  });

  test('leaves what is attested of images that are of docker’s types already', async () => {
    const [amd64] = await both('docker');
    assert.ok(amd64);
    const manifests = [amd64, attestationOf(amd64)];
    const { root, dropped, images, source } = await convert(await stored(buildIndex({ manifests })), '1', {
      family: 'docker',
    });
    assert.deepEqual([images.length, dropped.length], [0, 1]);
    assert.deepEqual((await viewIndex(source, root)).manifests, [amd64.descriptor]);
    const same = await convert(await stored(buildIndex({ manifests })), '1', { compression: 'gzip' });
    assert.deepEqual(same.dropped, [], 'and does not where the media types stay');
  });

  test('goes down to indexes in the index, and tells a platform where none was told', async () => {
    const [amd64, arm64] = await both('oci');
    assert.ok(amd64 && arm64);
    const inner = buildIndex({ manifests: [{ ...amd64, descriptor: unlabelled(amd64.descriptor) }] });
    const base = await stored(buildIndex({ manifests: [inner, arm64] }));
    const store = await published(convert(base, '1', { family: 'docker' }));
    const outer = await viewIndex(store, '2');
    assert.deepEqual(
      outer.manifests.map(({ mediaType }) => mediaType),
      [types.DOCKER_LIST, types.DOCKER_MANIFEST],
    );
    const [nested] = outer.manifests;
    assert.ok(nested);
    const [entry] = (await viewIndex(store, nested)).manifests;
    assert.deepEqual(entry?.platform, platform('amd64'));
  });

  test('is left as it is where only some platforms are meant', async () => {
    const manifests = await both('oci');
    const base = await stored(buildIndex({ manifests }));
    const { source, root } = await convert(base, '1', { family: 'docker', platforms: [platform('arm64')] });
    const document = await viewIndex(source, root);
    assert.equal(document.mediaType, types.OCI_INDEX);
    assert.deepEqual(
      document.manifests.map(({ mediaType }) => mediaType),
      [types.OCI_MANIFEST, types.DOCKER_MANIFEST],
    );
  });

  test('is refused where it holds what docker’s lists cannot', async () => {
    const [amd64] = await both('oci');
    assert.ok(amd64);
    const artifact = buildArtifact({ artifactType: 'application/x' });
    const subject = amd64.manifest.descriptor;
    const inner = buildIndex({ manifests: [amd64, artifact] });
    for (const index of [
      inner,
      buildIndex({ manifests: [amd64], subject }),
      buildIndex({ manifests: [amd64], artifactType: 'application/x' }),
    ]) {
      await rejection('UNSUPPORTED', convert(await stored(index), '1', { family: 'docker' }));
      const same = await convert(await stored(index), '1', { family: 'oci' });
      assert.equal(same.root.digest, index.manifest.descriptor.digest);
    }
  });
});
