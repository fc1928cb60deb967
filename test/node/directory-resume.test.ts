import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { blob, chunked, rejects } from '../../src/testing/samples.ts';
import { filesBelow, scratch } from '../support/layouts.ts';
import { damaged, watched } from '../support/watched-content.ts';

const bytes = new Uint8Array(300_000).map((_, at) => (at * 7919) >> 3);
const content = chunked(bytes, [10_000]);
const { digest } = content.descriptor;
const blobFile = `blobs/${digest.replace(':', '/')}`;
const partialFile = `.lading/blobs-${digest.replace(':', '-')}.partial`;

test('READ-23: a broken transfer is continued: only the missing bytes are asked for', async (t) => {
  const directory = await scratch(t);
  const cable = watched(content, 123_456);
  await assert.rejects(directoryStore(directory).putBlob(cable), /the cable was cut/);
  assert.equal((await stat(join(directory, partialFile))).size, 123_456);
  assert.equal(await directoryStore(directory).putBlob(cable), 'written');
  assert.deepEqual(cable.starts, [0, 123_456]);
  assert.deepEqual(await readFile(join(directory, blobFile)), Buffer.from(bytes));
  assert.deepEqual(await filesBelow(directory), [blobFile, 'index.json', 'oci-layout']);
});

test('a part whose continuation does not fit is dropped, and the blob is fetched from its beginning', async (t) => {
  const directory = await scratch(t);
  await mkdir(join(directory, '.lading'));
  await writeFile(join(directory, partialFile), new Uint8Array(1000));
  const source = watched(content);
  assert.equal(await directoryStore(directory).putBlob(source), 'written');
  assert.deepEqual(source.starts, [1000, 0]);
  assert.deepEqual(await readFile(join(directory, blobFile)), Buffer.from(bytes));
});

test('a source of wrong bytes leaves nothing, whether or not a part was there', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const wrong = damaged(content, 200_000);
  await rejects(store.putBlob(wrong), 'DIGEST_MISMATCH');
  assert.deepEqual(await filesBelow(directory), ['index.json', 'oci-layout']);
  await assert.rejects(store.putBlob(watched(content, 50_000)), /the cable was cut/);
  await rejects(store.putBlob(wrong), 'DIGEST_MISMATCH');
  assert.deepEqual(await filesBelow(directory), ['index.json', 'oci-layout']);
});

test('content that brings less than it says, and does not notice, is refused', async (t) => {
  const directory = await scratch(t);
  const careless = { ...content, open: () => content.open({ end: 1000 }) };
  await rejects(directoryStore(directory).putBlob(careless), 'SIZE_MISMATCH');
  assert.deepEqual(await filesBelow(directory), ['index.json', 'oci-layout']);
});

test('a part that is complete already gets its name without a byte being asked for', async (t) => {
  const directory = await scratch(t);
  await mkdir(join(directory, '.lading'));
  await writeFile(join(directory, partialFile), bytes);
  const source = watched(content);
  assert.equal(await directoryStore(directory).putBlob(source), 'written');
  assert.deepEqual(source.starts, []);
});

test('a part that is too long is begun anew', async (t) => {
  const directory = await scratch(t);
  await mkdir(join(directory, '.lading'));
  await writeFile(join(directory, partialFile), new Uint8Array(bytes.length + 1));
  const source = watched(content);
  assert.equal(await directoryStore(directory).putBlob(source), 'written');
  assert.deepEqual(source.starts, [0]);
});

test('READ-23: a blob that two want at once is fetched once, whichever store they have', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const sources = [watched(content), watched(content), watched(content)];
  const other = directoryStore(directory);
  const outcomes = await Promise.all(sources.map((source, at) => (at === 0 ? other : store).putBlob(source)));
  assert.equal(outcomes.filter((outcome) => outcome === 'written').length, 1);
  assert.equal(sources.flatMap(({ starts }) => starts).length, 1);
  assert.deepEqual(await readFile(join(directory, blobFile)), Buffer.from(bytes));
});

test('who waits for another writer of the same blob can be called off', async (t) => {
  const store = directoryStore(await scratch(t));
  const gate = new AbortController();
  const opened = new AbortController();
  const first = store.putBlob({
    ...content,
    async *open(options) {
      opened.abort();
      await once(gate.signal, 'abort');
      yield* content.open(options);
    },
  });
  await once(opened.signal, 'abort');
  const controller = new AbortController();
  const second = store.putBlob(content, { signal: controller.signal });
  setImmediate(() => controller.abort());
  await rejects(second, 'ABORTED');
  gate.abort();
  assert.equal(await first, 'written');
});

test('READ-23: a blob of the wrong size on the disk is written anew', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  await store.putBlob(content);
  await writeFile(join(directory, blobFile), 'cut off by a power failure');
  await rejects(drained(store.blob(content.descriptor).open()), 'SIZE_MISMATCH');
  assert.equal(await store.putBlob(content), 'written');
  assert.deepEqual(await readFile(join(directory, blobFile)), Buffer.from(bytes));
});

test('a blob whose bytes were changed on the disk is found out by whoever reads it', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  await store.putBlob(content);
  await writeFile(
    join(directory, blobFile),
    bytes.map((byte, at) => (at === 150_000 ? byte ^ 1 : byte)),
  );
  await rejects(drained(store.blob(content.descriptor).open()), 'DIGEST_MISMATCH');
  await writeFile(join(directory, blobFile), Buffer.concat([bytes, Buffer.from('!')]));
  await rejects(drained(store.blob(content.descriptor).open()), 'SIZE_MISMATCH');
});

test('sha512 names a blob as well as sha256', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const hex = createHash('sha512').update(bytes).digest('hex');
  const descriptor = { ...content.descriptor, digest: `sha512:${hex}` as const };
  const source = watched({ descriptor, open: (options) => content.open({ ...options, prefix: undefined }) }, 1000);
  await assert.rejects(store.putBlob(source), /the cable was cut/);
  assert.equal(await store.putBlob(source), 'written');
  assert.deepEqual(await readFile(join(directory, 'blobs/sha512', hex)), Buffer.from(bytes));
});

test('what is put is readable by all, as the umask says, and nothing of ours stays', async (t) => {
  const directory = join(await scratch(t), 'layout');
  await directoryStore(directory).putBlob(blob('some bytes'));
  const umask = process.umask();
  for (const path of await filesBelow(directory)) {
    assert.equal((await stat(join(directory, path))).mode & 0o777, 0o666 & ~umask, path);
  }
  assert.deepEqual((await readdir(directory)).sort(), ['blobs', 'index.json', 'oci-layout']);
});

async function drained(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of chunks);
}
