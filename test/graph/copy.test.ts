import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OciError } from '../../src/errors.ts';
import { copy } from '../../src/graph/copy.ts';
import type { Activity } from '../../src/model/call.ts';
import { DOCKER_FOREIGN_LAYER } from '../../src/model/media-types.ts';
import { contentOf, manifestFromDocument } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { all, blob, fake, imageManifest, indexOf, putImage, rejects, text } from '../../src/testing/samples.ts';
import { recordingStore } from '../support/recording-store.ts';

async function multiPlatform(): Promise<{
  source: ReturnType<typeof createMemoryStore>;
  root: string;
  images: string[];
}> {
  const source = createMemoryStore();
  const one = await putImage(source, 'one', []);
  const two = await putImage(source, 'two', []);
  const index = indexOf([one.manifest, two.manifest]);
  await source.putManifest(index, { tags: ['multi'] });
  return {
    source,
    root: index.descriptor.digest,
    images: [one.manifest.descriptor.digest, two.manifest.descriptor.digest],
  };
}

test('CAP-F4 WRITE-6: copies an index with all it consists of, content before what refers to it', async () => {
  const { source, root, images } = await multiPlatform();
  const target = recordingStore();
  const copied = await copy(source, 'multi', target, { tags: ['multi', 'latest'] });
  assert.equal(copied.digest, root);
  assert.deepEqual(await all(target.inner.tags()), ['latest', 'multi']);
  for (const digest of [root, ...images]) {
    assert.deepEqual((await target.inner.manifest(digest)).bytes, (await source.manifest(digest)).bytes);
  }
  const puts = target.calls.filter((call) => call.startsWith('put'));
  assert.equal(puts.at(-1), `putManifest ${root} multi,latest`);
  assert.equal(puts.filter((call) => call.startsWith('putBlob')).length, 4);
});

test('asks each end once when everything is there', async () => {
  const { source, root } = await multiPlatform();
  const target = recordingStore();
  await copy(source, 'multi', target, { tags: ['multi'] });
  target.calls.length = 0;
  const from = recordingStore({}, source);
  const outcomes: Activity[] = [];
  await copy(from, 'multi', target, { tags: ['multi'], on: (activity) => outcomes.push(activity) });
  assert.deepEqual(from.calls, ['resolve multi']);
  assert.deepEqual(target.calls, ['resolve multi']);
  assert.deepEqual(outcomes, [{ type: 'done', descriptor: await source.resolve(root), outcome: 'exists' }]);
});

test('a new tag of what is there sends the manifest alone', async () => {
  const { source, root } = await multiPlatform();
  const target = recordingStore();
  await copy(source, 'multi', target, { tags: ['multi'] });
  target.calls.length = 0;
  await copy(source, 'multi', target, { tags: ['stable'] });
  assert.deepEqual(target.calls, ['resolve stable', `resolve ${root}`, `putManifest ${root} stable`]);
});

test('a blob that two images share is put once', async () => {
  const source = createMemoryStore();
  const layer = blob('shared layer');
  const configs = [blob('{"os":"linux"}'), blob('{"os":"windows"}')];
  for (const content of [layer, ...configs]) await source.putBlob(content);
  const images = configs.map((config) => imageManifest(config, layer));
  for (const image of images) await source.putManifest(image);
  await source.putManifest(indexOf(images), { tags: ['multi'] });
  const target = recordingStore();
  await copy(source, 'multi', target, { tags: ['multi'] });
  assert.equal(target.calls.filter((call) => call === `putBlob ${layer.descriptor.digest}`).length, 1);
});

test('CAP-F9: a subtree whose root exists but misses a blob is sent again', async () => {
  const { source, images } = await multiPlatform();
  const [one = ''] = images;
  const target = createMemoryStore();
  let lied = false;
  const forgetful = recordingStore(
    {
      async resolve(reference, options) {
        if (reference !== one || lied) return target.resolve(reference, options);
        lied = true;
        return (await source.manifest(one)).descriptor;
      },
    },
    target,
  );
  await copy(source, 'multi', forgetful, { tags: ['multi'] });
  assert.equal((await target.resolve(one))?.digest, one);
  assert.equal((await all(target.tags())).length, 1);
});

test('a target that goes on missing a blob is an error, after one more walk', async () => {
  const { source, root } = await multiPlatform();
  let puts = 0;
  const target = recordingStore({
    async putManifest({ descriptor }) {
      if (descriptor.digest !== root) return 'written';
      puts++;
      throw new OciError('MANIFEST_BLOB_UNKNOWN', 'it is not there', { digests: [] });
    },
  });
  await rejects(copy(source, 'multi', target, { tags: ['multi'] }), 'MANIFEST_BLOB_UNKNOWN');
  assert.equal(puts, 2);
});

test('wrong bytes at the source end the copy, and the tag is not written', async () => {
  const source = createMemoryStore();
  const { manifest, layer } = await putImage(source, 'one', ['v1']);
  const lying = {
    ...source,
    blob: (descriptor: typeof layer.descriptor) =>
      descriptor.digest === layer.descriptor.digest ? fake('layer of one', 'layer of 0ne') : source.blob(descriptor),
  };
  const target = createMemoryStore();
  await rejects(copy(lying, 'v1', target, { tags: ['v1'] }), 'DIGEST_MISMATCH');
  assert.equal(await target.resolve(manifest.descriptor.digest), undefined);
  assert.equal(await target.stat(layer.descriptor.digest), undefined);
});

