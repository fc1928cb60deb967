/** Layers written anew are the same on every machine; and what this Node.js may not be able to do is tried on one that is. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { newerNode, NO_NEWER_NODE } from '../support/newer-node.ts';
import type { Rewritten } from '../support/rewritten-layers.ts';

const run = promisify(execFile);

/** Writes layers anew in a process of its own. */
async function rewrite(
  node: string,
  { umask = '022', env = {} }: { readonly umask?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Readonly<Record<string, Rewritten>>> {
  const line = `umask ${umask}; exec "${node}" --import tsx -C source test/support/rewritten-layers.ts`;
  const { stdout } = await run('sh', ['-c', line], { env: { PATH: process.env.PATH, ...env } });
  return JSON.parse(stdout) as Readonly<Record<string, Rewritten>>;
}

const diffIds = (results: Readonly<Record<string, Rewritten>>): readonly unknown[] =>
  Object.entries(results).map(([way, result]) => [way, result.diffIds]);

describe('CAP-G7 CAP-G9 CAP-G10: layers written anew', () => {
  test('are the same digests twice, in two time zones, under two umasks', async () => {
    const first = await rewrite(process.execPath, {
      umask: '077',
      env: { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8' },
    });
    const second = await rewrite(process.execPath, { env: { TZ: 'America/St_Johns', HOME: '/nonexistent' } });
    assert.deepEqual(Object.keys(first), ['times', 'flat', 'stripped', 'plain']);
    assert.equal(new Set(Object.values(first).map(({ digest }) => digest)).size, 4);
    assert.deepEqual(second, first);
  });

  test('unpack to the same under a newer Node.js, which can write zstd', async (t) => {
    const node = await newerNode();
    if (node === undefined) return t.skip(NO_NEWER_NODE);
    assert.deepEqual(diffIds(await rewrite(node)), diffIds(await rewrite(process.execPath)));
    const { stdout } = await run(
      node,
      ['--import', 'tsx', '-C', 'source', '--test', '--test-reporter', 'tap', 'test/image/convert.test.ts'],
      { env: { PATH: process.env.PATH } },
    );
    assert.match(stdout, /ok \d+ - with zstd is written where the runtime can, for OCI only\n/);
    assert.match(stdout, /# fail 0\n/);
  });
});
