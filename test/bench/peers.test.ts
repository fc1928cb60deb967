/** Where the bench finds the peers. */
import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageVersion, peersPath } from '../../bench/peers.ts';
import { temporaryDirectory } from '../support/real/temporary.ts';

test('a peer that was fetched has the version of its package; one on PATH is found before it', async () => {
  const { path, remove } = await temporaryDirectory('peers');
  try {
    const [users, fetched] = [join(path, 'users'), join(path, 'fetched')];
    for (const folder of [users, fetched]) await mkdir(folder);
    await writeFile(join(fetched, 'crane'), '');
    await writeFile(join(fetched, 'crane.version'), '0.20.7+ds1-5\n');
    const both = peersPath(users, fetched);
    assert.equal(packageVersion('crane', both), undefined, 'what cannot be run is no program');
    await chmod(join(fetched, 'crane'), 0o755);
    assert.equal(packageVersion('crane', both), '0.20.7+ds1-5');
    await writeFile(join(users, 'crane'), '', { mode: 0o755 });
    assert.equal(packageVersion('crane', both), undefined);
    assert.equal(packageVersion('regctl', both), undefined);
  } finally {
    await remove();
  }
});
