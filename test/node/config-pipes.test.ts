/** Settings that come through a pipe: those of a shell and of standard input are meant, and no other is waited for. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readConfigFile } from '../../src/node/credentials/config-file.ts';
import { rejection } from '../support/failure.ts';

const skip = process.platform === 'win32';
const module = new URL('../../src/node/credentials/config-file.ts', import.meta.url).href;
const tell = (path: string): string =>
  `import('${module}').then((m) => m.readConfigFile('${path}')).then(console.log, (e) => console.log(e.code))`;

function piped(path: string): string {
  const args = ['-c', `printf '{"auths":{}}' | "$0" --import tsx -C source -e "$1"`, process.execPath, tell(path)];
  return execFileSync('sh', args, { encoding: 'utf8' }).trim();
}

test('standard input is read, by each of its names', { skip }, () => {
  for (const path of ['/dev/stdin', '/dev/fd/0']) assert.equal(piped(path), '{"auths":{}}');
});

test('a pipe that a link leads to is not taken for a file that is missing', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'lading-config-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await symlink('/dev/stdin', join(folder, 'link'));
  assert.equal(piped(join(folder, 'link')), 'CONFIG_INVALID');
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  await rejection('CONFIG_INVALID', readConfigFile(join(folder, 'fifo')));
  assert.equal(await readConfigFile('/dev/null'), '');
});
