import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as node from '../../src/bytes/compress-node.ts';
import * as portable from '../../src/bytes/compress-portable.ts';
import { concat, fromArray, readAll } from '../../src/bytes/read.ts';
import type { Bytes } from '../../src/model/call.ts';
import { rejects } from '../../src/testing/samples.ts';

const whole = (bytes: Bytes): Promise<Uint8Array> => readAll(bytes, 1 << 30, 'test bytes');
const plain = concat([randomBytes(300_000), new Uint8Array(2_000_000), randomBytes(5)]);
const pieces = async function* (bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
};

for (const [name, seam] of Object.entries({ node, portable })) {
  test(`${name}: gzip data comes back as it was, in pieces of any size`, async () => {
    const packed = await whole(seam.gzip(pieces(plain, 70_000)));
    assert.deepEqual(gunzipSync(packed), Buffer.from(plain));
    for (const size of [997, 1 << 20]) {
      assert.deepEqual(Buffer.from(await whole(seam.gunzip(pieces(packed, size)))), Buffer.from(plain));
    }
  });

  test(`${name}: damaged and cut gzip data is LAYOUT_INVALID`, async () => {
    const packed = gzipSync(plain);
    await rejects(whole(seam.gunzip(fromArray(packed.subarray(0, packed.length / 2)))), 'LAYOUT_INVALID');
    await rejects(whole(seam.gunzip(fromArray(Buffer.from('this is no gzip data')))), 'LAYOUT_INVALID');
  });

  test(`${name}: an error of the source comes through as it is`, async () => {
    const cut = async function* (): Bytes & AsyncGenerator<Uint8Array> {
      yield gzipSync(plain).subarray(0, 1000);
      throw new Error('the cable was cut');
    };
    await assert.rejects(whole(seam.gunzip(cut())), /the cable was cut/);
    await assert.rejects(whole(seam.gzip(cut())), /the cable was cut/);
  });

  test(`${name}: bombs end at the limits`, async () => {
    const zeros = gzipSync(new Uint8Array(40 << 20));
    await rejects(whole(seam.gunzip(fromArray(zeros), { maxBytes: 1 << 20 })), 'TOO_LARGE');
    await rejects(whole(seam.gunzip(fromArray(zeros), { maxRatio: 500 })), 'TOO_LARGE');
    assert.equal((await whole(seam.gunzip(fromArray(zeros)))).length, 40 << 20);
  });

  test(`${name}: a reader who stops early closes the source`, async () => {
    let closed = false;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield gzipSync(randomBytes(100_000));
      } finally {
        closed = true;
      }
    };
    for await (const _ of seam.gunzip(source())) break;
    assert.equal(closed, true);
  });

  test(`${name}: a signal ends it`, async () => {
    const controller = new AbortController();
    const packed = gzipSync(plain);
    const reading = async (): Promise<void> => {
      for await (const _ of seam.gunzip(pieces(packed, 1000), { signal: controller.signal })) controller.abort();
    };
    await rejects(reading(), 'ABORTED');
  });
}

const hasZstd = (() => {
  try {
    execFileSync('zstd', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
const zstdTool = { skip: hasZstd ? false : 'zstd is not installed (apt-get install zstd)' };
const pack = (bytes: Uint8Array, ...how: string[]): Uint8Array =>
  execFileSync('zstd', ['-q', '-c', ...how], { input: bytes, maxBuffer: 1 << 28 });

test('zstd data of the reference tool is read', zstdTool, async () => {
  for (const how of [['-1'], ['-19'], ['--no-check'], ['--long=27']]) {
    const packed = pack(plain, ...how);
    for (const unzstd of [node.unzstd, portable.unzstd]) {
      assert.deepEqual(Buffer.from(await whole(unzstd(pieces(packed, 10_007)))), Buffer.from(plain), how.join(' '));
    }
  }
  const two = concat([pack(plain), pack(plain)]);
  assert.equal((await whole(portable.unzstd(fromArray(two)))).length, 2 * plain.length);
});

test('damaged and cut zstd data is LAYOUT_INVALID', zstdTool, async () => {
  const packed = pack(plain);
  for (const unzstd of [node.unzstd, portable.unzstd]) {
    await rejects(whole(unzstd(fromArray(packed.subarray(0, packed.length - 7)))), 'LAYOUT_INVALID');
    await rejects(whole(unzstd(fromArray(Buffer.from('this is no zstd data at all')))), 'LAYOUT_INVALID');
  }
});

test('a zstd bomb ends at the ratio', zstdTool, async () => {
  const zeros = pack(new Uint8Array(200 << 20));
  await rejects(whole(portable.unzstd(fromArray(zeros))), 'TOO_LARGE');
  await rejects(whole(node.unzstd(fromArray(zeros))), 'TOO_LARGE');
});

test('a zstd window of gigabytes is refused before it is allocated', async () => {
  const frame = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0x00, 0x00]);
  await rejects(whole(portable.unzstd(fromArray(frame))), 'TOO_LARGE');
});

test('gzip data does not tell the operating system or the time', async () => {
  const packed = await whole(node.gzip(fromArray(plain)));
  assert.deepEqual([...packed.subarray(4, 8), packed[9]], [0, 0, 0, 0, 255]);
});

test('compressing with zstd is UNSUPPORTED where the runtime cannot', async () => {
  const attempt = async (): Promise<Uint8Array> => whole(portable.zstd(fromArray(plain)));
  await rejects(attempt(), 'UNSUPPORTED');
});
