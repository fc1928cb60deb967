import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { dockerCredentials } from '../../src/node/credentials/docker-config.ts';
import { rejection } from '../support/failure.ts';
import { answers, fakeHome, NOT_FOUND } from '../support/fake-helper.ts';

const basic = (text: string) => ({ auth: Buffer.from(text).toString('base64') });
const password = (found: unknown) => (found as { password?: string } | undefined)?.password;

test('AUTH-12: the places count in their order, and one without an entry is passed over', async (context) => {
  const { env, home, write } = await fakeHome(context);
  const file = (name: string) => write(name, { auths: { 'r.io': basic(`u:${name}`), [`${name.length}.io`]: {} } });
  const override = await file('override.json');
  await file('docker/config.json');
  await file('.docker/config.json');
  await file('run/containers/auth.json');
  await file('config/containers/auth.json');
  await file('.config/containers/auth.json');
  const full: Record<string, string> = {
    ...env,
    REGISTRY_AUTH_FILE: override,
    DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { 'r.io': basic('u:inline') } }),
    DOCKER_CONFIG: join(home, 'docker'),
    XDG_RUNTIME_DIR: join(home, 'run'),
    XDG_CONFIG_HOME: join(home, 'config'),
  };
  const order = [
    ['REGISTRY_AUTH_FILE', 'override.json'],
    ['DOCKER_AUTH_CONFIG', 'inline'],
    ['DOCKER_CONFIG', 'docker/config.json'],
  ] as const;
  for (const [variable, expected] of order) {
    assert.equal(password(await dockerCredentials({ env: full, home })('r.io')), expected);
    delete full[variable];
  }
  assert.equal(password(await dockerCredentials({ env: full, home })('r.io')), '.docker/config.json');
  await write('.docker/config.json', { auths: { 'other.io': basic('u:p') } });
  assert.equal(password(await dockerCredentials({ env: full, home })('r.io')), 'run/containers/auth.json');
  delete full.XDG_RUNTIME_DIR;
  assert.equal(password(await dockerCredentials({ env: full, home })('r.io')), 'config/containers/auth.json');
  delete full.XDG_CONFIG_HOME;
  assert.equal(password(await dockerCredentials({ env: full, home })('r.io')), '.config/containers/auth.json');
});

test('no file, no credential', async (context) => {
  const { env, home } = await fakeHome(context);
  assert.equal(await dockerCredentials({ env, home })('r.io'), undefined);
});

const entries: readonly (readonly [entry: unknown, credential: unknown])[] = [
  [basic('u:p'), { username: 'u', password: 'p' }],
  [basic('u:a:b:c'), { username: 'u', password: 'a:b:c' }],
  [basic('u:p\0\0'), { username: 'u', password: 'p' }],
  [basic('u:pä'), { username: 'u', password: 'pä' }],
  [basic(':p'), { username: '', password: 'p' }],
  [
    { username: 'u', password: 'p' },
    { username: 'u', password: 'p' },
  ],
  [
    { username: 'x', password: 'y', ...basic('u:p') },
    { username: 'u', password: 'p' },
  ],
  [{ identitytoken: 't' }, { identityToken: 't' }],
  [
    { ...basic('u:'), identitytoken: 't' },
    { identityToken: 't', username: 'u' },
  ],
  [{ registrytoken: 't', identitytoken: 'i' }, { registryToken: 't' }],
  [{}, undefined],
  [null, undefined],
  [{ auth: '' }, undefined],
  [{ auth: null, email: 'a@b' }, undefined],
  [{ username: 'u' }, undefined],
];

for (const [entry, credential] of entries) {
  test(`reads the entry ${JSON.stringify(entry)}`, async (context) => {
    const { env, home, write } = await fakeHome(context);
    await write('.docker/config.json', { auths: { 'r.io': entry } });
    assert.deepEqual(await dockerCredentials({ env, home })('r.io'), credential);
  });
}

test('an empty entry is passed over for a wider key, another spelling, and another file', async (context) => {
  const { env, home, write } = await fakeHome(context);
  await write('.docker/config.json', {
    auths: { 'r.io/a': {}, 'r.io': basic('u:host'), 's.io': {}, 'https://s.io': basic('u:url'), 't.io': {} },
  });
  await write('.config/containers/auth.json', { auths: { 't.io': basic('u:podman') } });
  const find = dockerCredentials({ env, home });
  assert.equal(password(await find('r.io', { repository: 'a/b' })), 'host');
  assert.equal(password(await find('s.io')), 'url');
  assert.equal(password(await find('t.io')), 'podman');
});

const malformed: readonly (readonly [text: string, says: RegExp])[] = [
  ['{"auths":{"r.io":{"auth":"c2VjcmV0OmNvbg=="', /not JSON/],
  ['["hunter2"]', /not a JSON object/],
  ['{"auths":["hunter2"]}', /auths is not an object/],
  ['{"credHelpers":"hunter2"}', /credHelpers is not an object/],
  ['{"credsStore":7}', /credsStore names a helper that is not a string/],
  ['{"auths":{"r.io":"hunter2"}}', /auths\["r\.io"\] is not an object/],
  ['{"auths":{"r.io":{"auth":7}}}', /auth is not a string/],
  ['{"auths":{"r.io":{"auth":"hunter2!"}}}', /not the base64/],
  ['{"auths":{"r.io":{"auth":"aHVudGVyMg=="}}}', /not the base64/],
];

