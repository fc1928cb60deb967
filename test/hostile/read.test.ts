/** Hostile images that are looked into: what is listed, printed and exported is what is meant, or all of it is refused. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { needs } from '../support/real/find-tool.ts';
import { corpus, titleOf } from '../support/hostile/corpus.ts';
import { openStage, type Scene, type Stage } from '../support/hostile/scene.ts';
import { assertDone, refusal } from '../support/hostile/verdict.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage.end());

async function lists({ run, expected, one, assertUnharmed }: Scene): Promise<void> {
  const result = await run(['files', '--json', '-r', 'IMAGE', '/']);
  await assertUnharmed('files');
  if (one.refused !== undefined && one.refused.at !== 'disk') return refused(one, result, 'files');
  assertDone(result, 'files');
  const shown = result.stdout.split('\n').filter((line) => line !== '');
  const paths = shown
    .map((line) => (JSON.parse(line) as { path: string }).path)
    .filter((path) => !isLeftOut(one, path));
  if (expected !== undefined) assert.equal(paths.length, expected.size - 1, result.stdout);
  for (const path of paths) assert.ok(!path.startsWith('/') && !path.split('/').includes('..'), path);
}

function refused(one: Scene['one'], result: Parameters<typeof refusal>[0], what: string): void {
  assert.equal(refusal(result, what), one.refused?.code, result.stderr);
}

function isLeftOut(one: Scene['one'], path: string): boolean {
  return path === '' || one.leftOut?.includes(path) === true;
}

/** Whatever path is asked for, nothing but what is in the image is printed. */
async function prints({ run, secret, outside, assertUnharmed, one }: Scene): Promise<void> {
  for (const path of ['a', `${outside}/canary`, 'a/canary']) {
    const result = await run(['cat', 'IMAGE', path]);
    await assertUnharmed(`cat ${path}`);
    assert.ok(!result.stdout.includes(secret), path);
    if (result.code !== 0) refusal(result, `cat ${path}`);
    else assert.notEqual(one.refused?.at, 'bytes');
  }
}

/** What is exported is unpacked by tar(1), which has to find the same tree in it. */
async function exports(scene: Scene): Promise<void> {
  const { run, target, one, expected, assertUnharmed, assertMeant, clear } = scene;
  const result = await run(['export', 'IMAGE', 'WORK/export.tar']);
  await assertUnharmed('export');
  if (expected === undefined && one.refused?.at !== 'disk') return refused(one, result, 'export');
  assertDone(result, 'export');
  if (expected === undefined) return;
  await mkdir(target);
  const excluded = (one.leftOut ?? []).map((name) => `--exclude=${name}`);
  execFileSync('tar', ['-C', target, '-xpf', `${scene.work}/export.tar`, '--numeric-owner', ...excluded], {
    stdio: 'pipe',
  });
  await assertUnharmed('tar');
  await assertMeant('export');
  await clear();
}

const { skip } = process.geteuid?.() === 0 ? needs('tar') : { skip: 'skipped: tar(1) gives files away for root only' };

describe('CAP-E11 CAP-E12 CAP-E13: hostile images, looked into', () => {
  for (const one of corpus) {
    test(titleOf(one), (t) =>
      stage.play(one, async (scene) => {
        await lists(scene);
        await prints(scene);
        if (skip === undefined) await exports(scene);
        else t.diagnostic(skip);
      }),
    );
  }
});
