import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { validate } from '../../src/graph/validate.ts';
import { append } from '../../src/image/change/append.ts';
import { layerFrom } from '../../src/image/layer/layer.ts';
import { mutate } from '../../src/image/change/mutate.ts';
import { scratch } from '../../src/image/change/scratch.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { buildLayer } from '../../src/testing/fixtures.ts';
import { filesIn, viewImage, viewIndex } from '../support/image-view.ts';
import { platform } from '../support/images-to-change.ts';

for (const family of ['oci', 'docker'] as const) {
  test(`CAP-G14: an image is made of nothing, for a platform (${family})`, async () => {
    const empty = scratch({ family, platforms: [platform('arm', 'v6')] });
    const { document, config, manifest } = await viewImage(empty.source, empty.root);
    assert.match(manifest.descriptor.mediaType, family === 'oci' ? /oci/ : /docker/);
    assert.deepEqual(document.layers, []);
    assert.deepEqual(config, { ...platform('arm', 'v6'), rootfs: { type: 'layers', diff_ids: [] } });
    assert.equal(scratch({ family, platforms: [platform('arm', 'v6')] }).root.digest, empty.root.digest);
    const layer = await layerFrom((await buildLayer({ files: { app: 'hello' } }, family)).content);
    const filled = await append(empty.source, empty.root, [layer]);
    const { source, root } = await mutate(filled.source, filled.root, { entrypoint: ['/app'] });
    const target = createMemoryStore();
    await copy(source, root, target, { tags: ['1'] });
    assert.deepEqual((await validate(target, '1')).problems, []);
    const image = await viewImage(target, '1');
    assert.deepEqual(image.config.config, { Entrypoint: ['/app'] });
    assert.deepEqual(await filesIn(target.blob(image.document.layers[0] ?? assert.fail())), { app: 'hello' });
  });

  test(`CAP-G14: or for several, in an index (${family})`, async () => {
    const platforms = [platform('amd64'), platform('arm64')];
    const { source, root } = scratch({ family, platforms });
    const target = createMemoryStore();
    await copy(source, root, target);
    assert.deepEqual((await validate(target, root)).problems, []);
    const { manifests } = await viewIndex(target, root);
    assert.deepEqual(
      manifests.map((entry) => entry.platform),
      platforms,
    );
  });
}

test('CAP-G14: it is for linux/amd64 unless told', async () => {
  const { source, root } = scratch();
  assert.equal((await viewImage(source, root)).config.architecture, 'amd64');
});
