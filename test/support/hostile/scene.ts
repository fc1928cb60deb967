/** One case played: its image in a layout, a canary tree around the place that is written to, and commands that are run in it. */
import assert from 'node:assert/strict';
import { lstat, mkdir, writeFile } from 'node:fs/promises';
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
  /** The target holds what is meant, and nothing else. */
  readonly assertMeant: (what: string, expected?: Expected) => Promise<void>;
  readonly assertNothing: (what: string) => Promise<void>;
}

/** How much of what is meant. */
export interface Expected {
  /** Only what is in this directory. */
  readonly below?: string | undefined;
  /** Times have changed on the way. */
  readonly otherTimes?: boolean | undefined;
  /** Only the bytes, links and names of one file: permissions, owners and times are those of whoever has written it. */
  readonly contentOnly?: boolean | undefined;
  /** Where it stands in the target. */
  readonly at?: string | undefined;
}

/** Where cases are played, one after the other. */
export interface Stage {
  readonly play: (one: Case, act: (scene: Scene) => Promise<void>) => Promise<void>;
  /** For what several cases share. */
  readonly directory: (name: string) => Promise<string>;
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
    async directory(name) {
      await mkdir(join(path, name));
      return join(path, name);
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
    async assertMeant(what, { below, at = '', ...blurred } = {}) {
      const found = await fileFacts(join(target, at));
      assertSameTree(blur(found, blurred), blur(belowOf(expected ?? new Map(), below), blurred), what);
    },
    assertNothing: (what) => assert.rejects(lstat(target), { code: 'ENOENT' }, `${what}: something is left`),
  };
}

function blur(
  facts: ReadonlyMap<string, FileFacts>,
  { otherTimes, contentOnly }: Expected,
): ReadonlyMap<string, FileFacts> {
  if (otherTimes !== true && contentOnly !== true) return facts;
  const less = contentOnly === true ? { owner: '', mode: '', mtime: 0 } : { mtime: 0 };
  return new Map([...facts].map(([path, one]) => [path, { ...one, ...less }]));
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
