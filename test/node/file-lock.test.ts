import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { lockFile } from '../../src/node/directory/file-lock.ts';
import { makeFolder } from '../../src/node/directory/safe-files.ts';
import { rejects } from '../../src/testing/samples.ts';
import { scratch } from '../support/layouts.ts';
import { testClock } from '../support/test-clock.ts';

const nothing = async (): Promise<void> => {};
const place = async (t: TestContext): Promise<string> => join(await scratch(t), 'lock');

test('one holds a lock at a time, and its folder is made when it is missing', async (t) => {
  const folder = join(await scratch(t), 'deep', 'folder');
  const path = join(folder, 'lock');
  const lock = () => lockFile(path, () => makeFolder(folder));
  let holders = 0;
  let most = 0;
  const hold = async (): Promise<void> => {
    const held = await lock();
    most = Math.max(most, ++holders);
    await new Promise(setImmediate);
    holders--;
    await held.release();
  };
  await Promise.all(Array.from({ length: 10 }, hold));
  assert.equal(most, 1);
  assert.deepEqual(await readdir(folder), []);
});

test('the lock of a dead process is taken over at once, and whoever does so is told', async (t) => {
  const path = await place(t);
  const own = await lockFile(path, nothing);
  const text = await readFile(path, 'utf8');
  await own.release();
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  await writeFile(path, text.replace(`"pid":${process.pid}`, `"pid":${pid}`));
  const clock = testClock();
  const lock = await lockFile(path, nothing, { clock });
  assert.equal(lock.wasTaken, true);
  assert.deepEqual(clock.waits, []);
  await lock.release();
  assert.equal((await lockFile(path, nothing)).wasTaken, false);
});

test('the lock of a process on another machine is taken over once it has been silent for long', async (t) => {
  const path = await place(t);
  await writeFile(path, JSON.stringify({ pid: 1, machine: 'elsewhere', token: 'x' }));
  const clock = testClock();
  const lock = await lockFile(path, nothing, { clock, staleMs: 30_000 });
  assert.equal(lock.wasTaken, true);
  const waited = clock.waits.reduce((sum, ms) => sum + ms, 0);
  assert.ok(waited > 30_000 && waited < 32_000, `${waited} ms`);
});

test('as long as its holder touches it, a lock is not taken over, and patience ends as CONFLICT', async (t) => {
  const path = await place(t);
  await writeFile(path, JSON.stringify({ pid: 1, machine: 'elsewhere', token: 'x' }));
  const clock = testClock();
  let time = 1_000_000;
  const touching = {
    ...clock,
    async wait(ms: number) {
      await utimes(path, ++time, time);
      return clock.wait(ms);
    },
  };
  const attempt = lockFile(path, nothing, { clock: touching, staleMs: 1000, patienceMs: 10_000 });
  await rejects(attempt, 'CONFLICT');
  assert.ok((await readFile(path, 'utf8')).includes('elsewhere'));
});

test('a holder touches its lock', async (t) => {
  const path = await place(t);
  const lock = await lockFile(path, nothing, { staleMs: 60 });
  await utimes(path, 1, 1);
  while ((await stat(path)).mtimeMs === 1000) await new Promise(setImmediate);
  await lock.release();
});

test('a lock that was never finished being written is a leftover after a second', async (t) => {
  const path = await place(t);
  await writeFile(path, '');
  const clock = testClock();
  const lock = await lockFile(path, nothing, { clock });
  const waited = clock.waits.reduce((sum, ms) => sum + ms, 0);
  assert.ok(lock.wasTaken && waited > 1000 && waited < 3000, `${waited} ms`);
});

test('who was taken for dead does not remove the lock of the next', async (t) => {
  const path = await place(t);
  const slow = await lockFile(path, nothing);
  await rm(path);
  const next = await lockFile(path, nothing);
  await slow.release();
  assert.ok(await stat(path));
  await next.release();
});

test('waiting for a lock can be called off', async (t) => {
  const path = await place(t);
  const lock = await lockFile(path, nothing);
  const controller = new AbortController();
  const waiting = lockFile(path, nothing, { signal: controller.signal });
  setImmediate(() => controller.abort());
  await rejects(waiting, 'ABORTED');
  await lock.release();
});

test('a lock that cannot be written is IO', async (t) => {
  const path = await place(t);
  await writeFile(path, 'a file');
  await rejects(lockFile(join(path, 'lock'), nothing), 'IO');
});