for (const [text, says] of malformed) {
  test(`a malformed file is an error that repeats nothing: ${says.source}`, async (context) => {
    const { env, home, write, configFile } = await fakeHome(context);
    await write('.docker/config.json', text);
    const error = await rejection('CONFIG_INVALID', dockerCredentials({ env, home })('r.io'));
    assert.match(error.message, says);
    assert.ok(error.message.includes(configFile));
    assert.doesNotMatch(inspect(error, { depth: 9 }), /hunter2|aHVudGVy|c2VjcmV0/);
  });
}

test('a file that may not be read is an error, not anonymity', {
  skip: process.getuid?.() === 0 ? 'root may read every file' : false,
}, async (context) => {
  const { env, home, write } = await fakeHome(context);
  await chmod(await write('.docker/config.json', {}), 0o000);
  assert.match((await rejection('IO', dockerCredentials({ env, home })('r.io'))).message, /EACCES/);
});

test('a directory in the place of the file is an error, too', async (context) => {
  const { env, home, write, configFile } = await fakeHome(context);
  await write('.docker/config.json/x', '');
  const error = await rejection('IO', dockerCredentials({ env, home })('r.io'));
  assert.equal(error.message, `cannot read ${configFile}: EISDIR`);
});

test('AUTH-12: credHelpers counts before credsStore before auths', async (context) => {
  const { env, home, write, helper } = await fakeHome(context);
  await helper('own', answers('u', 'own'));
  await helper('store', answers('u', 'store'));
  await helper('team', answers('u', 'team'));
  await write('.docker/config.json', {
    auths: { 'a.io': basic('u:file'), 'b.io': basic('u:file'), 'c.io': basic('u:file') },
    credHelpers: { 'a.io': 'own', 'a.io/team': 'team', 'https://index.docker.io/v1/': 'own', 'c.io': '' },
    credsStore: 'store',
  });
  const find = dockerCredentials({ env, home });
  assert.equal(password(await find('a.io')), 'own');
  assert.equal(password(await find('a.io', { repository: 'team/x' })), 'team');
  assert.equal(password(await find('b.io')), 'store');
  assert.equal(password(await find('c.io')), 'file', 'an empty name takes a host out of the store');
  assert.equal(password(await find('docker.io')), 'own');
});

test('a helper that knows nothing means none in this file, whatever its auths say', async (context) => {
  const { env, home, write, helper } = await fakeHome(context);
  await helper('store', NOT_FOUND);
  await write('.docker/config.json', { auths: { 'a.io': basic('u:stale') }, credsStore: 'store' });
  assert.equal(await dockerCredentials({ env, home })('a.io'), undefined);
  await write('.config/containers/auth.json', { auths: { 'a.io': basic('u:podman') } });
  assert.equal(password(await dockerCredentials({ env, home })('a.io')), 'podman');
});

for (const [name, script] of [
  ['fails', 'exit 3'],
  ['prints garbage', 'echo "hunter2 {"'],
  ['hangs', 'sleep 100'],
  ['is not there', undefined],
] as const) {
  test(`a helper that ${name} is an error that names it; no other entry is tried`, async (context) => {
    const { env, home, write, helper } = await fakeHome(context);
    if (script !== undefined) await helper('bad', script);
    await helper('hub', answers('hub', 'hunter2'));
    await write('.docker/config.json', {
      auths: { 'a.io': basic('u:hunter2'), 'https://index.docker.io/v1/': basic('u:hunter2') },
      credHelpers: { 'a.io': 'bad' },
      credsStore: 'hub',
    });
    await write('.config/containers/auth.json', { auths: { 'a.io': basic('u:hunter2') } });
    const error = await rejection('CREDENTIALS', dockerCredentials({ env, home, helperTimeoutMs: 300 })('a.io'));
    assert.match(error.message, /docker-credential-bad get for "a\.io" failed/);
    assert.doesNotMatch(inspect(error, { depth: 9 }), /hunter2/);
  });
}

test('a helper is asked once for a host, whoever asks, until its answer is old', async (context) => {
  const { env, home, write, helper, asked } = await fakeHome(context);
  await helper('store', answers('u', 'p'));
  await write('.docker/config.json', { credsStore: 'store' });
  let now = 0;
  const find = dockerCredentials({ env, home, now: () => now, keepMs: 1000 });
  const repositories = ['a', 'b/c', 'd'];
  await Promise.all(repositories.map((repository) => find('a.io', { repository })));
  await find('a.io');
  assert.deepEqual(await asked(), ['store get a.io']);
  await find('b.io');
  await find('docker.io');
  assert.deepEqual((await asked()).slice(1), ['store get b.io', 'store get https://index.docker.io/v1/']);
  now = 1000;
  await find('a.io');
  assert.equal((await asked()).length, 4);
});

test('who gives up gets ABORTED at once; the helper goes on for the others', async (context) => {
  const { env, home, write, helper } = await fakeHome(context);
  await helper('store', `sleep 0.3; ${answers('u', 'p')}`);
  await write('.docker/config.json', { credsStore: 'store' });
  const find = dockerCredentials({ env, home });
  const impatient = new AbortController();
  const [one, two] = [find('a.io', { signal: impatient.signal }), find('a.io')];
  const aborted = rejection('ABORTED', one);
  setTimeout(() => impatient.abort(), 50);
  await aborted;
  assert.equal(password(await two), 'p');
});

test('an aborted signal asks nobody', async (context) => {
  const { env, home, write, helper, asked } = await fakeHome(context);
  await helper('store', answers('u', 'p'));
  await write('.docker/config.json', { credsStore: 'store' });
  await rejection('ABORTED', dockerCredentials({ env, home })('a.io', { signal: AbortSignal.abort() }));
  assert.deepEqual(await asked(), []);
});
