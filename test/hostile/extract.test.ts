/**
 * Images that were made to write, link or remove outside the directory that they are extracted to, or to confuse whoever reads them: each
 * is refused, or becomes files inside it, and nothing outside is changed or read. Beside each stands one that does no harm, and comes out
 * whole. What the tricks are is in `test/support/hostile`.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { corpus, titleOf } from '../support/hostile/corpus.ts';
import { openStage, type Scene, type Stage } from '../support/hostile/scene.ts';
import { assertDone, refusal } from '../support/hostile/verdict.ts';

/** Extracts, and looks around. */
async function extracts(scene: Scene, path: string, below?: string): Promise<void> {
  const { run, one, assertUnharmed, assertMeant, assertNothing, clear } = scene;
  const result = await run(['extract', '--json', 'IMAGE', path, 'TARGET']);
  await assertUnharmed(`extract ${path}`);
  if (one.refused === undefined) {
    assertDone(result, `extract ${path}`);
    await assertMeant(`extract ${path}`, { below });
  } else {
    const code = refusal(result, `extract ${path}`);
    assert.ok(code === one.refused.code || (path !== '/' && code === 'NOT_FOUND'), `${code}: ${result.stderr}`);
    await assertNothing(`extract ${path}`);
  }
  await clear();
}

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage.end());

describe('CAP-E11 G41: hostile images, extracted', () => {
  for (const one of corpus) {
    test(titleOf(one), () =>
      stage.play(one, async (scene) => {
        await extracts(scene, '/');
        const folder = [...(scene.expected ?? [])].find(([path, { mode }]) => path !== '.' && mode.startsWith('4'));
        const path = folder?.[0] ?? (scene.expected === undefined ? 'a' : undefined);
        if (path !== undefined) await extracts(scene, path, path);
      }),
    );
  }

  test('more files than are allowed: refused, before one of them is written', () =>
    stage.play(oneOf('of as many names'), async ({ run, assertUnharmed, assertNothing }) => {
      const extracting = (limit: string): ReturnType<typeof run> =>
        run(['extract', '--max-entries', limit, 'IMAGE', '/', 'TARGET']);
      assert.equal(refusal(await extracting('149'), 'extract'), 'LIMIT');
      await assertNothing('extract');
      assertDone(await extracting('150'), 'extract');
      await assertUnharmed('extract');
    }));
});

function oneOf(what: string): (typeof corpus)[number] {
  return corpus.find((one) => one.what === what) ?? assert.fail();
}
