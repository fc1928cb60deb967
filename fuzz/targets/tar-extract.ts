/** Layers onto a disk, in a tree in which everything is known: whatever they say, nothing around the target changes, and nothing is left of what was refused. */
import assert from 'node:assert/strict';
import { lstat } from 'node:fs/promises';
import { extract } from '../../src/node/extract/extract.ts';
import { type CanaryTree, canaryTree } from '../../test/support/hostile/canary-tree.ts';
import { layered } from '../../test/support/layered.ts';
import { settled } from '../judge.ts';
import { trickArchives, unjudged } from '../recipes.ts';
import type { FuzzTarget } from '../target.ts';

let tree: Promise<CanaryTree> | undefined;
const open = (): Promise<CanaryTree> => (tree ??= canaryTree());

export const target: FuzzTarget = {
  name: 'tar-extract',
  corpus: async () => unjudged(await trickArchives((await open()).outside)),
  tokens: ['../', '/etc/passwd', '.wh.', '.wh..wh..opq', '..', './', 'a/b', '2', '1', '5', '\0'],
  share: 1 / 50,
  growth: 32 * 1024,
  async run(input) {
    const canary = await open();
    const { files } = await layered(input);
    const system = files();
    try {
      const done = await settled(extract(system, '/', canary.target).then(() => true));
      if (done === undefined) await assert.rejects(lstat(canary.target), { code: 'ENOENT' });
      return done === undefined ? 'refused' : 'taken';
    } finally {
      await system.close();
      await canary.assertUnharmed('outside of the target');
      await canary.clear();
    }
  },
  async close() {
    const standing = await tree;
    tree = undefined;
    await standing?.end();
  },
};
