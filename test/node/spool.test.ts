import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { readAll } from '../../src/bytes/read.ts';
import { spoolToDisk } from '../../src/node/files/spool.ts';
import { type Spool, spoolToMemory } from '../../src/store/spool.ts';
import { rejects } from '../../src/testing/samples.ts';
import { scratch } from '../support/layouts.ts';
import { openBelow, tellsOpenFiles } from '../support/open-below.ts';

const bytesOf = (size: number): Uint8Array => new Uint8Array(size).map((_, at) => at * 31);
async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

for (const size of [0, 10, 1024 * 1024, 5_000_000]) {
  test(`a stream of ${size} bytes is content as often as it is opened`, async (t) => {
    const bytes = bytesOf(size);
    const spools: Spool[] = [spoolToDisk(await scratch(t)), spoolToMemory(10_000_000)];
    for (const spool of spools) {
      const spooled = await spool(pieces(bytes), { mediaType: 'a/b' });
      const { content } = spooled;
      assert.deepEqual(content.descriptor, {
        mediaType: 'a/b',
        digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
        size,
      });
      for (let time = 0; time < 2; time++) {
        assert.deepEqual(Buffer.from(await readAll(content.open(), size, 'it')), Buffer.from(bytes));
      }
      const window = await readAll(content.open({ start: 3, end: 7 }), size, 'it');
      assert.deepEqual(Buffer.from(window), Buffer.from(bytes.subarray(3, 7)));
      await spooled.close();
    }
  });
}

test('a spooled file has no name, and is gone when it is closed', async (t) => {
  const directory = await scratch(t);
  const spooled = await spoolToDisk(directory)(pieces(bytesOf(3_000_000)));
  assert.deepEqual(await readdir(directory), []);
  assert.equal(openBelow(directory).length, tellsOpenFiles ? 1 : 0);
  await spooled.close();
  assert.deepEqual(openBelow(directory), []);
});

test('a stream that fails leaves nothing', async (t) => {
  const directory = await scratch(t);
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield bytesOf(2_000_000);
    throw new Error('the cable was cut');
  };
  await assert.rejects(spoolToDisk(directory)(failing()), /the cable was cut/);
  const controller = new AbortController();
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      yield bytesOf(600_000);
      controller.abort();
    }
  };
  await rejects(spoolToDisk(directory)(endless(), { signal: controller.signal }), 'ABORTED');
  assert.deepEqual(await readdir(directory), []);
  assert.deepEqual(openBelow(directory), []);
});

test('a spool in memory has a limit', async () => {
  await rejects(spoolToMemory(10)(pieces(bytesOf(11))), 'TOO_LARGE');
});
