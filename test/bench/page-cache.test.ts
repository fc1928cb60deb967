import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeRoomInMemory } from '../../bench/page-cache.ts';
import { temporaryDirectory } from '../support/real/temporary.ts';

test('room in memory is made by a file that is gone afterwards, and never by one that stood there', async (t) => {
  const { path, remove } = await temporaryDirectory('page-cache');
  t.after(remove);
  await makeRoomInMemory(path, 9 * 1024 * 1024);
  assert.deepEqual(await readdir(path), []);
  await writeFile(join(path, 'room'), 'mine');
  await assert.rejects(makeRoomInMemory(path, 1), { code: 'EEXIST' });
  assert.deepEqual(await readdir(path), ['room']);
});
