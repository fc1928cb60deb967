import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromArray } from '../../src/bytes/read.ts';
import { OCI_INDEX } from '../../src/model/media-types.ts';
import { manifestFrom } from '../../src/store/content.ts';
import { createMemoryRegistry, createMemoryStore } from '../../src/store/memory.ts';
import { all, blob, putImage, text } from '../../src/testing/samples.ts';
import { testStore } from '../../src/testing/store-contract.ts';

testStore('memory', async () => ({ store: createMemoryStore(), close: async () => {} }));

test('a blob is mounted from another repository of the same registry', async () => {
  const registry = createMemoryRegistry();
  const content = blob('some bytes');
  await registry.repository('one').putBlob(content);
  const two = registry.repository('two');
  assert.equal(await two.putBlob(registry.repository('one').blob(content.descriptor)), 'mounted');
  assert.equal(await text(two.blob(content.descriptor)), 'some bytes');
});

test('a blob of another registry is written', async () => {
  const content = blob('some bytes');
  const elsewhere = createMemoryRegistry().repository('one');
  await elsewhere.putBlob(content);
  assert.equal(await createMemoryRegistry().repository('one').putBlob(elsewhere.blob(content.descriptor)), 'written');
});

test('repositories without content are not listed', async () => {
  const registry = createMemoryRegistry();
  registry.repository('empty');
  await putImage(registry.repository('b/two'), 'two', ['v1']);
  await putImage(registry.repository('a/one'), 'one', ['v1']);
  assert.deepEqual(await all(registry.repositories()), ['a/one', 'b/two']);
  assert.deepEqual(await all(registry.repositories({ last: 'a/one' })), ['b/two']);
});

test('asking for repositories that are not there keeps nothing of them', async () => {
  const registry = createMemoryRegistry();
  const [one, again] = [registry.repository('one'), registry.repository('one')];
  assert.equal(await one.resolve('v1'), undefined);
  await putImage(again, 'one', ['v1']);
  assert.ok(await one.resolve('v1'));
});

test('what is kept is a copy: whoever gave the bytes may do with them as he likes', async () => {
  const registry = createMemoryRegistry();
  const repository = registry.repository('one');
  const given = { put: Buffer.from('some bytes'), ingested: Buffer.from('more bytes') };
  const [put, ingested] = [blob('some bytes').descriptor, blob('more bytes').descriptor];
  await repository.putBlob({ descriptor: put, open: () => fromArray(given.put) });
  const ingest = await repository.ingest();
  await ingest.append(fromArray(given.ingested));
  await ingest.commit(ingested.digest);
  const manifest = manifestFrom(Buffer.from('{"schemaVersion":2,"manifests":[]}'), OCI_INDEX);
  const bytes = Buffer.from(manifest.bytes);
  await repository.putManifest({ ...manifest, bytes });
  for (const buffer of [given.put, given.ingested, bytes]) buffer.fill(0);
  assert.equal(await text(repository.blob(put)), 'some bytes');
  assert.equal(await text(repository.blob(ingested)), 'more bytes');
  assert.deepEqual((await repository.manifest(manifest.descriptor)).document, manifest.document);
  assert.equal(Buffer.from((await repository.manifest(manifest.descriptor)).bytes)[0], 0x7b);
});
