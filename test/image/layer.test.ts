import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isOciError } from '../../src/errors.ts';
import { gzip } from '../../src/bytes/compress.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import { TAR_END } from '../../src/bytes/tar.ts';
import { layerFrom, layerType } from '../../src/image/layer/layer.ts';
import type { Activity } from '../../src/model/call.ts';
import * as types from '../../src/model/media-types.ts';
import { contentFrom, contentOf } from '../../src/store/content.ts';
import type { Content } from '../../src/store/types.ts';
import { buildLayer, seededBytes } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { diffIdOf } from '../support/image-view.ts';
import { storedZstd } from '../support/stored-zstd.ts';
import { damaged } from '../support/watched-content.ts';

const files = { 'mydata/': '', 'mydata/hello': 'hello', 'mydata/random': seededBytes(700_000, 'layer') };
const zipped = async (bytes: Uint8Array): Promise<Content> =>
  contentFrom(await readAll(gzip(fromArray(bytes)), 1 << 20, 'gzip'));

describe('a layer', () => {
  for (const compression of ['gzip', 'none'] as const) {
    test(`is known by its first bytes, whatever its media type says, and has the digest of its archive (${compression})`, async () => {
      const built = await buildLayer({ files, compression });
      const content = {
        ...built.content,
        descriptor: { ...built.content.descriptor, mediaType: types.OCI_LAYER_ZSTD },
      };
      const layer = await layerFrom(content);
      assert.equal(layer.compression, compression);
      assert.equal(layer.diffId, built.diffId);
      assert.equal(layer.diffId, await diffIdOf(built.content));
      assert.equal(layer.content, content);
    });
  }

  test('may be compressed with zstd', async () => {
    const { content, diffId } = await buildLayer({ files, compression: 'none' });
    const packed = storedZstd(await readAll(content.open(), 1 << 20, 'layer'));
    const layer = await layerFrom(contentFrom(packed));
    assert.equal(layer.compression, 'zstd');
    assert.equal(layer.diffId, diffId);
  });

  test('is listed by sha256, even where the archive itself is named by another digest', async () => {
    const { content, diffId } = await buildLayer({ files, compression: 'none' });
    const bytes = await readAll(content.open(), 1 << 20, 'layer');
    const descriptor = { ...content.descriptor, digest: digestOf(bytes, 'sha512') };
    const named = contentOf(descriptor, (start, end) => fromArray(bytes.subarray(start, end)));
    assert.equal((await layerFrom(named)).diffId, diffId);
  });

  test('may be an archive of nothing, but not nothing', async () => {
    assert.equal((await layerFrom(contentFrom(TAR_END))).diffId, digestOf(TAR_END));
    for (const empty of [contentFrom(new Uint8Array(0)), await zipped(new Uint8Array(0))]) {
      assert.match((await rejection('LAYOUT_INVALID', layerFrom(empty))).message, /is no layer: it is empty/);
    }
  });

  test('is a tar archive, or refused by its name', async () => {
    const text = new TextEncoder().encode('just a text that somebody took for a layer\n'.repeat(100));
    for (const content of [contentFrom(text), await zipped(text), contentFrom(text.subarray(0, 40))]) {
      const error = await rejection('LAYOUT_INVALID', layerFrom(content, { name: 'notes.txt' }));
      assert.match(error.message, /^notes\.txt is no layer: /);
      assert.match(error.hint ?? '', /tar/);
      assert.match(
        (await rejection('LAYOUT_INVALID', layerFrom(content))).message,
        new RegExp(content.descriptor.digest),
      );
    }
  });

  test('that was cut short is none, however it is compressed; what stands behind its end belongs to it', async () => {
    const { content } = await buildLayer({ files, compression: 'none' });
    const bytes = await readAll(content.open(), 1 << 20, 'layer');
    for (const cut of [bytes.subarray(0, 512 * 5 + 7), bytes.subarray(0, 300_000)]) {
      for (const short of [contentFrom(cut), await zipped(cut)]) await rejection('LAYOUT_INVALID', layerFrom(short));
    }
    const longer = new Uint8Array([...bytes, ...new Uint8Array(20_480)]);
    assert.equal((await layerFrom(await zipped(longer))).diffId, digestOf(longer));
  });

  test('that is damaged further on is found out', async () => {
    const { content } = await buildLayer({ files });
    const half = await readAll(content.open({ start: 0, end: 300_000 }), 1 << 20, 'half');
    await rejection('LAYOUT_INVALID', layerFrom(contentFrom(half)));
    const failure: unknown = await layerFrom(damaged(content, content.descriptor.size - 20)).catch(
      (error: unknown) => error,
    );
    assert.ok(isOciError(failure, 'LAYOUT_INVALID', 'DIGEST_MISMATCH'));
  });

  test('is unpacked as far as is sane', async () => {
    const bomb = await zipped(new Uint8Array(1 << 20));
    assert.equal((await layerFrom(bomb)).diffId, digestOf(new Uint8Array(1 << 20)));
    await rejection('ABORTED', layerFrom(bomb, { signal: AbortSignal.abort() }));
  });

  test('tells how far its reading is', async () => {
    const { content } = await buildLayer({ files });
    const told: Activity[] = [];
    await layerFrom(content, { on: (activity) => void told.push(activity) });
    assert.equal(told[0]?.type, 'start');
    assert.deepEqual(told.at(-1), { type: 'done', descriptor: content.descriptor, outcome: 'exists' });
    const last = told.findLast((activity) => activity.type === 'progress');
    assert.equal(last?.type === 'progress' && last.bytes, content.descriptor.size);
  });
});

test('the media types of layers are those of a family', () => {
  assert.equal(layerType('oci', 'none'), types.OCI_LAYER);
  assert.equal(layerType('oci', 'gzip'), types.OCI_LAYER_GZIP);
  assert.equal(layerType('oci', 'zstd'), types.OCI_LAYER_ZSTD);
  assert.equal(layerType('docker', 'none'), types.DOCKER_LAYER);
  assert.equal(layerType('docker', 'gzip'), types.DOCKER_LAYER_GZIP);
  assert.equal(layerType('docker', 'zstd'), undefined);
});
