/** Hostile archives as the directories of an artifact: what is refused leaves nothing behind, and whoever pulls owns what he pulls. */
import assert from 'node:assert/strict';
import { mkdir, symlink as makeLink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildArtifact } from '../../src/testing/fixtures.ts';
import { corpus, titleOf } from '../support/hostile/corpus.ts';
import { openStage, type Scene, type Stage } from '../support/hostile/scene.ts';
import { assertDone, refusal } from '../support/hostile/verdict.ts';
import { filesBelow } from '../support/layouts.ts';
import { writePlainLayout } from '../support/plain-layout.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage.end());

/** Pulls each layer as a directory of this title. */
async function pull(scene: Scene, title: string): Promise<ReturnType<Scene['run']>> {
  const annotations = { 'org.opencontainers.image.title': title, 'io.deis.oras.content.unpack': 'true' };
  const blobs = scene.layers.map(({ packed }) => ({
    bytes: packed,
    mediaType: 'application/x-directory',
    annotations,
  }));
  await writePlainLayout(buildArtifact({ artifactType: 'a/b', blobs }), join(scene.work, 'artifact'));
  const result = scene.run(['artifact', 'pull', 'oci:WORK/artifact:1', '-o', 'TARGET']);
  await result;
  await scene.assertUnharmed('artifact pull');
  return result;
}

describe('CAP-I1: hostile archives of directories', () => {
  for (const one of corpus) {
    test(titleOf(one), (t) =>
      stage.play(one, async (scene) => {
        if (scene.layers.length !== 1) return t.diagnostic('a directory has one archive');
        const result = await pull(scene, 'docs');
        if (one.refused === undefined && one.isNoDirectory !== true) {
          assertDone(result, 'artifact pull');
          return scene.assertMeant('artifact pull', { at: 'docs', contentOnly: true });
        }
        const code = refusal(result, 'artifact pull');
        assert.ok(code === 'LAYOUT_INVALID' || code === one.refused?.code, `${code}: ${result.stderr}`);
        assert.deepEqual(await filesBelow(scene.target), []);
      }),
    );
  }

  test('nothing is written through a link that stands there, nor through one that came before', () =>
    stage.play(plainOne(), async (scene) => {
      await mkdir(scene.target);
      await makeLink(scene.outside, join(scene.target, 'docs'));
      assert.equal(refusal(await pull(scene, 'docs'), 'into a link'), 'CONFLICT');
      assert.equal(refusal(await pull(scene, 'docs/etc'), 'through a link'), 'CONFLICT');
    }));

  for (const title of ['../docs', '/docs', 'a/../../docs', '..', 'a\0b']) {
    test(`the title ${JSON.stringify(title)} is refused`, () =>
      stage.play(plainOne(), async (scene) => {
        assert.equal(refusal(await pull(scene, title), title), 'LAYOUT_INVALID');
        await scene.assertNothing(title);
      }));
  }
});

function plainOne(): (typeof corpus)[number] {
  return corpus.find(({ what }) => what === './x') ?? assert.fail();
}
