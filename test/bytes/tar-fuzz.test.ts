import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isOciError } from '../../src/errors.ts';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import { readTar, scanTar, writeTar } from '../../src/bytes/tar-stream.ts';
import type { TarHeader } from '../../src/bytes/tar.ts';

/** What a reader makes of an archive: names and sizes, or the code of its refusal. */
async function outcome(entries: AsyncIterable<TarHeader>): Promise<string> {
  const seen: string[] = [];
  try {
    for await (const { name, type, size } of entries) seen.push(`${type} ${JSON.stringify(name)} ${size}`);
  } catch (error) {
    if (!isOciError(error)) throw error;
    return error.code;
  }
  return seen.join('\n');
}

const body = new Uint8Array(700).fill(65);
const names = ['a', 'b/c', 'd'.repeat(150), `${'e/'.repeat(90)}f`];
const sound = await readAll(
  writeTar(names.map((name) => ({ name, size: 700, body: fromArray(body), mtime: 1.5 }))),
  1 << 20,
  'archive',
);
const damage = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });

test('damaged archives are read or refused, by both readers alike', async () => {
  await fc.assert(
    fc.asyncProperty(damage, fc.nat(sound.length), async (changes, cut) => {
      const bytes = sound.slice(0, cut % 3 === 0 ? cut : undefined);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      const read = await outcome(readTar(fromArray(bytes)));
      const scanned = await outcome(scanTar(async (start, end) => bytes.subarray(start, end), bytes.length));
      assert.equal(scanned, read);
    }),
    { numRuns: 400 },
  );
});

test('noise is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 512, maxLength: 3000 }), async (bytes) => {
      if (bytes.subarray(0, 512).every((byte) => byte === 0)) return;
      assert.equal(await outcome(readTar(fromArray(bytes))), 'LAYOUT_INVALID');
    }),
    { numRuns: 200 },
  );
});
