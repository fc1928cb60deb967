import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listTags } from '../../src/cli/tags/list.ts';
import { OciError } from '../../src/errors.ts';
import { collect } from '../../src/graph/collect.ts';
import { OCI_CONFIG } from '../../src/model/media-types.ts';
import { contentFrom } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/types.ts';
import { putImage } from '../../src/testing/fixtures.ts';
import { blob, imageManifest } from '../../src/testing/samples.ts';
import { rejection } from '../support/failure.ts';

const created = ['2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z'] as const;

async function filled(): Promise<Store> {
  const store = createMemoryStore();
  for (const [at, time] of created.entries())
    await putImage(store, { layers: [], config: { created: time }, tags: [`v${at}`] });
  return store;
}

test('a tag that cannot be read comes last where the newest come first, and keeps no other from being told', async () => {
  const store = await filled();
  const config = contentFrom(new TextEncoder().encode('{"created":1}'), OCI_CONFIG);
  await store.putBlob(config);
  const layer = blob('a layer');
  await store.putBlob(layer);
  await store.putManifest(imageManifest(config, layer), { tags: ['damaged'] });
  const retired: Store = {
    ...store,
    async *tags() {
      yield* ['gone', 'old', 'damaged', 'v0', 'v1'];
    },
    async resolve(reference, options) {
      return reference === 'old' ? layer.descriptor : store.resolve(reference, options);
    },
    async manifest(reference, options) {
      if (reference === 'old') throw new OciError('VERSION_UNSUPPORTED', 'schema 1');
      return store.manifest(reference, options);
    },
  };
  assert.deepEqual(await collect(listTags(retired, { sort: 'created' })), [
    { tag: 'v1', created: created[1] },
    { tag: 'v0', created: created[0] },
    ...['damaged', 'old'].map((tag) => ({ tag, created: undefined })),
  ]);
});

test('what is about the registry ends the list', async () => {
  const store = await filled();
  const manifest: Store['manifest'] = async () => {
    throw new OciError('DENIED', 'no');
  };
  await rejection('DENIED', collect(listTags({ ...store, manifest }, { sort: 'created' })));
});
