/**
 * Hostile layers in images that are changed. Who keeps an archive as it is (append, convert) gives it on byte for byte, as long as it
 * unpacks (and, of a new layer, is an archive to its end); who writes one anew (mutate, flatten) refuses what cannot be read. Either way the result is as harmless, and as whole, as the
 * layer was.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { cli } from '../support/cli.ts';
import type { Case } from '../support/hostile/case.ts';
import { corpus, titleOf } from '../support/hostile/corpus.ts';
import { openStage, type Scene, type Stage } from '../support/hostile/scene.ts';
import { assertDone, refusal } from '../support/hostile/verdict.ts';

let stage: Stage;
let base: string;
before(async () => {
  stage = await openStage();
  base = await stage.directory('base');
  assertDone(await cli(['mutate', 'scratch', '--platform', 'linux/amd64', '-t', `oci:${base}:1`]), 'mutate scratch');
});
after(() => stage.end());

interface Image {
  readonly layers: readonly string[];
  readonly diffIds: readonly string[];
}

async function imageAt(work: string, layout: string): Promise<Image> {
  const read = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(work, layout, path), 'utf8'));
  const blob = (digest: string): Promise<unknown> => read(`blobs/${digest.replace(':', '/')}`);
  const { manifests } = (await read('index.json')) as { manifests: { digest: string }[] };
  const { config, layers } = (await blob(manifests[0]?.digest ?? '')) as Record<'config', { digest: string }> & {
    layers: { digest: string }[];
  };
  const { rootfs } = (await blob(config.digest)) as { rootfs: { diff_ids: string[] } };
  return { layers: layers.map(({ digest }) => digest), diffIds: rootfs.diff_ids };
}

/** Extracts what came of it, and finds what the layers mean. */
async function comesTo(scene: Scene, layout: string, has: { readonly otherTimes?: boolean } = {}): Promise<void> {
  const { run, one, assertUnharmed, assertMeant, assertNothing, clear } = scene;
  const result = await run(['extract', `oci:WORK/${layout}:1`, '/', 'TARGET']);
  await assertUnharmed(layout);
  if (one.refused === undefined) {
    assertDone(result, layout);
    await assertMeant(layout, has);
  } else if (has.otherTimes !== true || one.trick !== 'times') {
    assert.equal(refusal(result, layout), one.refused.code, result.stderr);
    await assertNothing(layout);
  }
  await clear();
}

/** An appended layer is kept byte for byte, or made gzip of; its archive stays the same. */
async function appends({ run, work, layers, one, assertUnharmed }: Scene): Promise<void> {
  const files = layers.map((_, at) => `WORK/layer${at}`);
  const result = await run(['append', `oci:${base}:1`, ...files, '-t', 'oci:WORK/appended:1']);
  await assertUnharmed('append');
  if (one.refused !== undefined && ['bytes', 'head', 'headers'].includes(one.refused.at)) {
    assert.equal(refusal(result, 'append'), one.refused.code);
    return;
  }
  assertDone(result, 'append');
  const image = await imageAt(work, 'appended');
  assert.deepEqual(image.diffIds, diffIdsOf({ layers }));
  for (const { packed, diffId } of layers) {
    const isCompressed = digestOf(packed) !== diffId;
    if (isCompressed) assert.ok(image.layers.includes(digestOf(packed)), 'byte for byte');
  }
}

/** Changes the image; what cannot be is refused, by a code that tells why. @returns whether it was done */
async function changes(
  { run, one, assertUnharmed }: Scene,
  layout: string,
  args: readonly string[],
  isRefused: boolean,
): Promise<boolean> {
  const result = await run([...args, 'IMAGE', '-t', `oci:WORK/${layout}:1`]);
  await assertUnharmed(layout);
  if (isRefused) assert.ok([one.refused?.code, 'DIGEST_MISMATCH'].includes(refusal(result, layout)), result.stderr);
  else assertDone(result, layout);
  return !isRefused;
}

/** Layers that are compressed otherwise have the same archives. */
async function converts(scene: Scene): Promise<void> {
  const args = ['convert', '--compression', 'none', '--force'];
  if (!(await changes(scene, 'converted', args, scene.one.refused?.at === 'bytes'))) return;
  const { layers, diffIds } = await imageAt(scene.work, 'converted');
  assert.deepEqual([layers, diffIds], [diffIdsOf(scene), diffIdsOf(scene)]);
}

/** Who compresses a layer looks at no entry: one that unpacks is like the other. */
function isAboutBytes({ trick, refused }: Case): boolean {
  return (
    refused?.at === 'bytes' || refused?.at === 'headers' || ['streams', 'bombs', 'checksums', 'the end'].includes(trick)
  );
}

/** Every header is written anew, with this time. */
const rewrite = ['mutate', '--compression', 'gzip', '--time-set', '2001-02-03T04:05:06Z'];

describe('CAP-G5 CAP-G7 CAP-G9 CAP-G10: hostile layers in images that are changed', () => {
  for (const one of corpus) {
    const { at = 'disk' } = one.refused ?? {};
    test(titleOf(one), () =>
      stage.play(one, async (scene) => {
        await appends(scene);
        if (isAboutBytes(one)) await converts(scene);
        if (await changes(scene, 'rewritten', rewrite, at !== 'files' && at !== 'disk'))
          await comesTo(scene, 'rewritten', { otherTimes: true });
        if (await changes(scene, 'flat', ['flatten'], at !== 'disk')) await comesTo(scene, 'flat');
      }),
    );
  }
});

function diffIdsOf({ layers }: Pick<Scene, 'layers'>): string[] {
  return layers.map(({ diffId }) => diffId);
}
