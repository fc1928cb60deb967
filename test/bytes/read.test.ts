import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import { contentFrom } from '../../src/store/content.ts';
import { rejection } from '../support/failure.ts';

const bytes = new TextEncoder().encode('ten bytes!');

test('READ-18 RUBY-35: content can be had in memory, up to a limit', async () => {
  const content = contentFrom(bytes);
  assert.deepEqual(await readAll(content.open(), 10, 'it'), bytes);
  const error = await rejection('TOO_LARGE', readAll(content.open(), 9, 'the greeting'));
  assert.match(error.message, /the greeting/);
});

test('READ-18: nothing is read beyond the limit, and the source is left', async () => {
  let read = 0;
  let left = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        read += bytes.length;
        yield bytes;
      }
    } finally {
      left = true;
    }
  }
  await rejection('TOO_LARGE', readAll(endless(), 25, 'it'));
  assert.deepEqual([read, left], [30, true]);
  assert.equal((await readAll(fromArray(new Uint8Array()), 0, 'it')).length, 0);
});
