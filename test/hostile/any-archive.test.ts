/**
 * Whatever entries there are, of any type, under any name and in any order: nothing outside the target changes, and what stands in it is
 * what a model of the image-spec says, which knows nothing of how it is done.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as fc from 'fast-check';
import { isOciError } from '../../src/errors.ts';
import type { TarFile } from '../../src/bytes/tar.ts';
import { extract } from '../../src/node/extract/extract.ts';
import { type CanaryTree, canaryTree } from '../support/hostile/canary-tree.ts';
import { modelOf } from '../support/hostile/model.ts';
import { directory, file, hardLink, layered, symlink } from '../support/layered.ts';
import { fileFacts } from '../support/real/file-facts.ts';

let tree: CanaryTree;
before(async () => {
  tree = await canaryTree();
});
after(() => tree.end());

const name = fc.constantFrom('a', 'b', 'c', 'd');
const step = fc.oneof({ weight: 14, arbitrary: name }, fc.constantFrom('..', '.', '', 'canary', 'etc'));
const path = fc.oneof(
  { weight: 6, arbitrary: fc.array(step, { minLength: 1, maxLength: 4 }).map((steps) => steps.join('/')) },
  { weight: 1, arbitrary: fc.array(name, { minLength: 1, maxLength: 3 }).map((steps) => `/${steps.join('/')}`) },
);
const marker = fc.oneof(
  fc.tuple(path, name).map(([folder, hidden]) => `${folder}/.wh.${hidden}`),
  path.map((folder) => `${folder}/.wh..wh..opq`),
  fc.constantFrom('.wh..wh..opq', '.wh.', '.wh..', 'a/.wh...', '.wh..wh.plnk', '.wh.a'),
);
const mode = fc.constantFrom(0o755, 0o700, 0o644);
const entry: fc.Arbitrary<TarFile> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(path, fc.string({ maxLength: 3 }), mode)
      .map(([at, text, bits]) => ({ ...file(at, text, { mode: bits }), text }) as TarFile),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(path, fc.constantFrom(0o755, 0o700)).map(([at, bits]) => directory(at, { mode: bits })),
  },
  { weight: 4, arbitrary: fc.tuple(path, path).map(([at, target]) => symlink(at, target || '/')) },
  { weight: 2, arbitrary: fc.tuple(path, path).map(([at, target]) => hardLink(at, target || '/')) },
  { weight: 2, arbitrary: marker.map((at) => file(at, '')) },
);
const layers = fc.array(fc.array(entry, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 });

/** Type, permissions, bytes or target, and the first name of the same file, of everything. */
async function shown(): Promise<string[]> {
  const facts = await fileFacts(tree.target);
  return [...facts].flatMap(([at, { mode: bits, content, sameAs }]) =>
    at === '.' ? [] : [`${at} ${bits} ${content} ${sameAs}`],
  );
}

test('any entries become the tree of the model, and nothing else', async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(layers, async (image) => {
      const { files } = await layered(...image);
      const expected = modelOf(image);
      const system = files();
      try {
        await extract(system, '/', tree.target);
        assert.deepEqual(await shown(), expected ?? 'refused');
        taken++;
      } catch (error) {
        if (!isOciError(error)) throw error;
        assert.equal(expected, undefined, `${error.code}: ${error.message}`);
        assert.equal(error.code, 'LAYOUT_INVALID');
        await assert.rejects(fileFacts(tree.target), { code: 'ENOENT' });
      } finally {
        await system.close();
      }
      await tree.assertUnharmed(JSON.stringify(image));
      await tree.clear();
    }),
    { numRuns: 300 },
  );
  assert.ok(taken > 30, `only ${taken} images were taken`);
});
