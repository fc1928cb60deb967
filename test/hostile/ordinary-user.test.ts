/** The same once more as a user who is not root: nothing outside changes, devices are left out, and every file is his own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, chown, constants, stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { temporaryDirectory } from '../support/real/temporary.ts';

const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;
const skip = isRoot
  ? false
  : 'skipped: whoever runs this is an ordinary user already, and only root can become another one';

/** Runs a file of tests as that user, with a folder of his own for what is temporary. */
async function runAsNobody(file: string, own: string): Promise<{ readonly code: unknown; readonly output: string }> {
  const env = { PATH: process.env.PATH, HOME: own, TMPDIR: own };
  const args = ['--import', 'tsx', '-C', 'source', '--test', '--test-reporter=tap', file];
  const child = spawn(process.execPath, args, { uid: NOBODY, gid: NOBODY, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return { code, output };
}

describe('hostile archives, for an ordinary user', { skip }, () => {
  test('all that is refused, contained and whole for root', async (t) => {
    const isOpen = await access('.', constants.R_OK).then(async () => ((await stat('.')).mode & 0o5) === 0o5);
    if (!isOpen) return t.skip('skipped: other users cannot read the sources');
    const { path, remove } = await temporaryDirectory('nobody');
    t.after(remove);
    await chown(path, NOBODY, NOBODY);
    await chmod(path, 0o700);
    const { code, output } = await runAsNobody('test/hostile/extract.test.ts', path);
    const failed = output.split('\n').filter((line) => /^\s*not ok/.test(line));
    assert.deepEqual([code, failed], [0, []], output.slice(-4000));
    assert.ok(Number(/^# pass (\d+)$/m.exec(output)?.[1]) > 100, 'all of them have run');
  });
});
