import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { decompress } from '../../../../src/bytes/decompress.ts';
import { fromArray, readAll } from '../../../../src/bytes/read.ts';
import { readTar, TAR_END } from '../../../../src/bytes/tar.ts';
import type { LayerEntry } from '../../../../src/image/files/layer-entries.ts';
import { tocLayer } from '../../../../src/image/toc/toc-layer.ts';
import type { WrittenLayer } from '../../../../src/image/toc/write/layer-writer.ts';
import { writeZstdChunked } from '../../../../src/image/toc/write/zstd-chunked.ts';
import { readZstdChunked } from '../../../../src/image/toc/zstd-chunked.ts';
import { contentFrom } from '../../../../src/store/content.ts';
import { rejection } from '../../../support/failure.ts';
import { inPieces, lazyTar, uniqueTar, type Written, writtenBy } from '../../../support/lazy-archive.ts';
import { file, tarOf } from '../../../support/layered.ts';
import { newerNode, NO_NEWER_NODE } from '../../../support/newer-node.ts';
import { rawEntry, rawTar } from '../../../support/raw-tar.ts';
import { sha256 } from '../../../support/toc-entries.ts';
import { assertZstdChunked } from '../../../support/zstd-chunked-format.ts';

const CHUNK = 3000;
const LIMIT = 1 << 26;
const writesZstd = 'createZstdCompress' in zlib;

const write = (tar: Uint8Array, chunkSize: number = CHUNK): Promise<Written<WrittenLayer>> =>
  writtenBy(writeZstdChunked(fromArray(tar), { chunkSize }));

