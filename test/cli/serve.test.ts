import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { hashSync } from 'bcryptjs';
import type { SignalName } from '../../src/cli/context.ts';
import { type CliResult, cli, startCli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';

let world: World;
let folder: string;

before(async () => {
  world = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-serve-'));
});
after(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

/** Serves while something is done, then interrupts it. */
async function whileServing(words: string, work: (host: string) => Promise<void>): Promise<CliResult> {
  const serving = startCli(['serve', '--port', '0', ...words.split(' ').filter(Boolean)], { cwd: folder });
  const url = await serving.firstLine();
  try {
    await work(new URL(url).host);
  } finally {
    serving.send('SIGINT' satisfies SignalName);
  }
  return serving.done;
}

test('serves from memory until it is interrupted', async () => {
  const { code, stdout, stderr } = await whileServing('', async (host) => {
    assert.equal((await cli(['copy', `${world.host}/team/app:1.0`, `${host}/app:1`])).code, 0);
    assert.equal((await cli(['tags', `${host}/app`])).stdout, '1\n');
    assert.equal((await cli(['digest', `${host}/app:1`])).stdout.trim(), world.app.manifest.descriptor.digest);
  });
  assert.equal(code, 0);
  assert.match(stdout, /^http:\/\/127\.0\.0\.1:\d+\n$/);
  assert.match(stderr, /^201 {2}PUT \/v2\/app\/manifests\/1/m);
});

test('serves a directory, and finds there what was pushed before', async () => {
  await whileServing('registry', async (host) => {
    assert.equal((await cli(['copy', `${world.host}/team/single:1`, `${host}/a/b:1`])).code, 0);
  });
  await whileServing('registry --read-only', async (host) => {
    assert.equal((await cli(['repos', host])).stdout, 'a/b\n');
    assert.equal((await cli(['tag', `${host}/a/b:1`, '2'])).code, 4);
  });
  const { code } = await cli(['validate', 'oci:registry/a/b:1'], { cwd: folder });
  assert.equal(code, 0);
});

test('--no-delete refuses deletions', async () => {
  await whileServing('registry --no-delete', async (host) => {
    assert.equal((await cli(['untag', '--yes', `${host}/a/b:1`])).code, 7);
    assert.equal((await cli(['tags', `${host}/a/b`])).stdout, '1\n');
  });
});

test('--htpasswd lets in its users and nobody else', async () => {
  await writeFile(path.join(folder, 'users'), `# people\nme:${hashSync('secret', 4)}\n`);
  await whileServing('--htpasswd users', async (host) => {
    assert.equal((await cli(['ping', host])).code, 4);
    assert.equal((await cli(['ping', '--creds', 'me:guess', host])).code, 4);
    assert.equal((await cli(['ping', '--creds', 'you:secret', host])).code, 4);
    assert.equal((await cli(['ping', '--creds', 'me:secret', host])).code, 0);
  });
});

test('what cannot be served is told', async () => {
  const taken = await cli(['serve', '--port', world.host.split(':')[1] ?? '']);
  assert.equal(taken.code, 1);
  assert.match(taken.stderr, /cannot listen on 127\.0\.0\.1 port \d+.*another program/);
  await writeFile(path.join(folder, 'md5'), 'me:$apr1$x$y\n');
  assert.match(
    (await cli(['serve', '--htpasswd', 'md5'], { cwd: folder })).stderr,
    /md5 line 1 is not a user and a bcrypt hash/,
  );
  assert.equal((await cli(['serve', '--port', '70000'])).code, 2);
  assert.equal((await cli(['serve', '--tls-cert', 'x'])).code, 2);
});

test('with --json it streams an object a request', async () => {
  const { stdout } = await whileServing('--json', async (host) => {
    await cli(['ping', host]);
  });
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; path?: string });
  assert.deepEqual(
    lines.map(({ type }) => type),
    ['listening', 'request'],
  );
  assert.equal(lines[1]?.path, '/v2/');
});
