/** A cache on disk: what comes back is what was put, or nothing, whatever has happened to the directory meanwhile. */
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { OciError } from '../../src/errors.ts';
import { cacheDirectory } from '../../src/node/files/cache-directory.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { cli } from '../support/cli.ts';
import { openWorld } from '../support/cli-world.ts';
import { gzipLayer } from '../support/gzip-layers.ts';
import { file } from '../support/layered.ts';
import { putLayer, putLayers } from '../support/large-image.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';

let work: TemporaryDirectory;
let directory: string;
let problems: OciError[];
const bytes = seededBytes(1000, 1);

beforeEach(async () => {
  work = await temporaryDirectory('cache');
  directory = join(work.path, 'cache', 'lading');
  problems = [];
});
afterEach(() => work.remove());

const open = (maxBytes?: number) =>
  cacheDirectory(directory, { maxBytes, onProblem: (problem) => problems.push(problem) });
const kept = async (): Promise<string[]> => (await readdir(directory)).map((name) => join(directory, name));
const only = async (): Promise<string> => {
  const [path = '', ...more] = await kept();
  assert.deepEqual(more, []);
  return path;
};

test('gives back what was put, by another process too, from files that are for nobody else', async () => {
  assert.equal(await open().get('key'), undefined);
  assert.deepEqual(problems, []);
  await open().put('key', bytes);
  await open().put('empty', new Uint8Array(0));
  assert.deepEqual(await open().get('key'), bytes);
  assert.deepEqual(await open().get('empty'), new Uint8Array(0));
  assert.equal(await open().get('other'), undefined);
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
  for (const path of await kept()) assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('what is put again replaces what was there', async () => {
  await open().put('key', bytes);
  await open().put('key', bytes.subarray(1));
  assert.deepEqual(await open().get('key'), bytes.subarray(1));
  await only();
});

const damages: Readonly<Record<string, (path: string) => Promise<void>>> = {
  'is cut off': async (path) => writeFile(path, (await readFile(path)).subarray(0, -1)),
  'is empty': (path) => writeFile(path, ''),
  'has another byte': async (path) => {
    const all = await readFile(path);
    all[500] = (all[500] ?? 0) ^ 1;
    await writeFile(path, all);
  },
  'is a link to elsewhere': async (path) => {
    await rename(path, `${path}.moved`);
    await symlink(`${path}.moved`, path);
  },
  'is a directory': async (path) => {
    await rm(path);
    await mkdir(path);
  },
  'is larger than anything that is kept': async (path) => writeFile(path, Buffer.alloc(3000)),
};
for (const [what, damage] of Object.entries(damages)) {
  test(`a file that ${what} is nothing`, async () => {
    const cache = open(8000);
    await cache.put('key', bytes);
    await damage(await only());
    assert.equal(await cache.get('key'), undefined);
    assert.equal(await open(8000).get('key'), undefined);
  });
}

test('what was put under one key is not what another has', async () => {
  await open().put('one', bytes);
  const one = await only();
  await open().put('other', bytes.subarray(1));
  const other = (await kept()).find((path) => path !== one) ?? assert.fail();
  await rename(one, other);
  assert.equal(await open().get('other'), undefined);
});

test('what was used longest ago goes first, and what is too large is not kept', async () => {
  const cache = open(4500);
  const times = new Map<string, Date>();
  for (const [at, key] of ['a', 'b', 'c', 'd'].entries()) {
    await cache.put(key, bytes);
    const path = (await kept()).find((one) => !times.has(one)) ?? assert.fail();
    times.set(path, new Date(Date.now() - 100_000 + at * 1000));
    await utimes(path, times.get(path) ?? 0, times.get(path) ?? 0);
  }
  assert.ok((await cache.get('a')) !== undefined, 'used again');
  await cache.put('e', bytes);
  await cache.put('large', seededBytes(1200, 1));
  assert.equal(await cache.get('b'), undefined);
  for (const key of ['a', 'c', 'd', 'e']) assert.deepEqual(await cache.get(key), bytes, key);
  assert.equal(await cache.get('large'), undefined);
});
test('many at a time: each reads what was put, whole', async () => {
  const values = Array.from({ length: 20 }, (_, at) => seededBytes(900, at));
  const found = await Promise.all(
    values.map(async (value) => {
      const cache = open(20_000);
      await cache.put('key', value);
      return cache.get('key');
    }),
  );
  for (const one of found) assert.ok(values.some((value) => Buffer.from(value).equals(one ?? new Uint8Array(0))));
  assert.deepEqual(problems, []);
  await only();
});

test('what a writer has left behind goes after an hour, and what one writes stays', async () => {
  await open().put('key', bytes);
  const path = await only();
  const [left, fresh] = [`${path}.00000000.partial`, `${path}.11111111.partial`];
  const other = join(directory, 'notes.txt');
  for (const name of [left, fresh, other]) await writeFile(name, 'x');
  for (const name of [left, other]) await utimes(name, 1000, 1000);
  await open(70_000).put('another', bytes);
  const now = await kept();
  assert.deepEqual(
    [left, fresh, other].map((name) => now.includes(name)),
    [false, true, true],
  );
});

describe('a directory that cannot be used is told of once, and in nobody’s way', () => {
  const assertUnused = async (code: string): Promise<void> => {
    const cache = open();
    await cache.put('key', bytes);
    assert.equal(await cache.get('key'), undefined);
    await cache.put('key', bytes);
    assert.deepEqual(
      problems.map((problem) => problem.code),
      [code],
    );
  };
  test('a file in its place', async () => {
    await writeFile(join(work.path, 'cache'), '');
    await assertUnused('IO');
  });
  test('a directory that others can write to', async () => {
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o777);
    await assertUnused('CONFIG_INVALID');
    assert.deepEqual(await kept(), []);
  });
  test('a directory that is read-only', { skip: process.getuid?.() === 0 && 'root writes anywhere' }, async () => {
    await mkdir(directory, { recursive: true, mode: 0o500 });
    await assertUnused('IO');
  });
});

test('CAP-E11: the command keeps indexes where it is told, and reads files where it cannot', async () => {
  const world = await openWorld();
  try {
    const repository = world.registry.repository('team/gzip');
    const layer = await gzipLayer([file('random', seededBytes(600_000, 1)), file('small', 'small')]);
    await putLayers(repository, '1', [await putLayer(repository, layer)]);
    const image = `${world.host}/team/gzip:1`;
    const blobBytes = async (env: Record<string, string>, ...flags: string[]): Promise<number> => {
      world.requests.length = 0;
      const { code, stdout, stderr } = await cli(['cat', ...flags, image, 'small'], { env });
      assert.deepEqual([code, stdout], [0, 'small'], stderr);
      return world.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0);
    };
    await writeFile(join(work.path, 'file'), '');
    const whole = layer.bytes.length;
    for (const env of [{}, { XDG_CACHE_HOME: join(work.path, 'file') }, { LADING_CACHE: join(work.path, 'file') }]) {
      for (let times = 0; times < 2; times++) assert.ok((await blobBytes(env)) > whole);
    }
    const env = { XDG_CACHE_HOME: join(work.path, 'xdg') };
    assert.ok((await blobBytes(env)) > whole, 'the first time');
    assert.equal((await readdir(join(work.path, 'xdg', 'lading'))).length, 1);
    assert.ok((await blobBytes(env)) < whole, 'the second');
    assert.ok((await blobBytes(env, '--whole')) > whole);
    assert.ok((await blobBytes({ ...env, LADING_CACHE: 'none' })) > whole);
    assert.ok((await blobBytes({ ...env, LADING_CACHE: 'none' }, '--cache', join(work.path, 'xdg', 'lading'))) < whole);
  } finally {
    await world.close();
  }
});
