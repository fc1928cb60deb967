/**
 * A directory that somebody has filled with traps before files are extracted to it. What images themselves try is in `test/hostile`.
 */
import assert from 'node:assert/strict';
import { link, mkdir, symlink as makeLink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { extract } from '../../src/node/extract/extract.ts';
import { canary } from '../support/canary.ts';
import { directory, file, layered } from '../support/layered.ts';
import { filesBelow } from '../support/layouts.ts';

test('what stands in the target is not followed, nor written to, even by force', async (t) => {
  const { target, outside, assertUnharmed } = await canary(t);
  await mkdir(target);
  for (const name of ['d', 'e']) await makeLink(outside, join(target, name));
  await makeLink('../canary', join(target, 'f'));
  await link(join(outside, 'canary'), join(target, 'h'));
  const names = ['d/x', 'f', 'e/y', 'h', 'n/z'];
  const { files } = await layered([directory('e/'), ...names.map((name) => file(name, 'pwned'))]);
  await extract(files(), '', target, { force: true });
  assert.deepEqual(await filesBelow(target), [...names].sort());
  await assertUnharmed();
});
