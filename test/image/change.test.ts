import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Change, changeImages, type ImageToChange } from '../../src/image/change/change.ts';
import * as types from '../../src/model/media-types.ts';
import { contentFrom, manifestFrom, manifestFromDocument } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/types.ts';
import { buildArtifact, buildImage, buildIndex } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { viewImage, viewIndex } from '../support/image-view.ts';
import { digestsOf, imageFor, listed, platform, sign, stored } from '../support/images-to-change.ts';

const STRANGE = '{"os":"linux","x":{"b":1,"a":[null]},"history":null,"rootfs":{"type":"layers","diff_ids":[]}';

describe('a single image', () => {
  test('is handed over once, with all that its documents say', async () => {
    const built = await buildImage({ layers: [], annotations: { a: 'b' } });
    const strange = contentFrom(new TextEncoder().encode(`${STRANGE}}`), types.OCI_CONFIG);
    const document = { ...built.manifest.document, 'x-own': [1], config: strange.descriptor };
    const before = manifestFromDocument(document);
    const base = await stored({ ...built, manifest: before, blobs: [strange] });
    const seen: ImageToChange[] = [];
    const { source, root, images, dropped } = await changeImages(base, '1', {}, (image) => {
      seen.push(image);
      return sign(image, {});
    });
    assert.equal(seen.length, 1);
    assert.equal(seen[0]?.config.history, undefined);
    assert.deepEqual(seen[0]?.configDocument.x, { b: 1, a: [null] });
    const view = await viewImage(source, root);
    assert.equal(new TextDecoder().decode(view.configBytes), `${STRANGE},"author":"Me"}`);
    assert.deepEqual({ ...view.document, config: undefined }, { ...document, config: undefined });
    assert.deepEqual(Object.keys(view.document), Object.keys(document));
    assert.deepEqual(digestsOf(images.map(({ from }) => from)), [before.descriptor.digest]);
    assert.deepEqual(digestsOf(images.map(({ to }) => to)), [root.digest]);
    assert.deepEqual(dropped, []);
    assert.notEqual((await base.resolve('1'))?.digest, root.digest);
    assert.equal(await base.resolve(root.digest), undefined);
  });

  test('that does not change keeps its digest, whatever its bytes look like', async () => {
    const built = await imageFor('amd64');
    const pretty = manifestFrom(new TextEncoder().encode(JSON.stringify(built.manifest.document, null, 2)));
    const base = await stored({ ...built, manifest: pretty });
    for (const change of [
      () => undefined,
      ({ manifest, configDocument }: ImageToChange) => ({
        manifest: { ...manifest.document },
        config: { ...configDocument },
      }),
    ]) {
      const { source, root, images } = await changeImages(base, '1', {}, change);
      assert.equal(root.digest, pretty.descriptor.digest);
      assert.equal(source, base);
      assert.deepEqual(images, []);
    }
  });

  test('keeps its config, byte for byte, when only the manifest changes', async () => {
    const built = await imageFor('amd64');
    const base = await stored(built);
    const { source, root } = await changeImages(base, '1', {}, ({ manifest, configDocument }) => ({
      manifest: { ...manifest.document, annotations: { a: 'b' } },
      config: { ...configDocument },
    }));
    const { document } = await viewImage(source, root);
    assert.equal(document.config.digest, built.blobs[0]?.descriptor.digest);
    assert.deepEqual(document.annotations, { a: 'b' });
  });

  test('loses the copies of its old config that its descriptor has', async () => {
    const built = await imageFor('amd64');
    const { document } = built.manifest;
    assert.ok('config' in document);
    const config = { ...document.config, data: btoa('old'), urls: ['https://x.test/old'], annotations: { a: 'b' } };
    const base = await stored({ ...built, manifest: manifestFromDocument({ ...document, config }) });
    const { source, root } = await changeImages(base, '1', {}, sign);
    const view = await viewImage(source, root);
    assert.deepEqual(Object.keys(view.document.config).toSorted(), ['annotations', 'digest', 'mediaType', 'size']);
  });

  for (const family of ['oci', 'docker'] as const) {
    test(`stays of its family, though its document does not name it (${family})`, async () => {
      const built = await imageFor('amd64', family);
      const { mediaType, ...document } = built.manifest.document;
      const bytes = new TextEncoder().encode(JSON.stringify(document));
      const base = await stored({ ...built, manifest: manifestFrom(bytes, mediaType) });
      const { source, root } = await changeImages(base, '1', {}, sign);
      assert.equal(root.mediaType, mediaType);
      assert.equal((await source.manifest(root.digest)).descriptor.mediaType, mediaType);
      assert.equal('mediaType' in (await viewImage(source, root)).document, false);
    });
  }

  test('of another platform is refused, naming its own', async () => {
    const base = await stored(await imageFor('arm64'));
    const options = { platforms: [platform('arm64'), platform('s390x')] };
    const error = await rejection('NOT_FOUND', changeImages(base, '1', options, sign));
    assert.match(error.message, /no linux\/s390x in memory-.*\/memory:1$/);
    assert.match(error.hint ?? '', /linux\/arm64/);
    const fitting = await changeImages(base, '1', { platforms: [platform('arm64')] }, sign);
    assert.equal(fitting.images.length, 1);
  });
});

