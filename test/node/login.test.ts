import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { dockerCredentials } from '../../src/node/credentials/docker-config.ts';
import { eraseCredential, storeCredential } from '../../src/node/credentials/login.ts';
import { rejection } from '../support/failure.ts';
import { answers, fakeHome } from '../support/fake-helper.ts';

const credential = { username: 'me', password: 'hunter2:x' };
const auth = Buffer.from('me:hunter2:x').toString('base64');
const text = (file: string) => readFile(file, 'utf8');
const mode = async (file: string) => (await stat(file)).mode & 0o777;

test('a login makes the file as docker does, and is found again', async (context) => {
  const { env, home, configFile } = await fakeHome(context);
  assert.deepEqual(await storeCredential('ghcr.io', credential, { env, home }), { file: configFile });
  assert.equal(await text(configFile), `{\n\t"auths": {\n\t\t"ghcr.io": {\n\t\t\t"auth": "${auth}"\n\t\t}\n\t}\n}`);
  assert.deepEqual(await dockerCredentials({ env, home })('ghcr.io'), credential);
  assert.deepEqual(await readdir(dirname(configFile)), ['config.json'], 'nothing else is left behind');
});

test('every kind of credential is found again', async (context) => {
  const { env, home } = await fakeHome(context);
  const all = [
    credential,
    { identityToken: 't' },
    { identityToken: 't', username: 'u' },
    { registryToken: 'r' },
    { username: '', password: 'p' },
  ];
  for (const one of all) {
    await storeCredential('a.io', one, { env, home });
    assert.deepEqual(await dockerCredentials({ env, home })('a.io'), one);
  }
});

test('Docker Hub has one key, by whatever name', async (context) => {
  const { env, home, configFile } = await fakeHome(context);
  for (const host of ['docker.io', 'index.docker.io', 'https://index.docker.io/v1/', 'registry-1.docker.io']) {
    await storeCredential(host, credential, { env, home });
  }
  assert.deepEqual(Object.keys((JSON.parse(await text(configFile)) as { auths: object }).auths), [
    'https://index.docker.io/v1/',
  ]);
  assert.deepEqual(await dockerCredentials({ env, home })('docker.io'), credential);
});

test('G11: all that is not the entry stays as it is, byte for byte', async (context) => {
  const { env, home, write } = await fakeHome(context);
  const before = `{
  "zzz": 1.0, "HttpHeaders": {"X-Meta":   "a"},
  "auths": {
    "b.io": { "auth": "Yjpi", "email": "b@b" },
    "a.io": { "email": "a@a", "auth": "YTph", "username": "old", "password": "old" }
  },
  "10": [1,2 , 3], "big": 123456789012345678901234567890
}
`;
  const file = await write('.docker/config.json', before);
  await storeCredential('a.io', credential, { env, home });
  const entry = '{ "email": "a@a", "auth": "YTph", "username": "old", "password": "old" }';
  const written = before.replace(entry, `{\n      "email": "a@a",\n      "auth": "${auth}"\n    }`);
  assert.equal(await text(file), written);
  await storeCredential('c.io', credential, { env, home });
  await eraseCredential('c.io', { env, home });
  assert.equal(await text(file), written);
});

for (const mask of [0o000, 0o077, 0o177]) {
  test(`G11: only the owner can read the file, under umask ${mask.toString(8)}`, async (context) => {
    const { env, home, configFile } = await fakeHome(context);
    const old = process.umask(mask & 0o077);
    context.after(() => process.umask(old));
    await storeCredential('a.io', credential, { env, home });
    process.umask(mask);
    await storeCredential('b.io', credential, { env, home });
    assert.equal(await mode(configFile), 0o600);
    assert.equal(await mode(dirname(configFile)), 0o700);
  });
}

test('a file that others could read is tightened', async (context) => {
  const { env, home, write } = await fakeHome(context);
  const file = await write('.docker/config.json', {});
  await chmod(file, 0o644);
  await storeCredential('a.io', credential, { env, home });
  assert.equal(await mode(file), 0o600);
});

test('a symbolic link stays one, also one to nothing', async (context) => {
  const { env, home, configFile } = await fakeHome(context);
  await mkdir(join(home, 'dotfiles'));
  await mkdir(dirname(configFile));
  await symlink('../dotfiles/docker.json', configFile);
  for (const host of ['a.io', 'b.io']) await storeCredential(host, credential, { env, home });
  assert.ok((await lstat(configFile)).isSymbolicLink());
  assert.equal(await readlink(configFile), '../dotfiles/docker.json');
  const real = join(home, 'dotfiles', 'docker.json');
  assert.deepEqual(Object.keys((JSON.parse(await text(real)) as { auths: object }).auths), ['a.io', 'b.io']);
  assert.equal(await mode(real), 0o600);
});

