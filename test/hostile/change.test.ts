/**
 * Hostile layers in images that are changed. Who keeps an archive as it is (append, convert) gives it on byte for byte, as long as it
 * unpacks; who writes one anew (mutate, flatten) refuses what cannot be read. Either way the result is as harmless, and as whole, as the
 * layer was.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { corpus, titleOf } from '../support/hostile/corpus.ts';
import { openStage, type Scene, type Stage } from '../support/hostile/scene.ts';
import { assertDone, refusal } from '../support/hostile/verdict.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
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
async function comesTo(
  { run, one, assertUnharmed, assertMeant, assertNothing, clear }: Scene,
  layout: string,
): Promise<void> {
  const result = await run(['extract', `oci:WORK/${layout}:1`, '/', 'TARGET']);
  await assertUnharmed(layout);
  if (one.refused === undefined) {
    assertDone(result, layout);
    await assertMeant(layout);
  } else {
    assert.equal(refusal(result, layout), one.refused.code, result.stderr);
    await assertNothing(layout);
  }
  await clear();
}

describe('append', () => {
  for (const one of corpus) {
    test(titleOf(one), () =>
      stage.play(one, async (scene) => {
        const { run, work, layers, assertUnharmed } = scene;
        const files = layers.map((_, at) => `WORK/layer${at}`);
        const base = ['mutate', 'scratch', '--platform', 'linux/amd64', '-t', 'oci:WORK/base:1'];
        assertDone(await run(base), 'mutate scratch');
        const result = await run(['append', 'oci:WORK/base:1', ...files, '-t', 'oci:WORK/appended:1']);
        await assertUnharmed('append');
        if (one.refused?.at === 'bytes' || one.refused?.at === 'head') {
          assert.equal(refusal(result, 'append'), one.refused.code);
          return;
        }
        assertDone(result, 'append');
        const image = await imageAt(work, 'appended');
        assert.deepEqual(
          image.diffIds,
          layers.map(({ diffId }) => diffId),
        );
        const kept = layers.filter(({ packed, diffId }) => digestOf(packed) !== diffId);
        for (const { packed } of kept) assert.ok(image.layers.includes(digestOf(packed)), 'byte for byte');
        await comesTo(scene, 'appended');
      }),
    );
  }
});

/** Changes the image; what cannot be is refused, by a code that tells why. */
async function changes(scene: Scene, layout: string, args: readonly string[], isRefused: boolean): Promise<void> {
  const { run, assertUnharmed } = scene;
  const result = await run([...args, 'IMAGE', '-t', `oci:WORK/${layout}:1`]);
  await assertUnharmed(layout);
  if (isRefused) {
    assert.ok([scene.one.refused?.code, 'DIGEST_MISMATCH'].includes(refusal(result, layout)), result.stderr);
    return;
  }
  assertDone(result, layout);
  await comesTo(scene, layout);
}

describe('convert, mutate, flatten', () => {
  for (const one of corpus) {
    const { at, code } = one.refused ?? {};
    test(titleOf(one), () =>
      stage.play(one, async (scene) => {
        await changes(scene, 'converted', ['convert', '--compression', 'none', '--force'], at === 'bytes');
        if (at !== 'bytes') {
          const { diffIds } = await imageAt(scene.work, 'converted');
          assert.deepEqual(
            diffIds,
            scene.layers.map(({ diffId }) => diffId),
          );
        }
        const isUnreadable = at === 'bytes' || at === 'head' || at === 'headers';
        const rewrite = ['mutate', '--time-clamp', '2100-01-01T00:00:00Z', '--strip-file', 'no/such'];
        await changes(
          scene,
          'rewritten',
          rewrite,
          isUnreadable || (at === 'files' && scene.one.trick === 'names that climb out'),
        );
        await changes(scene, 'flat', ['flatten'], at !== undefined && code !== 'IO');
      }),
    );
  }
});
