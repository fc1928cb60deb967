/** One case played: its image in a layout, a canary tree around the place that is written to, and commands that are run in it. */
import assert from 'node:assert/strict';
import { lstat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { directoryStore } from '../../../src/node/directory.ts';
import { putImage } from '../../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../cli.ts';
import { type FileFacts, assertSameTree, fileFacts } from '../real/file-facts.ts';
import { temporaryDirectory } from '../real/temporary.ts';
import { type CanaryTree, canaryTree } from './canary-tree.ts';
import { type Case, meant, type Packed, packed } from './case.ts';
import { meantFacts, thisUser } from './meant-facts.ts';

export interface Scene extends CanaryTree {
  readonly one: Case;
  /** Where else things may be kept. */
  readonly work: string;
  readonly layers: readonly Packed[];
  /** What has to stand on the disk; undefined: it is refused. */
  readonly expected: ReadonlyMap<string, FileFacts> | undefined;
  /** Runs a command; `IMAGE` is the image, `TARGET` the place to write. */
  readonly run: (args: readonly string[], options?: CliOptions) => Promise<CliResult>;
  /** The target holds what is meant, and nothing else. @param below only what is in this directory of it */
  readonly assertMeant: (what: string, below?: string) => Promise<void>;
  readonly assertNothing: (what: string) => Promise<void>;
}

export async function withScene(one: Case, play: (scene: Scene) => Promise<void>): Promise<void> {
  const tree = await canaryTree();
  const { path: work, remove } = await temporaryDirectory('hostile');
  try {
    await play(await sceneOf(one, tree, work));
    await tree.clear();
    await tree.end();
  } finally {
    await remove();
  }
}

async function sceneOf(one: Case, tree: CanaryTree, work: string): Promise<Scene> {
  const { outside, target, here } = tree;
  const layers = await Promise.all((await one.layers(outside)).map(packed));
  const image = `oci:${join(work, 'layout')}:1`;
  const specs = layers.map((layer) => ({ bytes: layer.packed, diffId: layer.diffId }));
  await putImage(directoryStore(join(work, 'layout')), { layers: specs, tags: ['1'] });
  for (const [at, layer] of layers.entries()) await writeFile(join(work, `layer${at}`), layer.packed);
  const expected = one.refused === undefined ? await meantFacts(await meant(one, outside), thisUser()) : undefined;
  return {
    ...tree,
    one,
    work,
    layers,
    expected,
    run: (args, options) =>
      cli(
        args.map((arg) => arg.replace('IMAGE', image).replace('TARGET', target).replace('WORK', work)),
        { cwd: here, ...options },
      ),
    assertMeant: async (what, below) =>
      assertSameTree(await fileFacts(target), belowOf(expected ?? new Map(), below), what),
    assertNothing: (what) => assert.rejects(lstat(target), { code: 'ENOENT' }, `${what}: something is left`),
  };
}

/** A directory as the root of a tree. Names of one file outside of it do not count. */
function belowOf(facts: ReadonlyMap<string, FileFacts>, folder: string | undefined): ReadonlyMap<string, FileFacts> {
  if (folder === undefined) return facts;
  const found = new Map<string, FileFacts>();
  const firsts = new Map<string, string>();
  for (const [path, one] of facts) {
    if (path !== folder && !path.startsWith(`${folder}/`)) continue;
    const own = path === folder ? '.' : path.slice(folder.length + 1);
    if (!firsts.has(one.sameAs)) firsts.set(one.sameAs, own);
    found.set(own, { ...one, sameAs: firsts.get(one.sameAs) ?? own });
  }
  return found;
}
