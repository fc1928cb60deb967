import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainCredentials } from '../../src/node/credentials/docker-config.ts';
import { answers, fakeHome, NOT_FOUND } from '../support/fake-helper.ts';

const basic = (text: string) => ({ auth: Buffer.from(text).toString('base64') });

test('AUTH-12: tells each step of a look-up, and no secret', async (context) => {
  const { env, home, write, helper, configFile } = await fakeHome(context);
  await helper('own', NOT_FOUND);
  await write('.docker/config.json', { credHelpers: { 'a.io': 'own' } });
  const podman = await write('.config/containers/auth.json', {
    auths: { 'a.io/team': {}, 'a.io': basic('me:hunter2') },
  });
  const inline = JSON.stringify({ auths: { 'b.io': basic('x:hunter2') } });
  const explanation = await explainCredentials('a.io', {
    env: { ...env, DOCKER_AUTH_CONFIG: inline, REGISTRY_AUTH_FILE: `${home}/none.json` },
    home,
    repository: 'team/app',
  });
  assert.deepEqual(explanation, {
    host: 'a.io',
    repository: 'team/app',
    steps: [
      { place: `${home}/none.json`, rule: 'file', outcome: 'missing' },
      { place: '$DOCKER_AUTH_CONFIG', rule: 'auths', outcome: 'no entry' },
      { place: configFile, rule: 'credHelpers', key: 'a.io', helper: 'own', outcome: 'not found' },
      { place: podman, rule: 'auths', key: 'a.io/team', outcome: 'empty' },
      { place: podman, rule: 'auths', key: 'a.io', outcome: 'found' },
    ],
    found: { kind: 'password', username: 'me' },
  });
  assert.doesNotMatch(JSON.stringify(explanation), /hunter2|aHVudGVy/);
});

test('tells what kind of credential was found', async (context) => {
  const { env, home, write, helper } = await fakeHome(context);
  await helper('store', answers('<token>', 'hunter2'));
  await write('.docker/config.json', {
    credsStore: 'store',
    credHelpers: { 'f.io': '' },
    auths: { 'f.io': { registrytoken: 'hunter2' } },
  });
  const explain = (host: string) => explainCredentials(host, { env, home });
  const stored = await explain('a.io');
  assert.deepEqual(stored.found, { kind: 'identity token' });
  assert.equal(stored.steps[0]?.rule, 'credsStore');
  assert.deepEqual((await explain('f.io')).found, { kind: 'registry token' });
});

test('a failure is its last step', async (context) => {
  const { env, home, write, helper, configFile } = await fakeHome(context);
  await helper('store', 'echo hunter2; exit 2');
  await write('.docker/config.json', { credsStore: 'store' });
  const { steps, found } = await explainCredentials('a.io', { env, home });
  assert.equal(found, undefined);
  assert.equal(steps.length, 1);
  const [{ problem, ...step } = { problem: undefined }] = steps;
  assert.deepEqual(step, { place: configFile, rule: 'credsStore', helper: 'store', outcome: 'failed' });
  assert.match(problem ?? '', /docker-credential-store get for "a\.io" failed: it ended with 2/);
  await write('.docker/config.json', '{');
  const broken = await explainCredentials('a.io', { env, home });
  assert.deepEqual(
    broken.steps.map(({ rule, outcome }) => [rule, outcome]),
    [['file', 'failed']],
  );
});

test('nothing anywhere is anonymity', async (context) => {
  const { env, home } = await fakeHome(context);
  const { steps, found } = await explainCredentials('a.io', { env, home });
  assert.equal(found, undefined);
  assert.deepEqual(
    steps.map(({ outcome }) => outcome),
    ['missing', 'missing'],
  );
});
