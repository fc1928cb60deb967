import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { basicAccess } from '../../src/server/basic-access.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';

let world: World;
let open: World;
let home: string;

before(async () => {
  world = await openWorld({
    access: basicAccess({ check: (user, password) => user === 'me' && password === 'secret' }),
  });
  open = await openWorld();
  home = await mkdtemp(path.join(tmpdir(), 'lading-home-'));
});
after(async () => {
  await world.close();
  await open.close();
  await rm(home, { recursive: true });
});

function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const env = { HOME: home, DOCKER_CONFIG: home, ...options.env };
  return cli(line.replaceAll('REGISTRY', world.host).replaceAll('OPEN', open.host).split(' '), { ...options, env });
}

test('AUTH-5 AUTH-14 NODE-24: login proves the password before it keeps it, for its owner only', async () => {
  const wrong = await run('login -u me --password-stdin REGISTRY', { stdin: 'guess\n' });
  assert.equal(wrong.code, 4);
  await assert.rejects(stat(path.join(home, 'config.json')));
  const right = await run('login -u me --password-stdin --json REGISTRY', { stdin: 'secret\n' });
  assert.equal(right.code, 0, right.stderr);
  assert.deepEqual(JSON.parse(right.stdout), {
    registry: world.host,
    username: 'me',
    file: path.join(home, 'config.json'),
  });
  assert.equal((await stat(path.join(home, 'config.json'))).mode & 0o777, 0o600);
  assert.match(right.stderr, /unencrypted/);
});

test('AUTH-12: a login is used, shown, explained without its secret, and forgotten', async () => {
  await run('login -u me --password-stdin REGISTRY', { stdin: 'secret' });
  assert.equal((await run('tags REGISTRY/team/single')).stdout, '1\n');
  assert.equal((await run('whoami REGISTRY')).stdout, 'me\n');
  const explained = await run('auth explain REGISTRY/team/app');
  assert.match(explained.stdout, /found the password of me/);
  const asJson = await run('auth explain --json REGISTRY/team/app');
  assert.deepEqual((JSON.parse(asJson.stdout) as { found: object }).found, { kind: 'password', username: 'me' });
  assert.doesNotMatch(explained.stdout + asJson.stdout, /secret/);
  assert.equal((await run('logout REGISTRY')).stdout, `logged out of ${world.host}\n`);
  assert.equal((await run('whoami REGISTRY')).code, 4);
  assert.equal((await run('tags REGISTRY/team/single')).code, 4);
  assert.match((await run('logout REGISTRY')).stdout, /there was no login/);
});

test('--skip-check keeps a password untried', async () => {
  const { code } = await run('login -u me --password-stdin --skip-check localhost:1', { stdin: 'x' });
  assert.equal(code, 0);
  assert.match(await readFile(path.join(home, 'config.json'), 'utf8'), /localhost:1/);
});

test('without a terminal or a pipe nobody is asked for a password', async () => {
  const { code, stderr } = await run('login -u me REGISTRY');
  assert.equal(code, 2);
  assert.match(stderr, /--password-stdin/);
});

test('AUTH-2 C7 GO-10: a credential may come by flag, with its password from stdin', async () => {
  assert.equal((await run('tags --creds me:secret REGISTRY/team/single')).stdout, '1\n');
  const piped = await run('tags --creds me --password-stdin REGISTRY/team/single', { stdin: 'secret\n' });
  assert.equal(piped.stdout, '1\n');
  const half = await run('tags --creds me REGISTRY/team/single');
  assert.equal(half.code, 2);
  assert.match(half.stderr, /--password-stdin/);
});

test('AUTH-1 GO-11: --no-creds stays anonymous whatever the files say', async () => {
  const auth = Buffer.from('me:secret').toString('base64');
  await writeFile(path.join(home, 'config.json'), JSON.stringify({ auths: { [world.host]: { auth } } }));
  assert.equal((await run('tags REGISTRY/team/single')).code, 0);
  assert.equal((await run('tags --no-creds REGISTRY/team/single')).code, 4);
});

test('the two ends of a copy have their own credentials', async () => {
  await writeFile(path.join(home, 'config.json'), '{}');
  const there = await run('copy --to-creds me:secret OPEN/team/single:1 REGISTRY/new/single:1');
  assert.equal(there.code, 0, there.stderr);
  const back = await run('copy --from-creds me:secret REGISTRY/new/single:1 OPEN/new/single:2');
  assert.equal(back.code, 0, back.stderr);
  assert.equal((await run('copy --from-creds me:secret OPEN/team/single:1 REGISTRY/new/single:3')).code, 4);
  const sent = open.requests.map(({ headers }) => headers.authorization).filter((value) => value !== undefined);
  assert.deepEqual(sent, []);
});

test('the terminal does not show the password that is typed', async () => {
  const { code, stderr } = await run('login -u me REGISTRY', { stdin: 'secret\n', stdinIsTTY: true });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Password for me: /);
  assert.doesNotMatch(stderr, /secret/);
});