test('the file is chosen as for the look-up', async (context) => {
  const { env, home } = await fakeHome(context);
  const own = join(home, 'x', 'auth.json');
  assert.equal(
    (await storeCredential('a.io', credential, { env: { ...env, REGISTRY_AUTH_FILE: own }, home })).file,
    own,
  );
  const docker = { ...env, DOCKER_CONFIG: join(home, 'd') };
  assert.equal((await storeCredential('a.io', credential, { env: docker, home })).file, join(home, 'd', 'config.json'));
});

test('with a helper the file holds no secret', async (context) => {
  const { env, home, write, helper, asked } = await fakeHome(context);
  await helper('store', answers('u', 'p'));
  await helper('own', answers('u', 'p'));
  const file = await write('.docker/config.json', {
    credsStore: 'store',
    credHelpers: { 'b.io': 'own' },
    auths: { 'a.io': { auth } },
  });
  assert.deepEqual(await storeCredential('a.io', credential, { env, home }), { file, helper: 'store' });
  await storeCredential('docker.io', { identityToken: 'T' }, { env, home });
  await storeCredential('b.io', credential, { env, home });
  const { auths } = JSON.parse(await text(file)) as { auths: object };
  assert.deepEqual(auths, { 'a.io': {}, 'https://index.docker.io/v1/': {}, 'b.io': {} });
  assert.deepEqual(
    (await asked()).map((line) => line.slice(0, line.indexOf('{'))),
    ['store store ', 'store store ', 'own store '],
  );
  assert.deepEqual(await eraseCredential('docker.io', { env, home }), { file, helper: 'store', erased: true });
  assert.equal((await asked()).at(-1), 'store erase https://index.docker.io/v1/');
  assert.deepEqual((JSON.parse(await text(file)) as { auths: object }).auths, { 'a.io': {}, 'b.io': {} });
});

test('a helper that fails leaves the file alone, and its error tells no secret', async (context) => {
  const { env, home, write, helper } = await fakeHome(context);
  await helper('store', 'echo "$input"; exit 1');
  const file = await write('.docker/config.json', { credsStore: 'store' });
  const before = await text(file);
  const error = await rejection('CREDENTIALS', storeCredential('a.io', credential, { env, home }));
  assert.doesNotMatch(inspect(error, { depth: 9 }), /hunter2/);
  assert.equal(await text(file), before);
});

test('a logout forgets every spelling of the host, and nothing else', async (context) => {
  const { env, home, write } = await fakeHome(context);
  const auths = {
    'a.io': { auth },
    'https://a.io/v1/': { auth },
    'http://a.io': {},
    'a.io/team': { auth },
    'a.io:5000': { auth },
    'xa.io': { auth },
  };
  const file = await write('.docker/config.json', { auths, other: 1 });
  assert.equal((await eraseCredential('https://A.io/', { env, home })).erased, true);
  const left = JSON.parse(await text(file)) as { auths: object; other: number };
  assert.deepEqual([Object.keys(left.auths), left.other], [['a.io/team', 'a.io:5000', 'xa.io'], 1]);
  assert.equal((await eraseCredential('a.io', { env, home })).erased, false);
});

test('a logout without a file makes none', async (context) => {
  const { env, home, configFile } = await fakeHome(context);
  assert.equal((await eraseCredential('a.io', { env, home })).erased, false);
  await assert.rejects(stat(configFile));
});

test('a malformed file is not overwritten', async (context) => {
  const { env, home, write } = await fakeHome(context);
  for (const broken of ['{"auths":', '[]', '{"auths":[]}']) {
    const file = await write('.docker/config.json', broken);
    await rejection('CONFIG_INVALID', storeCredential('a.io', credential, { env, home }));
    await rejection('CONFIG_INVALID', eraseCredential('a.io', { env, home }));
    assert.equal(await text(file), broken);
  }
  assert.deepEqual(await readdir(join(home, '.docker')), ['config.json']);
});

test('an empty file is one without entries', async (context) => {
  const { env, home, write } = await fakeHome(context);
  const file = await write('.docker/config.json', '\n');
  await storeCredential('a.io', credential, { env, home });
  assert.ok((JSON.parse(await text(file)) as { auths: object }).auths);
});

test('refuses what cannot be kept', async (context) => {
  const { env, home } = await fakeHome(context);
  await rejection('USAGE', storeCredential('a.io', { username: 'a:b', password: 'p' }, { env, home }));
  for (const host of ['', 'alpine', 'a.io/team/app', 'https://me:pw@a.io']) {
    await rejection('REFERENCE_INVALID', storeCredential(host, credential, { env, home }));
  }
  await rejection('ABORTED', storeCredential('a.io', credential, { env, home, signal: AbortSignal.abort() }));
});

test('a directory that cannot be written is told, without the secret', async (context) => {
  const { env, home } = await fakeHome(context);
  await writeFile(join(home, '.docker'), 'a file');
  const error = await rejection('IO', storeCredential('a.io', credential, { env, home }));
  assert.match(error.message, /cannot write .*config\.json: E/);
  assert.doesNotMatch(inspect(error, { depth: 9 }), /hunter2/);
});
