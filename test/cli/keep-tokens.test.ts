/** `keepTokens` in the settings: what the next command asks for, what is on the disk, and what a logout leaves. */
import assert from 'node:assert/strict';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { serve } from '../../src/node/serve/serve.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { canary } from '../support/planted-secrets.ts';
import { secretsBelow } from '../support/secret-files.ts';
import { temporaryDirectory } from '../support/real/temporary.ts';

interface World {
  readonly home: string;
  readonly host: string;
  /** Paths, and what was shown: since it was last asked. */
  readonly asked: () => readonly string[];
  /** Runs a command as a user who has this in the settings. */
  readonly run: (settings: string, ...argv: string[]) => Promise<CliResult>;
}

/** A registry with one tag, which wants a token of itself. */
function inWorld(body: (world: World) => Promise<void>): () => Promise<void> {
  return async () => {
    const log: string[] = [];
    const { path: home, remove } = await temporaryDirectory('keep-tokens');
    const { host, close } = await serve(async (request) => {
      const { pathname, origin } = new URL(request.url);
      const shown = request.headers.get('authorization') ?? '';
      log.push(`${pathname} ${shown.split(' ')[0]}`.trim());
      if (pathname === '/token')
        return Response.json({ token: canary.issued, expires_in: 300, refresh_token: canary.identity });
      const challenge = `Bearer realm="${origin}/token",service="s",scope="repository:a/b:pull"`;
      if (!shown.startsWith('Bearer'))
        return new Response('', { status: 401, headers: { 'www-authenticate': challenge } });
      return Response.json({ name: 'a/b', tags: ['1'] });
    });
    await mkdir(join(home, 'config', 'lading'), { recursive: true });
    const env = { HOME: home, XDG_CONFIG_HOME: join(home, 'config'), XDG_CACHE_HOME: join(home, 'cache') };
    const run = async (settings: string, ...argv: string[]): Promise<CliResult> => {
      await writeFile(join(home, 'config', 'lading', 'config.yaml'), settings);
      return cli(argv, { env });
    };
    try {
      await body({ home, host, asked: () => log.splice(0), run });
    } finally {
      await close();
      await remove();
    }
  };
}

const creds = ['--creds', `me:${canary.password}`] as const;
const TAGS = '/v2/a/b/tags/list';

test(
  'without it every command asks for a token, and leaves none',
  inWorld(async ({ home, host, asked, run }) => {
    for (const settings of ['', 'keepTokens: false', '']) {
      assert.equal((await run(settings, 'tags', `${host}/a/b`, ...creds)).stdout, '1\n');
      assert.deepEqual(asked(), [TAGS, '/token Basic', `${TAGS} Bearer`]);
    }
    assert.deepEqual(await secretsBelow(home), []);
  }),
);

test(
  'with it the next command makes one request, and one file holds the token alone',
  inWorld(async ({ home, host, asked, run }) => {
    await run('keepTokens: true', 'tags', `${host}/a/b`, ...creds);
    asked();
    const { stdout, stderr } = await run('keepTokens: true', 'tags', `${host}/a/b`, ...creds);
    assert.deepEqual([stdout, stderr], ['1\n', '']);
    assert.deepEqual(asked(), [`${TAGS} Bearer`]);
    assert.deepEqual(await secretsBelow(home), ['cache/lading/tokens.json: issued']);
    if (process.platform !== 'win32') {
      assert.equal((await stat(join(home, 'cache', 'lading', 'tokens.json'))).mode & 0o777, 0o600);
    }
  }),
);

test(
  'who says it no more uses none that was kept',
  inWorld(async ({ host, asked, run }) => {
    await run('keepTokens: true', 'tags', `${host}/a/b`, ...creds);
    asked();
    await run('', 'tags', `${host}/a/b`, ...creds);
    assert.deepEqual(asked(), [TAGS, '/token Basic', `${TAGS} Bearer`]);
  }),
);

test(
  'a logout forgets the tokens of that registry',
  inWorld(async ({ home, host, asked, run }) => {
    await run('keepTokens: true', 'tags', `${host}/a/b`, ...creds);
    await run('', 'logout', 'elsewhere.test');
    assert.deepEqual(await secretsBelow(home), ['cache/lading/tokens.json: issued']);
    await run('', 'logout', host);
    assert.deepEqual(await secretsBelow(home), []);
    asked();
    await run('keepTokens: true', 'tags', `${host}/a/b`, ...creds);
    assert.equal(asked().length, 3);
  }),
);

test(
  'what cannot be kept is a warning, and the command does its work',
  inWorld(async ({ home, host, run }) => {
    await mkdir(join(home, 'cache', 'lading', 'tokens.json'), { recursive: true });
    const { code, stdout, stderr } = await run('keepTokens: true', 'tags', `${host}/a/b`, ...creds);
    assert.deepEqual([code, stdout], [0, '1\n']);
    assert.match(stderr, /^warning: the tokens in [^\n]+ are not used[^\n]*\n$/);
  }),
);

test(
  'a setting that is neither true nor false is told',
  inWorld(async ({ host, run }) => {
    const { code, stderr } = await run('keepTokens: often', 'tags', `${host}/a/b`);
    assert.notEqual(code, 0);
    assert.match(stderr, /config\.yaml: keepTokens is not true or false/);
  }),
);
