import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { all, chunked, putImage } from '../../src/testing/samples.ts';
import type { OpenOptions } from '../../src/store/types.ts';
import { layoutProcesses, squares } from '../support/layout-process.ts';
import { filesBelow, indexOf, scratch } from '../support/layouts.ts';

test('CAP-J1 G35: the tags of 32 processes that write at once are all there, and index.json can be read at every moment', async (t) => {
  const directory = join(await scratch(t), 'layout');
  const start = await layoutProcesses(t);
  await putImage(directoryStore(directory), 'first', ['first']);
  const over = new AbortController();
  const reading = (async () => {
    let reads = 0;
    for (; !over.signal.aborted; reads++) await indexOf(directory);
    return reads;
  })();
  const prefixes = Array.from({ length: 32 }, (_, at) => `p${at}-`);
  const processes = await Promise.all(prefixes.map((prefix) => start('tags', directory, prefix, 20)));
  const codes = await Promise.all(processes.map(({ ended }) => ended));
  over.abort();
  assert.deepEqual(codes, Array(32).fill(0));
  assert.ok((await reading) > 0);
  const tags = await all(directoryStore(directory).tags());
  const wanted = prefixes.flatMap((prefix) => Array.from({ length: 20 }, (_, at) => `${prefix}${at}`));
  assert.deepEqual(tags, ['first', ...wanted].sort());
  assert.deepEqual((await readdir(directory)).sort(), ['blobs', 'index.json', 'oci-layout']);
});

test('a writer that is killed half-way leaves a part that the next one continues', async (t) => {
  const directory = join(await scratch(t), 'layout');
  const size = 8 << 20;
  const content = chunked(squares(size), [1 << 20]);
  const start = await layoutProcesses(t);
  const { child, ended } = await start('blob', directory, '-', size);
  const partial = join(directory, '.lading', `blobs-${content.descriptor.digest.replace(':', '-')}.partial`);
  while (((await stat(partial).catch(() => undefined))?.size ?? 0) < size / 2) await new Promise(setImmediate);
  child.kill('SIGKILL');
  await ended;
  const asked: OpenOptions[] = [];
  const store = directoryStore(directory);
  const watched = {
    ...content,
    open(options: OpenOptions = {}) {
      asked.push(options);
      return content.open(options);
    },
  };
  assert.equal(await store.putBlob(watched), 'written');
  assert.equal(asked.length, 1);
  assert.ok((asked[0]?.start ?? 0) >= size / 2, `asked from ${asked[0]?.start}`);
  const [file] = (await filesBelow(directory)).filter((path) => path.startsWith('blobs/'));
  assert.deepEqual(await readFile(join(directory, file ?? '')), Buffer.from(squares(size)));
  assert.ok(!(await readdir(directory)).includes('.lading'));
});

test('writers that are killed at any moment leave a layout that can be read and written', async (t) => {
  const directory = join(await scratch(t), 'layout');
  const start = await layoutProcesses(t);
  for (let run = 0; run < 20; run++) {
    const { child, ended } = await start('tags', directory, `r${run}-`, 100_000);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
    child.kill('SIGKILL');
    await ended;
    const store = directoryStore(directory);
    const tags = await all(store.tags()).catch(() => []);
    for (const tag of tags) assert.equal((await store.manifest(tag)).links.length, 2);
  }
  const store = directoryStore(directory);
  await putImage(store, 'last', ['last']);
  assert.ok((await all(store.tags())).includes('last'));
  const left = await readdir(join(directory, '.lading')).catch(() => []);
  assert.deepEqual(
    left.filter((name) => name.endsWith('.tmp') || name === 'lock'),
    [],
  );
});
