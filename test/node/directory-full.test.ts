import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { freeBytes } from '../../src/node/directory/free-space.ts';
import { createTarLayout } from '../../src/node/tar/tar-file.ts';
import { spoolToDisk } from '../../src/node/files/spool.ts';
import type { Content } from '../../src/store/types.ts';
import { chunked, putImage, rejects } from '../../src/testing/samples.ts';
import { filesBelow, scratch } from '../support/layouts.ts';
import { fillingDisk, MEBIBYTE, small, smallDisk } from '../support/small-disk.ts';
import { watched } from '../support/watched-content.ts';

const ofSize = (size: number): Content =>
  chunked(
    new Uint8Array(size).map((_, at) => at * 7),
    [300_000],
  );

test('a blob for which there is no room is refused before a byte is asked for', small, async (t) => {
  const directory = await smallDisk(t);
  const store = directoryStore(join(directory, 'layout'));
  const source = watched(ofSize(20 * MEBIBYTE));
  await assert.rejects(store.putBlob(source), { code: 'DISK_FULL', message: /it needs 20971520 bytes, \d+ are free/ });
  assert.deepEqual(source.starts, []);
  assert.deepEqual(await filesBelow(directory), ['layout/index.json', 'layout/oci-layout']);
});

test('when the disk fills up on the way, the part is gone, and what was there is as it was', small, async (t) => {
  const directory = await smallDisk(t);
  const store = directoryStore(join(directory, 'layout'));
  const { manifest } = await putImage(store, 'one', ['v1']);
  const before = await filesBelow(join(directory, 'layout'));
  const content = ofSize(5 * MEBIBYTE);
  await rejects(store.putBlob(fillingDisk(content, directory)), 'DISK_FULL');
  assert.deepEqual(await filesBelow(join(directory, 'layout')), before);
  assert.deepEqual((await store.manifest('v1')).descriptor, manifest.descriptor);
  await rm(join(directory, 'filler'));
  assert.equal(await store.putBlob(content), 'written');
});

test('an upload that finds the disk full keeps what it has, and goes on when there is room', small, async (t) => {
  const directory = await smallDisk(t);
  const store = directoryStore(join(directory, 'layout'));
  const content = ofSize(5 * MEBIBYTE);
  const ingest = await store.ingest();
  await rejects(ingest.append(fillingDisk(content, directory).open()), 'DISK_FULL');
  assert.ok(ingest.size > 0 && ingest.size <= 2 * MEBIBYTE, `${ingest.size} bytes`);
  await rm(join(directory, 'filler'));
  await ingest.append(content.open({ start: ingest.size }));
  assert.equal((await ingest.commit(content.descriptor.digest)).size, 5 * MEBIBYTE);
});

test('an index.json that finds no room is not cut', small, async (t) => {
  const directory = await smallDisk(t);
  const store = directoryStore(join(directory, 'layout'));
  const { manifest } = await putImage(store, 'one', ['v1']);
  await assert.rejects(writeFile(join(directory, 'filler'), new Uint8Array(9 * MEBIBYTE)), { code: 'ENOSPC' });
  await rejects(store.putManifest(manifest, { tags: ['v2'] }), 'DISK_FULL');
  await rm(join(directory, 'filler'));
  assert.equal(await store.resolve('v2'), undefined);
  await store.putManifest(manifest, { tags: ['v2'] });
  assert.ok(await store.resolve('v2'));
});

test('an archive on a full disk fails as such, and goes with the next blob when there is room', small, async (t) => {
  const directory = await smallDisk(t);
  const { target, commit } = await createTarLayout(join(directory, 'image.tar'));
  const content = ofSize(5 * MEBIBYTE);
  await rejects(target.putBlob(fillingDisk(content, directory)), 'DISK_FULL');
  await rm(join(directory, 'filler'));
  await target.putBlob(content);
  await commit();
  assert.deepEqual(await filesBelow(directory), ['image.tar']);
});

test('a stream that does not fit into the spool is DISK_FULL, and leaves nothing', small, async (t) => {
  const directory = await smallDisk(t);
  await rejects(spoolToDisk(directory)(ofSize(9 * MEBIBYTE).open()), 'DISK_FULL');
  assert.deepEqual(await filesBelow(directory), []);
  assert.ok(((await freeBytes(directory)) ?? 0) > 7 * MEBIBYTE);
});

test('free space is known of directories that are not there yet', async (t) => {
  const directory = await scratch(t);
  assert.equal(typeof (await freeBytes(join(directory, 'not', 'yet'))), 'number');
});