test('the first failure is the one that is thrown, and nothing runs on', async () => {
  const { source } = await multiPlatform();
  let running = 0;
  const target = recordingStore({
    async putBlob(_content, options) {
      running++;
      try {
        if (running === 1) throw new OciError('DENIED', 'not here');
        await new Promise((resolve) => {
          options?.signal?.addEventListener('abort', resolve);
        });
        throw new OciError('ABORTED', 'ended');
      } finally {
        running--;
      }
    },
  });
  await rejects(copy(source, 'multi', target, { tags: ['multi'] }), 'DENIED');
  assert.equal(running, 0);
});

test("the caller's signal ends the copy", async () => {
  const { source } = await multiPlatform();
  const controller = new AbortController();
  const target = recordingStore({
    async putBlob(_content, options) {
      controller.abort();
      assert.equal(options?.signal?.aborted, true);
      throw new OciError('ABORTED', 'ended');
    },
  });
  await rejects(copy(source, 'multi', target, { tags: ['multi'], signal: controller.signal }), 'ABORTED');
  await rejects(copy(source, 'multi', createMemoryStore(), { signal: AbortSignal.abort() }), 'ABORTED');
});

test('CAP-M3: progress tells every byte of every blob, and how each got there', async () => {
  const source = createMemoryStore();
  const { manifest, layer } = await putImage(source, 'one', ['v1']);
  const activities: Activity[] = [];
  await copy(source, 'v1', createMemoryStore(), { tags: ['v1'], on: (activity) => activities.push(activity) });
  const ofLayer = activities.filter(
    (activity) => 'descriptor' in activity && activity.descriptor.digest === layer.descriptor.digest,
  );
  assert.deepEqual(
    ofLayer.map(({ type }) => type),
    ['start', 'progress', 'done'],
  );
  assert.deepEqual(ofLayer[1], { type: 'progress', descriptor: layer.descriptor, bytes: 12 });
  assert.deepEqual(activities.at(-1), { type: 'done', descriptor: manifest.descriptor, outcome: 'written' });
});

test('CAP-F8 WRITE-6: referrers come along when asked, those of each platform and of referrers included', async () => {
  const { source, root, images } = await multiPlatform();
  const attach = async (name: string, subject: string) => {
    const { descriptor } = await source.manifest(subject);
    return (await putImage(source, name, [], { subject: descriptor, artifactType: `application/x-${name}` })).manifest
      .descriptor;
  };
  const sbom = await attach('sbom', root);
  const signature = await attach('signature', sbom.digest);
  const report = await attach('report', images[1] ?? '');
  const without = createMemoryStore();
  await copy(source, 'multi', without, { tags: ['multi'] });
  assert.equal(await without.resolve(sbom.digest), undefined);

  const target = createMemoryStore();
  await copy(source, 'multi', target, { tags: ['multi'], referrers: true });
  for (const { digest } of [sbom, signature, report]) assert.equal((await target.resolve(digest))?.digest, digest);

  const some = createMemoryStore();
  await copy(source, 'multi', some, { referrers: ({ artifactType }) => artifactType === 'application/x-sbom' });
  assert.equal((await some.resolve(sbom.digest))?.digest, sbom.digest);
  assert.equal(await some.resolve(report.digest), undefined);
});

test('CAP-F10: layers that are kept elsewhere are left out unless asked', async () => {
  const source = createMemoryStore();
  const config = blob('{"os":"windows"}');
  const layer = blob('a base layer of windows', DOCKER_FOREIGN_LAYER);
  await source.putBlob(config);
  await source.putBlob(layer);
  const image = imageManifest(config, layer);
  await source.putManifest(image, { tags: ['v1'] });
  const without = createMemoryStore();
  await copy(source, 'v1', without, { tags: ['v1'] });
  assert.equal(await without.stat(layer.descriptor.digest), undefined);
  const target = createMemoryStore();
  await copy(source, 'v1', target, { tags: ['v1'], foreignLayers: true });
  assert.equal(await text(target.blob(layer.descriptor)), 'a base layer of windows');
  // That the image stands there does not mean that they do.
  await copy(source, 'v1', without, { tags: ['v1'], foreignLayers: true });
  assert.equal(await text(without.blob(layer.descriptor)), 'a base layer of windows');
});

test('indexes nested too deep are refused', async () => {
  const source = createMemoryStore();
  let { manifest } = await putImage(source, 'one', []);
  for (let depth = 0; depth < 10; depth++) {
    manifest = indexOf([manifest]);
    await source.putManifest(manifest, { tags: ['deep'] });
  }
  await rejects(copy(source, 'deep', createMemoryStore(), { tags: ['deep'] }), 'LIMIT');
});

test('an unknown reference is NOT_FOUND', async () => {
  await rejects(copy(createMemoryStore(), 'v1', createMemoryStore()), 'NOT_FOUND');
});

test('many blobs, few slots: a copy into a slow store ends', async () => {
  const source = createMemoryStore();
  const config = blob('{}');
  const layers = Array.from({ length: 40 }, (_, at) => blob(`layer ${at}`));
  for (const content of [config, ...layers]) await source.putBlob(content);
  const image = manifestFromDocument({
    schemaVersion: 2,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  });
  await source.putManifest(image, { tags: ['v1'] });
  const inner = createMemoryStore();
  const slow = recordingStore(
    {
      async putBlob(content, options) {
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        return inner.putBlob(
          contentOf(content.descriptor, () => content.open()),
          options,
        );
      },
    },
    inner,
  );
  await copy(source, 'v1', slow, { tags: ['v1'], concurrency: 1 });
  assert.equal((await inner.resolve('v1'))?.digest, image.descriptor.digest);
});
