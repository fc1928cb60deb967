/** A disk that fills up while a thread writes a large blob to it: the error of any full disk, no blob, and the next attempt has it. */
import assert from 'node:assert/strict';
import { statfsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { directoryStore } from '../../../src/node/directory/directory.ts';
import { contentFrom } from '../../../src/store/content.ts';
import type { Content, Target } from '../../../src/store/types.ts';
import { rejection } from '../../support/failure.ts';
import { largeBlob, pullWorld, sendBlob, sendPart, watchedPour } from '../../support/large-blobs.ts';
import { filesBelow, scratch } from '../../support/layouts.ts';
import { fillDisk, MEBIBYTE, small, smallDisk } from '../../support/small-disk.ts';
import { until } from '../../support/until.ts';

const blob = largeBlob('no room for it');
const size = blob.bytes.length;
const left = 2 * MEBIBYTE;
const withDisk = { ...small, timeout: 60_000 };

interface Disk {
  readonly path: string;
  readonly store: Target;
  /** Bytes. */
  free(): number;
  /** The files of the layout. */
  files(): Promise<string[]>;
  /** Puts the blob in, which does not fit. */
  fails(content: Content): Promise<void>;
  /** Makes room, and puts the blob in. */
  succeeds(content: Content): Promise<void>;
}

async function smallLayout(t: TestContext): Promise<Disk> {
  const path = await smallDisk(t);
  const layout = join(path, 'layout');
  const store = directoryStore(layout);
  return {
    path,
    store,
    free: () => statfsSync(path).bavail * statfsSync(path).bsize,
    files: () => filesBelow(layout),
    async fails(content) {
      const { message, hint } = await rejection('DISK_FULL', store.putBlob(content));
      assert.match(`${message} ${hint}`, /^cannot write \S+\/\.lading\S+: .*free some space/);
      assert.equal(await store.stat(blob.descriptor.digest), undefined);
      assert.deepEqual(await filesBelow(layout), ['index.json', 'oci-layout']);
    },
    async succeeds(content) {
      await rm(join(path, 'filler'));
      assert.equal(await store.putBlob(content), 'written');
      const chunks: Uint8Array[] = [];
      for await (const chunk of store.blob(blob.descriptor).open()) chunks.push(chunk);
      assert.ok(Buffer.concat(chunks).equals(blob.bytes));
    },
  };
}

test(
  'a blob of a registry: DISK_FULL, nothing is left of it, and with room it comes as a whole',
  withDisk,
  async (t) => {
    const disk = await smallLayout(t);
    const fills = [fillDisk];
    const world = await pullWorld(t, (request, response) => {
      const filled = fills.pop()?.(disk.path, left) ?? Promise.resolve();
      void filled.then(() => sendBlob(request, response, blob.bytes));
    });
    const content = world.repository.blob(blob.descriptor);
    await disk.fails(content);
    assert.equal(world.gets().length, 1, 'a full disk is no reason to ask again');
    await disk.succeeds(content);
    assert.deepEqual(
      world.gets().map(({ headers }) => headers.range),
      [undefined, undefined],
    );
    assert.deepEqual(world.here, [], 'this thread has sent requests, too');
  },
);

test('a disk that fills up where a broken download is gone on with is no reason to ask again', withDisk, async (t) => {
  const disk = await smallLayout(t);
  let count = 0;
  const world = await pullWorld(t, (request, response) => {
    if (++count === 1) return sendPart(request, response, blob.bytes, MEBIBYTE);
    void fillDisk(disk.path, left).then(() => sendBlob(request, response, blob.bytes));
  });
  await disk.fails(world.repository.blob(blob.descriptor));
  assert.deepEqual(
    world.gets().map(({ headers }) => headers.range),
    [undefined, `bytes=${MEBIBYTE}-`],
  );
  assert.deepEqual(world.here, []);
});

test('a blob of another layout: the same', withDisk, async (t) => {
  const disk = await smallLayout(t);
  const source = directoryStore(join(await scratch(t), 'source'));
  await source.putBlob(contentFrom(blob.bytes));
  const told: number[] = [];
  const content = watchedPour(source.blob(blob.descriptor), (bytes) => told.push(bytes));
  const { pour } = content;
  assert.ok(pour !== undefined);
  const filling: Content = {
    ...content,
    async pour(...args) {
      await fillDisk(disk.path, left);
      return pour(...args);
    },
  };
  await disk.fails(filling);
  assert.ok((told.at(-1) ?? 0) > 0 && (told.at(-1) ?? 0) < size, `a thread has moved ${told.at(-1)} bytes`);
  await disk.succeeds(content);
  assert.equal(told.at(-1), size);
});

test('what an interrupted download left is gone on with when the disk has room for the rest', withDisk, async (t) => {
  const disk = await smallLayout(t);
  const stop = new AbortController();
  let count = 0;
  const world = await pullWorld(t, (request, response) => {
    if (++count > 1) return sendBlob(request, response, blob.bytes);
    sendPart(request, response, blob.bytes, 3 * MEBIBYTE, 'stalls');
  });
  const content = world.repository.blob(blob.descriptor);
  const before = disk.free();
  const ended = rejection('ABORTED', disk.store.putBlob(content, { signal: stop.signal }));
  await until(() => disk.free() < before - MEBIBYTE, 'the first of it is on the disk');
  stop.abort();
  await ended;
  await fillDisk(disk.path, MEBIBYTE);
  await rejection('DISK_FULL', disk.store.putBlob(content));
  assert.equal(world.gets().length, 1, 'nothing is asked for that has no room');
  assert.equal((await disk.files()).filter((file) => file.includes('.lading')).length, 1, 'the part is kept');
  await disk.succeeds(content);
  const [, rest, ...more] = world.gets();
  assert.match(rest?.headers.range ?? '', /^bytes=[1-9]\d+-$/);
  assert.equal(more.length, 0);
});
