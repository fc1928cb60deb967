/** Somebody else at work in the directory while it is written: folders become links to elsewhere, and nothing goes there. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, symlink as makeLink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isOciError } from '../../src/errors.ts';
import type { FileSystem } from '../../src/image/files/file-system.ts';
import { extract } from '../../src/node/extract/extract.ts';
import { canary } from '../support/canary.ts';
import { directory, file, layered } from '../support/layered.ts';
import { refused } from '../support/refused.ts';

/** Does something once, when the directories stand and the first file comes. */
function before(files: FileSystem, act: () => Promise<void>): FileSystem {
  return {
    ...files,
    async *bodies(wanted, options) {
      await act();
      yield* files.bodies(wanted, options);
    },
  };
}

test('a folder that became a link to outside is not written to', async (t) => {
  const { outside, target, assertUnharmed } = await canary(t);
  const { files } = await layered([directory('d/'), file('d/x', 'pwned')]);
  const swapping = before(files(), async () => {
    await rename(join(target, 'd'), join(target, 'moved'));
    await makeLink(outside, join(target, 'd'));
  });
  await refused(extract(swapping, '', target), 'CONFLICT', /"d" in .* is no directory/);
  await assertUnharmed();
});

test('a name that a link took meanwhile is not written through', async (t) => {
  const { target, assertUnharmed } = await canary(t);
  const { files } = await layered([directory('d/'), file('d/x', 'pwned')]);
  const trapping = before(files(), () => makeLink('../../canary', join(target, 'd', 'x')));
  await refused(extract(trapping, '', target), 'CONFLICT', /"d\/x" stands already in /);
  await assertUnharmed();
});

const onLinux = { skip: process.platform === 'linux' ? false : 'only Linux has /proc/self/fd' };

test('a folder that is open goes on being the same, wherever it is moved to', onLinux, async (t) => {
  const { outside, target, assertUnharmed } = await canary(t);
  const { files } = await layered([directory('d/'), directory('d/e/'), file('d/e/x', 'mine'), file('d/x', 'mine')]);
  const swapping = before(files(), async () => {
    await rename(join(target, 'd'), join(target, 'moved'));
    await makeLink(outside, join(target, 'd'));
  });
  await extract(swapping, '', target);
  await assertUnharmed();
});

test('links and folders changing places all the time lead nothing outside', onLinux, async (t) => {
  const { outside, target, assertUnharmed } = await canary(t);
  const folders = Array.from({ length: 40 }, (_, at) => `d${at % 4}/${at}/`);
  const layer = folders.flatMap((name) => [directory(name), file(`${name}x`, 'pwned'), file(`${name}y`, 'pwned')]);
  const { files } = await layered(layer);
  const script = `
    const fs = require('node:fs');
    const [target, outside] = process.argv.slice(1);
    process.stdout.write('ready');
    for (;;) for (const name of ['d0', 'd1', 'd2', 'd3']) {
      try {
        fs.renameSync(target + '/' + name, target + '/held');
        fs.symlinkSync(outside, target + '/' + name);
        fs.unlinkSync(target + '/' + name);
        fs.renameSync(target + '/held', target + '/' + name);
      } catch {}
    }`;
  const child = spawn(process.execPath, ['-e', script, target, outside], { stdio: ['ignore', 'pipe', 'inherit'] });
  let ended = 0;
  try {
    await once(child.stdout, 'data');
    for (let round = 0; round < 15; round++) {
      await extract(files(), '', target, { force: true }).then(
        () => ended++,
        (error: unknown) => assert.ok(isOciError(error, 'CONFLICT', 'IO'), String(error)),
      );
    }
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  await assertUnharmed(`${ended} of 15 came through`);
});
