import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { overlay } from '../../src/store/overlay.ts';
import { all, blob, imageManifest, putImage, text } from '../../src/testing/samples.ts';

test('a changed image is published by copying its overlay', async () => {
  const base = createMemoryStore();
  const { layer } = await putImage(base, 'one', ['v1']);
  const config = blob('{"os":"linux","architecture":"amd64","changed":true}');
  const changed = imageManifest(config, layer);
  const source = overlay(base, { blobs: [config], tags: { v2: changed } });

  const target = createMemoryStore();
  const { digest } = await copy(source, 'v2', target, { tags: ['v2'] });

  assert.equal(digest, changed.descriptor.digest);
  assert.equal(await text(target.blob(layer.descriptor)), 'layer of one');
  assert.equal(await text(target.blob(config.descriptor)), await text(config));
  assert.deepEqual(await all(source.tags()), ['v1', 'v2']);
  assert.equal(await base.resolve('v2'), undefined);
});

test('what is not added is answered by the base', async () => {
  const base = createMemoryStore();
  const { manifest, layer } = await putImage(base, 'one', ['v1']);
  const attached = await putImage(base, 'sbom', [], {
    subject: manifest.descriptor,
    artifactType: 'application/x-sbom',
  });
  const source = overlay(base, {});
  assert.deepEqual(await source.resolve('v1'), manifest.descriptor);
  assert.equal((await source.stat(layer.descriptor.digest))?.size, 12);
  const [referrer] = await all(source.referrers(manifest.descriptor));
  assert.equal(referrer?.digest, attached.manifest.descriptor.digest);
});
