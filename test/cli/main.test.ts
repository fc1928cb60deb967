import assert from 'node:assert/strict';
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { sourceProgram } from '../support/program.ts';

const [file, ...words] = sourceProgram();

function run(argv: readonly string[], input = ''): SpawnSyncReturns<string> {
  return spawnSync(file, [...words, ...argv], { input, encoding: 'utf8' });
}

test('the program hands its process to the command, and ends with its code', () => {
  const good = run(['parse', '--json'], 'alpine\n');
  assert.equal(good.status, 0, good.stderr);
  assert.equal((JSON.parse(good.stdout) as { familiar: string }).familiar, 'alpine');
  const bad = run(['parse', 'Bad/Name']);
  assert.equal(bad.status, 2);
  assert.equal(bad.stdout, '');
});

test('a pipe that closes ends the program without a word', async () => {
  const child = spawn(file, [...words, 'parse'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.on('error', () => {});
  child.stdin.write('alpine\n');
  await once(child.stdout, 'data');
  child.stdout.destroy();
  for (let sent = 0; sent < 1000; sent++) child.stdin.write('alpine\n');
  child.stdin.end();
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert.deepEqual([code, signal, stderr], [0, null, '']);
});

test('so does a pipe that nobody ever reads', () => {
  const line = [file, ...words, '--help'].map((word) => `'${word}'`).join(' ');
  const { stdout, stderr } = spawnSync('bash', ['-c', `${line} | true; echo $PIPESTATUS`], {
    encoding: 'utf8',
  });
  assert.deepEqual([stdout, stderr], ['0\n', '']);
});
