import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.ts';
import { cli } from '../support/cli.ts';

/** The completions of the last word, and the directive that ends them. */
async function complete(...words: string[]): Promise<{ words: string[]; directive: string | undefined }> {
  const { code, stdout } = await cli(['complete', '--', ...words]);
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split('\n');
  return { words: lines.slice(0, -1).map((line) => line.split('\t')[0] ?? ''), directive: lines.at(-1) };
}

test('completes commands, their parts, options and the values of options', async () => {
  const all = await complete('');
  assert.deepEqual(all.words.sort(), COMMANDS.map(({ name }) => name).sort());
  assert.deepEqual((await complete('ta')).words, ['tags', 'tag']);
  assert.deepEqual((await complete('blob', '')).words, ['get', 'head', 'push', 'copy', 'delete']);
  assert.deepEqual((await complete('tags', '--so')).words, ['--sort']);
  assert.deepEqual((await complete('tags', '--sort', '')).words, ['name', 'semver', 'created']);
});

test('where a path may stand, the shell completes it', async () => {
  assert.deepEqual(await complete('push', './al'), { words: [], directive: ':0' });
  assert.equal((await complete('ta')).directive, ':4');
});

test('there is a script for each shell, and bash understands its own', async () => {
  for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
    const { code, stdout } = await cli(['completion', shell]);
    assert.equal(code, 0);
    assert.match(stdout, /lading complete/, shell);
  }
  const { stdout } = await cli(['completion', 'bash']);
  assert.match(stdout, /^complete -o default -F __lading_complete lading$/m);
  execFileSync('bash', ['-n'], { input: stdout });
  assert.equal((await cli(['completion', 'tcsh'])).code, 2);
});
