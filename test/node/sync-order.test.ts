/** What has to survive a power failure is on the disk before it has its name, and its name is on the disk before the call ends. */
import assert from 'node:assert/strict';
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { storeCredential } from '../../src/node/credentials/login.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { putImage } from '../../src/testing/fixtures.ts';
import { scratch } from '../support/layouts.ts';

/** Writes down what is synced and renamed, by the names of the files. */
async function watched(t: TestContext): Promise<string[]> {
  const told: string[] = [];
  const names = new WeakMap<FileHandle, string>();
  const { open, rename } = fs;
  const handle = await open('/dev/null');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const sync: (this: FileHandle) => Promise<void> = Reflect.get(prototype, 'sync');
  fs.open = async (path, ...rest) => {
    const opened = await open(path, ...rest);
    names.set(opened, String(path));
    return opened;
  };
  fs.rename = async (from, to) => {
    told.push(`${nameOf(String(from))} becomes ${nameOf(String(to))}`);
    await rename(from, to);
  };
  prototype.sync = async function (this: FileHandle) {
    told.push(`${nameOf(names.get(this) ?? '?')} is synced`);
    await sync.call(this);
  };
  syncBuiltinESMExports();
  t.after(() => {
    Object.assign(fs, { open, rename });
    prototype.sync = sync;
    syncBuiltinESMExports();
  });
  return told;
}

/** Temporary names have no say. */
function nameOf(path: string): string {
  return basename(path).replace(/^\.?(?:[\w.]+\.tmp-)?[\da-f]{8}-[\da-f-]{27}(?:\.tmp)?$/, 'temporary');
}

test('a login is on the disk before it has its name', async (t) => {
  const folder = await scratch(t, 'docker');
  const told = await watched(t);
  const env = { DOCKER_CONFIG: folder };
  await storeCredential('r.example', { username: 'me', password: 'secret' }, { env });
  assert.deepEqual(told, ['temporary is synced', 'temporary becomes config.json', `${basename(folder)} is synced`]);
});

test('the index of a layout is on the disk before it has its name', async (t) => {
  const folder = join(await scratch(t, 'layout'), 'layout');
  const told = await watched(t);
  await putImage(directoryStore(folder), { layers: [{ files: { a: 'x' } }], tags: ['v1'] });
  const index = told.slice(told.indexOf('temporary becomes index.json') - 1);
  assert.deepEqual(index.slice(0, 3), ['temporary is synced', 'temporary becomes index.json', 'layout is synced']);
});
