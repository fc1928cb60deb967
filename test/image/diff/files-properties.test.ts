/** Whatever layers two images are of: an exact comparison is that of their merged trees, and any other one is right in what it is sure of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { TarFile } from '../../../src/bytes/tar.ts';
import { isOciError } from '../../../src/errors.ts';
import type { FileChange } from '../../../src/image/diff/files.ts';
import { diffImages } from '../../../src/image/diff/image-diff.ts';
import { openFileSystem } from '../../../src/image/files/file-system.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import type { Store } from '../../../src/store/types.ts';
import { type LayerOf, put } from '../../support/diffed.ts';
import { directory, file, hardLink, opaque, symlink, textOf, whiteout } from '../../support/layered.ts';

const name = fc.constantFrom('a', 'b', 'c');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const mode = fc.constantFrom(0o644, 0o755);
const content = fc.constantFrom('', 'x', 'y', 'long');
const plain = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(path, content, mode).map(([at, text, bits]) => file(at, text, { mode: bits })) },
  { weight: 2, arbitrary: fc.tuple(path, mode).map(([at, bits]) => directory(`${at}/`, { mode: bits })) },
  { weight: 2, arbitrary: path.map(whiteout) },
  { weight: 1, arbitrary: path.map(opaque) },
);
const any = fc.oneof(
  { weight: 6, arbitrary: plain },
  { weight: 1, arbitrary: fc.tuple(path, path).map(([at, to]) => symlink(at, to)) },
  { weight: 1, arbitrary: fc.tuple(path, path).map(([at, to]) => hardLink(at, to)) },
);

/** As docker writes layers: each tells of the folders on the way to what it has. */
function withFolders(layer: readonly TarFile[]): readonly TarFile[] {
  const folders = layer.flatMap(({ name: at }) =>
    at
      .split('/')
      .slice(0, -1)
      .map((_, depth, names) => `${names.slice(0, depth + 1).join('/')}/`),
  );
  return [...[...new Set(folders)].sort().map((folder) => directory(folder)), ...layer];
}

interface Images {
  readonly store: Store;
  readonly differ: (exact: boolean) => Promise<readonly FileChange[]>;
}

type Layers = readonly (readonly TarFile[])[];

async function imagesOf(shared: Layers, before: Layers, after: Layers): Promise<Images> {
  const store = createMemoryStore();
  const layersOf = (own: Layers): readonly LayerOf[] => [...shared, ...own];
  await put(store, 'before', { layers: layersOf(before) });
  await put(store, 'after', { layers: layersOf(after) });
  const ends = { before: { source: store, reference: 'before' }, after: { source: store, reference: 'after' } };
  const differ = async (exact: boolean): Promise<readonly FileChange[]> =>
    (await diffImages(ends.before, ends.after, { sections: ['files'], exact })).images[0]?.files ?? [];
  return { store, differ };
}

/** Everything that there is, as a line a path. */
async function treeOf(store: Store, reference: string): Promise<ReadonlyMap<string, string>> {
  const files = openFileSystem(store, await store.manifest(reference));
  const lines = new Map<string, string>();
  for await (const { path: at, layer: _, index: _index, ...facts } of files.entries()) {
    const bytes = facts.type === 'file' ? await textOf(files.read(at)) : '';
    const bits = facts.type === 'symlink' ? 0 : facts.mode;
    lines.set(at, JSON.stringify([facts.type, bits, facts.linkname, bytes]));
  }
  return lines;
}

async function expected(store: Store): Promise<readonly string[]> {
  const [before, after] = [await treeOf(store, 'before'), await treeOf(store, 'after')];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((at) => before.get(at) !== after.get(at))
    .map((at) => `${before.has(at) ? (after.has(at) ? 'changed' : 'removed') : 'added'} ${at}`)
    .sort();
}

const toldOf = (changes: readonly FileChange[]): string[] =>
  changes.map(({ kind, path: at }) => `${kind} ${at}`).sort();

/** Layers that no file system comes of are no example. */
async function unlessInvalid(work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    fc.pre(!isOciError(error, 'LAYOUT_INVALID'));
    throw error;
  });
}

const stack = (entry: fc.Arbitrary<TarFile>, maxLength = 2): fc.Arbitrary<TarFile[][]> =>
  fc.array(fc.array(entry, { minLength: 1, maxLength: 5 }), { maxLength });

test('CAP-N3: an exact comparison is that of the merged trees', async () => {
  await fc.assert(
    fc.asyncProperty(stack(any, 3), stack(any), stack(any), (shared, before, after) =>
      unlessInvalid(async () => {
        const { store, differ } = await imagesOf(shared, before, after);
        const wanted = await expected(store);
        const changes = await differ(true);
        assert.deepEqual(toldOf(changes), wanted);
        assert.deepEqual(
          changes.filter(({ unsure }) => unsure),
          [],
        );
      }),
    ),
    { numRuns: 60 },
  );
});

test('CAP-N3: a comparison of the upper layers alone is right in what it is sure of, and leaves nothing out', async () => {
  const layers = stack(plain, 3).map((all) => all.map(withFolders));
  await fc.assert(
    fc.asyncProperty(layers, layers, layers, (shared, before, after) =>
      unlessInvalid(async () => {
        const { store, differ } = await imagesOf(shared, before, after);
        const wanted = await expected(store);
        const changes = await differ(false);
        const sure = toldOf(changes.filter(({ unsure }) => unsure !== true));
        assert.deepEqual(
          sure.filter((line) => !wanted.includes(line)),
          [],
        );
        const isTold = (at: string): boolean => changes.some((one) => one.path === at || isBelow(at, one));
        assert.deepEqual(
          wanted.map((line) => line.slice(line.indexOf(' ') + 1)).filter((at) => !isTold(at)),
          [],
        );
      }),
    ),
    { numRuns: 60 },
  );
});

/** Is it in a directory that one of the images lacks, or may have more in than was read? */
function isBelow(at: string, { path: folder, kind, unsure, differs = [] }: FileChange): boolean {
  return at.startsWith(`${folder}/`) && (kind !== 'changed' || unsure === true || differs.includes('type'));
}
