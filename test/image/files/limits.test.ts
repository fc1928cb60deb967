/** Layers of few bytes that would take for ever, or all memory, to merge. How much is done is counted, not timed. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TarFile, TarHeader } from '../../../src/bytes/tar.ts';
import { diffImages } from '../../../src/image/diff/image-diff.ts';
import { openFileSystem } from '../../../src/image/files/file-system.ts';
import { layerEntry } from '../../../src/image/files/layer-entries.ts';
import { type KnownLayer, mergeLayers } from '../../../src/image/files/merge.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import type { Manifest } from '../../../src/model/manifest.ts';
import type { Store } from '../../../src/store/types.ts';
import { putImage } from '../../../src/testing/fixtures.ts';
import { directory, file, layered, opaque, symlink, tarOf, textOf, whiteout } from '../../support/layered.ts';

const header = (name: string): TarHeader => ({ name, type: 'file', size: 0, mode: 0o644, uid: 0, gid: 0, mtime: 0 });
const known = (...names: readonly string[]): KnownLayer => ({
  digest: 'sha256:0',
  entries: names.map((name, index) => layerEntry(header(name), index)),
});
const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

/** How many directories are gone through meanwhile, name by name. */
function passes(run: () => unknown): number {
  const own = Reflect.getOwnPropertyDescriptor(Map.prototype, Symbol.iterator) ?? {};
  let count = 0;
  const value = function (this: ReadonlyMap<unknown, unknown>): Iterator<unknown> {
    count++;
    return this.entries();
  };
  Reflect.defineProperty(Map.prototype, Symbol.iterator, { ...own, value });
  try {
    run();
    return count;
  } finally {
    Reflect.defineProperty(Map.prototype, Symbol.iterator, own);
  }
}

describe('a directory that a layer hides many times', () => {
  for (const [what, marker] of Object.entries({ 'opaque markers': 'd/.wh..wh..opq', whiteouts: '.wh.d' })) {
    test(`by ${what}: is gone through once`, () => {
      const lower = known(...times(100, (at) => `d/${at}`));
      const upper = known('d/own', ...times(100, () => marker));
      assert.equal(
        passes(() => mergeLayers([lower, upper], { lowest: 0 })),
        1,
      );
    });
  }

  test('keeps what the layer puts there before and after, and each layer hides anew', async () => {
    const lower = [directory('d/'), file('d/a'), directory('d/e/'), file('d/e/b')];
    const upper = [file('d/c'), opaque('d'), file('d/x'), file('d/e/y'), whiteout('d'), opaque('d/e'), file('d/z')];
    const below = async (...layers: readonly (readonly TarFile[])[]): Promise<string[]> => {
      const found: string[] = [];
      for await (const { path } of (await layered(...layers)).files().list('d', { recursive: true })) found.push(path);
      return found;
    };
    assert.deepEqual(await below(lower, upper), ['d/c', 'd/e', 'd/e/y', 'd/x', 'd/z']);
    assert.deepEqual(await below(lower, upper, [file('d/top'), opaque('d')]), ['d/top']);
  });
});

test('directories that only paths tell of are counted, for each way to read them', async () => {
  const deep = times(20, (at) => file(`${at}/${'d/'.repeat(100)}x`));
  const { files } = await layered(deep);
  await assert.rejects(textOf(files({ maxEntries: 1000 }).read('0/x')), { code: 'LIMIT' });
  const { store } = await layered([file('a')], deep);
  await putImage(store, { layers: [{ bytes: await tarOf([file('a')]) }], tags: ['0'] });
  const [before, after] = [
    { source: store, reference: '0' },
    { source: store, reference: '1' },
  ];
  await assert.rejects(diffImages(before, after, { maxEntries: 1000 }), { code: 'LIMIT' });
});

test('links whose texts are long are not gone through for every file', async () => {
  const chain = times(17, (at) => symlink(`l${at}`, `${'./'.repeat(500)}${at === 0 ? 't' : `l${at - 1}`}`));
  const { files } = await layered([directory('t/'), file('t/a'), ...chain]);
  assert.equal(await textOf(files().read('l15/a')), 't/a');
  await assert.rejects(textOf(files().read('l16/a')), { code: 'NOT_FOUND' });
});

describe('an image of thousands of layers', () => {
  /** The same layer again and again, which hides what is asked for until the end. */
  const tower = async (count: number): Promise<{ store: Store; manifest: Manifest }> => {
    const store = createMemoryStore();
    const [lowest, other] = [{ bytes: await tarOf([file('wanted')]) }, { bytes: await tarOf([file('x'), file('y')]) }];
    const { manifest } = await putImage(store, { layers: [lowest, ...times(count, () => other)], tags: ['1'] });
    return { store, manifest };
  };

  test('is not merged thousands of times for a file of the lowest', async () => {
    const { store, manifest } = await tower(300);
    const files = openFileSystem(store, manifest, { maxEntries: 700 });
    // The signal is looked at for each layer of each merge.
    const { signal } = new AbortController();
    let looks = 0;
    Object.defineProperty(signal, 'aborted', { get: () => looks++ < 0 });
    assert.equal(await textOf(files.read('wanted', { signal })), 'wanted');
    assert.ok(looks < 3000, `looked ${looks} times, for 300 layers`);
  });

  test('counts each of them, though it is one', async () => {
    const { store, manifest } = await tower(300);
    await assert.rejects(textOf(openFileSystem(store, manifest, { maxEntries: 500 }).read('wanted')), {
      code: 'LIMIT',
    });
  });
});
