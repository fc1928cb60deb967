import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAll } from '../../src/bytes/read.ts';
import { chunkSource } from '../../src/registry/chunk-source.ts';
import { contentFrom, contentOf } from '../../src/store/content.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { damaged, watched } from '../support/watched-content.ts';

const bytes = seededBytes(100_000, 'chunk source');
const content = contentFrom(bytes);

/** Opens these windows one after the other. */
async function open(
  source: ReturnType<typeof chunkSource>,
  windows: readonly (readonly [number, number])[],
): Promise<void> {
  for (const [at, length] of windows) {
    const read = await readAll(source.open(at, length), length, 'a chunk');
    assert.deepEqual(read, bytes.subarray(at, at + length));
  }
}

test('consecutive chunks are read in one go', async () => {
  const whole = watched(content);
  const source = chunkSource(whole, {});
  await open(source, [
    [0, 30_000],
    [30_000, 30_000],
    [60_000, 40_000],
  ]);
  assert.deepEqual(whole.starts, [0]);
  await source.close();
});

test('a chunk that is sent again is read again, and what comes after it is verified as if nothing had been', async () => {
  const orders: readonly (readonly (readonly [number, number])[])[] = [
    [
      [0, 30_000],
      [0, 30_000],
      [30_000, 70_000],
    ],
    [
      [0, 30_000],
      [30_000, 30_000],
      [45_000, 55_000],
    ],
    [
      [0, 30_000],
      [30_000, 30_000],
      [10_000, 10_000],
      [20_000, 80_000],
    ],
    [
      [0, 30_000],
      [90_000, 10_000],
    ],
  ];
  for (const order of orders) {
    const source = chunkSource(content, {});
    await open(source, order);
    await source.close();
  }
});

test('wrong bytes fail before the end of the last chunk, whatever the order', async () => {
  for (const at of [0, 15_000, 50_000, 99_999]) {
    const small = contentOf(content.descriptor, async function* (start, end) {
      for (let from = start; from < end; from += 7000) yield bytes.subarray(from, Math.min(from + 7000, end));
    });
    const source = chunkSource(damaged(small, at), {});
    const read = (start: number, length: number): Promise<Uint8Array> =>
      readAll(source.open(start, length), length, 'a chunk');
    await read(0, 10_000);
    await read(5_000, 10_000);
    await rejection('DIGEST_MISMATCH', read(15_000, 85_000));
    await source.close();
  }
});

test('a chunk that was left half-way is read from its beginning again', async () => {
  const source = chunkSource(content, {});
  for await (const _ of source.open(0, 60_000)) break;
  await open(source, [
    [0, 60_000],
    [60_000, 40_000],
  ]);
  await source.close();
});

test('closing it closes what it reads', async () => {
  let closed = false;
  const endless = {
    ...content,
    async *open() {
      try {
        for (;;) yield bytes.subarray(0, 10);
      } finally {
        closed = true;
      }
    },
  };
  const source = chunkSource(endless, {});
  await readAll(source.open(0, 20), 20, 'a chunk');
  assert.equal(closed, false);
  await source.close();
  assert.equal(closed, true);
});
