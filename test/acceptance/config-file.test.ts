/** The file of credentials, as the command leaves it. What a kill leaves is in `test/node/login-crash.test.ts`. */
import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServer } from '../../src/server/app.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { canary } from '../support/planted-secrets.ts';
import { hostileNetwork, type Network, type Place } from '../support/hostile-network.ts';
import { withoutTls } from '../support/tls.ts';

const skip = withoutTls;
const access = basicAccess({ check: (user, password) => user === 'me' && password === canary.password });

async function login(network: Network, { host }: Place): Promise<void> {
  const env = { DOCKER_CONFIG: network.folder };
  const line = ['login', host, '-u', 'me', '--password-stdin'];
  const { code, stderr } = await network.cli(line, { env, stdin: canary.password });
  assert.equal(code, 0, stderr);
}

const open = (network: Network, name: string): Promise<Place> =>
  network.open(name, createServer({ registry: createMemoryRegistry(), access }));

test('G11: a login leaves a file for its owner only, whatever the umask', { skip }, async (t) => {
  const network = await hostileNetwork(t);
  const old = process.umask(0);
  t.after(() => process.umask(old));
  await login(network, await open(network, 'reg.test'));
  assert.equal((await stat(join(network.folder, 'config.json'))).mode & 0o777, 0o600);
});

test('G11: a login keeps unknown keys, and the order of all keys', { skip }, async (t) => {
  const network = await hostileNetwork(t);
  const reg = await open(network, 'reg.test');
  const file = join(network.folder, 'config.json');
  const [head, tail] = ['{ "zzz": [1.0], "auths": { "b.io": {"auth":"Yjpi", "more": 1}', ' }, "2": 2, "aaa": "x" }\n'];
  await writeFile(file, head + tail);
  await login(network, reg);
  const text = await readFile(file, 'utf8');
  assert.ok(text.startsWith(head) && text.endsWith(tail.slice(tail.indexOf('"2"'))), text);
  const { auths } = JSON.parse(text) as { auths: Record<string, { auth: string }> };
  assert.deepEqual(Object.keys(auths), ['b.io', reg.host]);
  assert.equal(auths[reg.host]?.auth, btoa(`me:${canary.password}`));
});

test('G11: eight logins at once to as many hosts are all there', { skip }, async (t) => {
  const network = await hostileNetwork(t);
  const places = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((at) => open(network, `r${at}.test`)));
  await Promise.all(places.map((place) => login(network, place)));
  const file = await readFile(join(network.folder, 'config.json'), 'utf8');
  const { auths } = JSON.parse(file) as { auths: object };
  const auth = btoa(`me:${canary.password}`);
  assert.deepEqual(auths, Object.fromEntries(places.map(({ host }) => [host, { auth }])));
  const left = (await readdir(network.folder)).filter((name) => name.includes('config'));
  assert.deepEqual(left, ['config.json']);
});
