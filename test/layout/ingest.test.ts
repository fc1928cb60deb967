import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { concat, fromArray } from '../../src/bytes/read.ts';
import type { Bytes } from '../../src/model/call.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { blob, rejects, text } from '../../src/testing/samples.ts';
import { filesBelow, scratch } from '../support/layouts.ts';

const encode = (value: string): Uint8Array => new TextEncoder().encode(value);
const bytesOf = (value: string): Bytes => fromArray(encode(value));
const { descriptor } = blob('hello, world');

test('bytes that come in parts become a blob', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const ingest = await store.ingest();
  assert.equal(ingest.size, 0);
  await ingest.append(bytesOf('hello, '));
  assert.equal(ingest.size, 7);
  await ingest.append(bytesOf('world'));
  assert.deepEqual(await ingest.commit(descriptor.digest), {
    mediaType: 'application/octet-stream',
    digest: descriptor.digest,
    size: 12,
  });
  assert.equal(await text(store.blob(descriptor)), 'hello, world');
  assert.deepEqual((await readdir(directory)).sort(), ['blobs', 'index.json', 'oci-layout']);
  assert.equal(await store.resumeIngest(ingest.id), undefined);
});

test('another process goes on where one has stopped', async (t) => {
  const directory = await scratch(t);
  const ingest = await directoryStore(directory).ingest();
  await ingest.append(bytesOf('hello, '));
  const other = directoryStore(directory);
  const resumed = await other.resumeIngest(ingest.id);
  assert.equal(resumed?.size, 7);
  await resumed?.append(bytesOf('wor'));
  const again = await directoryStore(directory).resumeIngest(ingest.id);
  await again?.append(bytesOf('ld'));
  await resumed?.commit(descriptor.digest);
  assert.equal(await text(other.blob(descriptor)), 'hello, world');
});

test('a wrong digest is refused, and the upload is still open', async (t) => {
  const store = directoryStore(await scratch(t));
  const ingest = await store.ingest();
  await ingest.append(bytesOf('hello, '));
  await rejects(ingest.commit(descriptor.digest), 'DIGEST_MISMATCH');
  await rejects(ingest.commit(`sha512:${'a'.repeat(128)}`), 'DIGEST_MISMATCH');
  await ingest.append(bytesOf('world'));
  await ingest.commit(descriptor.digest);
  assert.equal((await store.stat(descriptor.digest))?.size, 12);
});

test('an upload may be committed under sha512', async (t) => {
  const store = directoryStore(await scratch(t));
  const ingest = await store.ingest();
  await ingest.append(bytesOf('hello, world'));
  const digest = digestOf(encode('hello, world'), 'sha512');
  await ingest.commit(digest);
  assert.equal((await store.stat(digest))?.size, 12);
});

test('when a stream breaks off, what had come stays, and the next stream continues', async (t) => {
  const store = directoryStore(await scratch(t));
  const ingest = await store.ingest();
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield encode('hel');
    yield encode('lo, ');
    throw new Error('the cable was cut');
  };
  await assert.rejects(ingest.append(broken()), /the cable was cut/);
  assert.equal(ingest.size, 7);
  await ingest.append(bytesOf('world'));
  await ingest.commit(descriptor.digest);
  assert.equal(await text(store.blob(descriptor)), 'hello, world');
});

test('an aborted upload leaves nothing', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const ingest = await store.ingest();
  await ingest.append(bytesOf('hello'));
  await ingest.abort();
  assert.equal(await store.resumeIngest(ingest.id), undefined);
  await rejects(ingest.append(bytesOf('more')), 'UPLOAD_INVALID');
  assert.deepEqual(await filesBelow(directory), ['index.json', 'oci-layout']);
});

test('an upload of a blob that is there already leaves only the blob', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  await store.putBlob(blob('hello, world'));
  const ingest = await store.ingest();
  await ingest.append(bytesOf('hello, world'));
  assert.equal((await ingest.commit(descriptor.digest)).size, 12);
  assert.equal((await filesBelow(directory)).length, 3);
});

test('large uploads in large parts are kept whole', async (t) => {
  const store = directoryStore(await scratch(t));
  const parts = [1, 2, 3].map((value) => new Uint8Array(1_500_001).fill(value));
  const ingest = await store.ingest();
  for (const part of parts) await ingest.append(fromArray(part));
  const digest = digestOf(concat(parts));
  assert.equal((await ingest.commit(digest)).size, 3 * 1_500_001);
});

test('an id is no path', async (t) => {
  const directory = join(await scratch(t), 'layout');
  const store = directoryStore(directory);
  await store.putBlob(blob('x'));
  await mkdir(join(directory, '.lading'));
  await writeFile(join(directory, '.lading', 'lock.upload'), 'x');
  await writeFile(join(directory, '..', 'outside.upload'), 'x');
  for (const id of ['../outside', '../../outside', 'lock', '', '..', `${crypto.randomUUID()}/..`]) {
    assert.equal(await store.resumeIngest(id), undefined, id);
  }
});

test('an empty upload is an empty blob', async (t) => {
  const store = directoryStore(await scratch(t));
  const ingest = await store.ingest();
  await (await store.resumeIngest(ingest.id))?.commit(blob('').descriptor.digest);
  assert.equal((await store.stat(blob('').descriptor.digest))?.size, 0);
});
