import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.ts';
import { cli } from '../support/cli.ts';
import { openWorld } from '../support/cli-world.ts';

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

test('CAP-M6: tags and repositories are completed as the registry tells them', async () => {
  const world = await openWorld();
  try {
    const { host } = world;
    assert.deepEqual(await complete('digest', `${host}/team/app:1`), {
      words: [`${host}/team/app:1.0`, `${host}/team/app:1.1`],
      directive: ':4',
    });
    assert.deepEqual(
      world.requests.map(({ method, path: asked }) => `${method} ${asked}`),
      ['GET /v2/team/app/tags/list?n=1000'],
    );
    assert.deepEqual(await complete('copy', '--no-clobber', `${host}/team/app:`, `${host}/te`), {
      words: [`${host}/team/app`, `${host}/team/single`],
      directive: ':6',
    });
    assert.deepEqual((await complete('append', 'x', '--tag', `${host}/team/single:`)).words, [`${host}/team/single:1`]);
    const layout = path.join(await mkdtemp(path.join(tmpdir(), 'lading-completion-')), 'layout');
    assert.equal((await cli(['pull', `${host}/team/app:1.0`, layout])).code, 0);
    assert.deepEqual((await complete('inspect', `oci:${layout}:`)).words, [`oci:${layout}:1.0`]);
    await rm(path.dirname(layout), { recursive: true });
  } finally {
    await world.close();
  }
});

test('CAP-M6: what no registry tells is completed by the shell, and nobody is asked', async () => {
  const closed = await openWorld();
  await closed.close();
  for (const word of [
    `${closed.host}/team/app:`,
    `${closed.host}/te`,
    './team/app',
    'dir/file',
    'localhost:50',
    'oci:',
  ]) {
    assert.deepEqual(await complete('push', word), { words: [], directive: ':0' }, word);
  }
});

test('CAP-M6: bash puts a tag behind its colon', async () => {
  const { stdout } = await cli(['completion', 'bash']);
  const line = 'lading digest host/app:1';
  const shell = `
    _get_comp_words_by_ref() { words=(lading digest host/app:1); cur=host/app:1; }
    __ltrim_colon_completions() { COMPREPLY=("\${COMPREPLY[@]#\${1%:*}:}"); }
    lading() { printf 'host/app:1.0\\nhost/app:1.1\\n:4\\n'; }
    compopt() { :; }
    ${stdout}
    COMP_LINE='${line}' __lading_complete
    echo "\${COMPREPLY[@]}"`;
  assert.equal(execFileSync('bash', { input: shell, encoding: 'utf8' }), '1.0 1.1\n');
});
