import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { validate } from '../../src/graph/validate.ts';
import { type Change, changeImages } from '../../src/image/change/change.ts';
import { manifestFrom } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { viewImage, viewIndex } from '../support/image-view.ts';
import { attestationOf, digestsOf, imageFor, listed, platform, sign, stored } from '../support/images-to-change.ts';
import { recordingStore } from '../support/recording-store.ts';

describe('an index', () => {
  for (const family of ['oci', 'docker'] as const) {
    test(`has every image changed, and keeps all else of itself (${family})`, async () => {
      const images = [await imageFor('amd64', family), await imageFor('arm64', family)];
      const manifests = images.map((image, at) => listed(image, { annotations: { at: String(at) }, 'x-own': at }));
      const before = buildIndex({ manifests, family, annotations: { of: 'index' } });
      const base = await stored(before);
      const platforms: unknown[] = [];
      const { source, root } = await changeImages(base, '1', {}, (image) => {
        platforms.push(image.platform);
        return sign(image, {});
      });
      assert.deepEqual(platforms, [platform('amd64'), platform('arm64')]);
      assert.equal(root.mediaType, before.descriptor.mediaType);
      const index = await viewIndex(source, root);
      assert.deepEqual({ ...index, manifests: [] }, { ...before.manifest.document, manifests: [] });
      for (const [at, entry] of index.manifests.entries()) {
        const { digest, size, ...rest } = entry;
        const { digest: old, size: _, ...kept } = manifests[at]?.descriptor ?? assert.fail();
        assert.notEqual(digest, old);
        assert.deepEqual(rest, kept);
        const view = await viewImage(source, entry);
        assert.equal(view.manifest.descriptor.size, size);
        assert.equal(view.config.author, 'Me');
        assert.equal(view.manifest.descriptor.mediaType, images[at]?.manifest.descriptor.mediaType);
      }
      const target = createMemoryStore();
      await copy(source, root, target, { tags: ['2'] });
      assert.deepEqual((await validate(target, '2')).problems, []);
    });
  }

  test('has the chosen platforms changed; attestations of these go, all others stay', async () => {
    const images = await Promise.all(['amd64', 'arm64', 's390x'].map((name) => imageFor(name)));
    const [amd64, arm64, s390x] = images;
    const attested = images.map(attestationOf);
    const before = buildIndex({ manifests: [...images, ...attested] });
    const base = await stored(before);
    const options = { platforms: [platform('arm64'), platform('s390x')] };
    const { source, root, dropped, images: changes } = await changeImages(base, '1', options, sign);
    const { manifests } = await viewIndex(source, root);
    assert.equal(manifests.length, 4);
    assert.deepEqual(manifests[0], amd64?.descriptor);
    assert.deepEqual(manifests[3], attested[0]?.descriptor);
    assert.deepEqual(digestsOf(changes.map(({ from }) => from)), [arm64?.descriptor.digest, s390x?.descriptor.digest]);
    assert.deepEqual(
      digestsOf(dropped),
      digestsOf([attested[1], attested[2]].map((one) => one?.descriptor ?? assert.fail())),
    );
    const all = await changeImages(base, '1', {}, sign);
    assert.equal((await viewIndex(all.source, all.root)).manifests.length, 3);
    assert.equal(all.dropped.length, 3);
  });

  test('without what is asked for is refused, naming what it has', async () => {
    const image = await imageFor('amd64');
    const base = await stored(buildIndex({ manifests: [image, attestationOf(image)] }));
    const error = await rejection('NOT_FOUND', changeImages(base, '1', { platforms: [platform('arm64')] }, sign));
    assert.equal(error.hint, 'it has linux/amd64');
  });

  test('that lists an image for two platforms has it changed once, and only where it is meant', async () => {
    const image = await imageFor('arm');
    const v6 = listed(image, { platform: platform('arm', 'v6') });
    const v7 = listed(image, { platform: platform('arm', 'v7') });
    const base = await stored(buildIndex({ manifests: [v6, v7, attestationOf(image)] }));
    let calls = 0;
    const counting: Change = (one, call) => {
      calls++;
      return sign(one, call);
    };
    const both = await changeImages(base, '1', {}, counting);
    assert.equal(calls, 1);
    const [first, second, ...rest] = (await viewIndex(both.source, both.root)).manifests;
    assert.equal(first?.digest, second?.digest);
    assert.deepEqual(rest, []);
    const one = await changeImages(base, '1', { platforms: [platform('arm', 'v7')] }, sign);
    const { manifests } = await viewIndex(one.source, one.root);
    assert.deepEqual(manifests[0], v6.descriptor);
    assert.equal(manifests[1]?.digest, first?.digest);
    assert.equal(manifests.length, 3, 'what is attested of an image stays as long as the image');
  });

  test('in an index is changed, too, and read once', async () => {
    const [amd64, arm64, s390x] = await Promise.all(['amd64', 'arm64', 's390x'].map((name) => imageFor(name)));
    assert.ok(amd64 && arm64 && s390x);
    const inner = buildIndex({ manifests: [arm64, s390x, attestationOf(arm64)] });
    const before = buildIndex({ manifests: [amd64, listed(inner, { annotations: { is: 'inner' } })] });
    const base = recordingStore({}, createMemoryStore());
    await putBuilt(base.inner, before, { tags: ['1'] });
    const { source, root } = await changeImages(base, '1', { platforms: [platform('arm64')] }, sign);
    assert.deepEqual(base.calls, [
      'manifest 1',
      ...digestsOf([inner.descriptor, arm64.descriptor]).map((digest) => `manifest ${digest}`),
    ]);
    const [first, second] = (await viewIndex(source, root)).manifests;
    assert.deepEqual(first, amd64.descriptor);
    assert.ok(second && second.digest !== inner.descriptor.digest);
    assert.deepEqual(second.annotations, { is: 'inner' });
    const nested = (await viewIndex(source, second)).manifests;
    assert.deepEqual(digestsOf(nested).slice(1), [s390x.descriptor.digest]);
    const target = createMemoryStore();
    await copy(source, root, target);
    assert.deepEqual((await validate(target, root)).problems, []);
  });

  test('holds no number that would be another one when it is written again', async () => {
    const before = buildIndex({ manifests: [listed(await imageFor('amd64'), { 'x-own': 'NUMBER' })] });
    const text = new TextDecoder().decode(before.manifest.bytes);
    const exact = (number: string): Uint8Array => new TextEncoder().encode(text.replace('"NUMBER"', number));
    const huge = await stored({ ...before, manifest: manifestFrom(exact('9007199254740993')) });
    await rejection('UNSUPPORTED', changeImages(huge, '1', {}, sign));
    const small = await stored({ ...before, manifest: manifestFrom(exact('9007199254740991')) });
    await changeImages(small, '1', {}, sign);
  });

  test('that lacks a platform is named, with those that it has', async () => {
    const base = await stored(buildIndex({ manifests: [await imageFor('amd64')] }));
    const error = await rejection('NOT_FOUND', changeImages(base, '1', { platforms: [platform('s390x')] }, sign));
    assert.match(error.message, /no linux\/s390x in memory-.*\/memory:1$/);
    assert.equal(error.hint, 'it has linux/amd64');
  });

  test('in which nothing changes keeps its digest', async () => {
    const images = [await imageFor('amd64'), await imageFor('arm64')];
    const before = buildIndex({ manifests: [...images, ...images.map(attestationOf)] });
    const base = await stored(before);
    const { root, dropped } = await changeImages(base, '1', {}, () => undefined);
    assert.equal(root.digest, before.descriptor.digest);
    assert.deepEqual(dropped, []);
  });
});
