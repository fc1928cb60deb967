/** One case played: its image in a layout, a canary tree around the place that is written to, and commands that are run in it. */
import assert from 'node:assert/strict';
import { lstat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Built, buildImage } from '../../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../cli.ts';
import { writePlainLayout } from '../plain-layout.ts';
import { assertSameTree, type FileFacts, fileFacts } from '../real/file-facts.ts';
import { temporaryDirectory } from '../real/temporary.ts';
import { type CanaryTree, canaryTree } from './canary-tree.ts';
import { type Case, meant, type Packed, packed } from './case.ts';
import { meantFacts, thisUser } from './meant-facts.ts';

export interface Scene extends CanaryTree {
  readonly one: Case;
  /** Where else things may be kept; of this case alone. Its layers stand there as `layer0`, `layer1`, ... */
  readonly work: string;
  readonly layers: readonly Packed[];
  readonly image: Built;
  /** What has to stand on the disk; undefined: it is refused. */
  readonly expected: ReadonlyMap<string, FileFacts> | undefined;
  /** Runs a command; `IMAGE` is the image, `TARGET` the place to write, `WORK` the other one. */
  readonly run: (args: readonly string[], options?: CliOptions) => Promise<CliResult>;
  /** The target holds what is meant, and nothing else. @param below only what is in this directory of it */
  readonly assertMeant: (what: string, below?: string) => Promise<void>;
  readonly assertNothing: (what: string) => Promise<void>;
}

/** Where cases are played, one after the other. */
export interface Stage {
  readonly play: (one: Case, act: (scene: Scene) => Promise<void>) => Promise<void>;
  /** Looks around a last time, and removes everything. */
  readonly end: () => Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const tree = await canaryTree();
  const { path, remove } = await temporaryDirectory('hostile');
  let count = 0;
  return {
    async play(one, act) {
      const scene = await sceneOf(one, tree, join(path, String(count++)));
      try {
        await act(scene);
        await tree.assertUnharmed('at the end');
      } finally {
        await tree.clear();
      }
    },
    async end() {
      await remove();
      await tree.end();
    },
  };
}

async function sceneOf(one: Case, tree: CanaryTree, work: string): Promise<Scene> {
  const { outside, target, here } = tree;
  const layers = await Promise.all((await one.layers(outside)).map(packed));
  const layout = `oci:${join(work, 'layout')}:1`;
  const image = await buildImage({ layers: layers.map((layer) => ({ bytes: layer.packed, diffId: layer.diffId })) });
  await writePlainLayout(image, join(work, 'layout'));
  for (const [at, layer] of layers.entries()) await writeFile(join(work, `layer${at}`), layer.packed);
  const expected = one.refused === undefined ? await meantFacts(await meant(one, outside), thisUser()) : undefined;
  return {
    ...tree,
    one,
    work,
    layers,
    image,
    expected,
    run: (args, options) =>
      cli(
        args.map((arg) => arg.replace('IMAGE', layout).replace('TARGET', target).replace('WORK', work)),
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