describe('CAP-G15: a zstd:chunked layer that is written', { skip: !writesZstd && 'a newer Node.js runs these' }, () => {
  test('is what the format is, frame by frame and field by field, and unpacks to its very archive', async () => {
    const tar = await uniqueTar(CHUNK);
    const { bytes, result } = await write(tar);
    const layer = await assertZstdChunked(bytes, result.annotations);
    assert.ok(layer.document.tarSplitDigest !== undefined);
    assert.equal(sha256(layer.tar), sha256(tar));
    assert.equal(result.diffId, sha256(tar));
    assert.equal(sha256(await readAll(decompress(fromArray(bytes)), LIMIT, 'archive')), sha256(tar));
    const chunks = layer.files.find(({ entry }) => entry.name === `sizes/${3 * CHUNK + 77}`)?.chunks;
    assert.equal(chunks?.length, 4);
  });

  test('has no tar-split where a name stands twice, which that has no place for', async () => {
    const { bytes, result } = await write(await lazyTar(CHUNK));
    const { document } = await assertZstdChunked(bytes, result.annotations);
    assert.equal(document.tarSplitDigest, undefined);
    assert.equal(Object.keys(result.annotations).length, 2);
  });

  test('tells modes, and times of access and change, as the header does: tools compare them', async () => {
    const gnu = new Uint8Array(await rawEntry(file('gnu', ''), { mode: '0100644\0' }));
    const text = (at: number, value: string): void => gnu.set(new TextEncoder().encode(value), at);
    text(257, 'ustar  \0');
    text(345, `${(1_600_000_001).toString(8)}\0`);
    text(148, '        ');
    const sum = gnu.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    text(148, `${sum.toString(8).padStart(6, '0')}\0 `);
    const pax = file('pax', '', { pax: { atime: '1600000000.25', ctime: '1600000001' } });
    const { bytes, result } = await write(await rawTar(gnu, pax, TAR_END));
    const { files } = await assertZstdChunked(bytes, result.annotations);
    const [first, second] = files.map(({ entry }) => entry);
    assert.deepEqual(
      [first?.mode, first?.accesstime, first?.changetime],
      [0o100644, '2020-09-13T12:26:41Z', undefined],
    );
    assert.deepEqual(
      [second?.mode, second?.accesstime, second?.changetime],
      [0o644, '2020-09-13T12:26:40.25Z', '2020-09-13T12:26:41Z'],
    );
  });

  test('is read by ranges, each file proven by its digests', async () => {
    const tar = await lazyTar(CHUNK);
    const { bytes, result } = await write(tar);
    const content = contentFrom(bytes, undefined, { annotations: result.annotations });
    const toc = await readZstdChunked(content, {}, {});
    assert.ok(toc !== undefined);
    const reader = tocLayer(content, toc);
    let at = 0;
    for await (const { name, mode, mtime, body } of readTar(fromArray(tar))) {
      const entry: LayerEntry = toc.entries[at++] ?? assert.fail();
      assert.deepEqual([entry.header.name, entry.header.mode, entry.header.mtime], [name, mode, mtime]);
      const expected = sha256(await readAll(body, LIMIT, name));
      assert.equal(sha256(await readAll(reader.read(entry), LIMIT, name)), expected, name);
    }
    assert.equal(toc.entries.length, at);
    await reader.close();
  });

  test('is the same however its archive comes', async () => {
    const tar = await uniqueTar(CHUNK);
    const whole = await write(tar);
    for (const size of [1, 511, 1000, 100_000]) {
      assert.deepEqual(await writtenBy(writeZstdChunked(inPieces(tar, size), { chunkSize: CHUNK })), whole);
    }
    const harder = await writtenBy(writeZstdChunked(fromArray(tar), { chunkSize: CHUNK, level: 19 }));
    assert.equal(harder.result.diffId, whole.result.diffId);
    await assertZstdChunked(harder.bytes, harder.result.annotations);
    await rejection('USAGE', writtenBy(writeZstdChunked(fromArray(tar), { level: 20 })));
  });

  test('keeps an archive however it ends, and whatever stands behind its end', async () => {
    const tar = await tarOf([file('a', 'text')]);
    const end = tar.length - TAR_END.length;
    const record = new Uint8Array(300_000);
    record.set(tar);
    for (const other of [tar.subarray(0, end), tar.subarray(0, end - 508), record, TAR_END]) {
      const { bytes, result } = await write(other);
      const layer = await assertZstdChunked(bytes, result.annotations);
      assert.equal(sha256(layer.tar), sha256(other));
      assert.equal(result.diffId, sha256(other));
    }
    const behind = record.fill(66, 10_240);
    const { bytes } = await write(behind);
    assert.equal(sha256(await readAll(decompress(fromArray(bytes)), LIMIT, 'archive')), sha256(behind));
    await rejection('LAYOUT_INVALID', write(new Uint8Array(2000).fill(65)));
  });

  test('has many frames of headers and records where it has many entries', async () => {
    const tar = await tarOf(
      Array.from({ length: 3000 }, (_, at) => ({ name: `d/${at}`, linkname: 'x', type: 'symlink' })),
    );
    const { bytes, result } = await write(tar);
    const layer = await assertZstdChunked(bytes, result.annotations);
    assert.equal(layer.frames.filter(({ isSkipped }) => !isSkipped).length, 2);
    assert.equal(layer.files.length, 3000);
  });
});

describe('CAP-G15: zstd:chunked', () => {
  test('is refused where this Node.js cannot write zstd', { skip: writesZstd }, async () => {
    const error = await rejection('UNSUPPORTED', write(await uniqueTar(CHUNK)));
    assert.match(String(error.hint), /Node\.js 22\.15/);
  });

  test('is written by a newer Node.js', { skip: writesZstd, timeout: 300_000 }, async (t) => {
    const node = await newerNode();
    if (node === undefined) return t.skip(NO_NEWER_NODE);
    const files = ['zstd-chunked', 'convert'].map((name) => `test/image/toc/write/${name}.test.ts`);
    const args = ['--import', 'tsx', '-C', 'source', '--test', '--test-reporter', 'tap', ...files];
    const { stdout } = await promisify(execFile)(node, args, { env: { PATH: process.env.PATH } });
    assert.match(stdout, /ok \d+ - is what the format is, frame by frame and field by field/);
    assert.match(stdout, /ok \d+ - become zstd:chunked/);
    assert.match(stdout, /# fail 0\n/);
  });
});