describe('what is no image', () => {
  test('is refused, and named', async () => {
    const base = await stored(buildArtifact({ artifactType: 'application/spdx+json' }));
    const error = await rejection('USAGE', changeImages(base, '1', {}, sign));
    assert.match(error.message, /artifact of the type "application\/spdx\+json"/);
    const index = await stored(buildIndex({ manifests: [buildArtifact({ artifactType: 'a/b' })] }));
    assert.match((await rejection('USAGE', changeImages(index, '1', {}, sign))).message, /holds no image/);
  });

  test('is told apart from an image of schema 1, and from one that is not there', async () => {
    const base = createMemoryStore();
    await rejection('NOT_FOUND', changeImages(base, '1', {}, sign));
    const old = new TextEncoder().encode('{"schemaVersion":1,"fsLayers":[],"history":[]}');
    const schema1: Store = { ...base, manifest: async () => manifestFrom(old) };
    await rejection('VERSION_UNSUPPORTED', changeImages(schema1, '1', {}, sign));
  });

  test('is passed over in an index, but not where it is asked for', async () => {
    const [image, wasm] = [await imageFor('amd64'), buildArtifact({ artifactType: 'a/wasm' })];
    const base = await stored(buildIndex({ manifests: [image, listed(wasm, { platform: platform('wasm') })] }));
    const { source, root, images } = await changeImages(base, '1', {}, sign);
    assert.equal(images.length, 1);
    assert.equal((await viewIndex(source, root)).manifests[1]?.digest, wasm.descriptor.digest);
    const error = await rejection('USAGE', changeImages(base, '1', { platforms: [platform('wasm')] }, sign));
    assert.match(error.message, /a\/wasm/);
  });

  test('is a config whose numbers would not survive', async () => {
    const built = await imageFor('amd64');
    const bytes = new TextEncoder().encode('{"os":"linux","config":{"StopTimeout":9223372036854775807}}');
    const config = contentFrom(bytes, types.OCI_CONFIG);
    const manifest = manifestFromDocument({ ...built.manifest.document, config: config.descriptor });
    const base = await stored({ ...built, manifest, blobs: [config, ...built.blobs] });
    await rejection('UNSUPPORTED', changeImages(base, '1', {}, sign));
  });
});

test('a change that fails ends all of it, and so does the caller', async () => {
  const images = await Promise.all(['amd64', 'arm64', 's390x'].map((name) => imageFor(name)));
  const base = await stored(buildIndex({ manifests: images }));
  let running = 0;
  const failing: Change = async ({ platform: own }) => {
    running++;
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    if (own?.architecture === 'amd64') throw new Error('no');
    return undefined;
  };
  await assert.rejects(changeImages(base, '1', {}, failing), /^Error: no$/);
  assert.equal(running, 0);
  await rejection('ABORTED', changeImages(base, '1', { signal: AbortSignal.abort() }, sign));
});
