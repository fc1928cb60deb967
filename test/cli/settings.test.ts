import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parseHostFlag, readHostChoice } from '../../src/cli/connection/host-settings.ts';
import { resolver } from '../../src/cli/connection/resolve-flag.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { command } from '../support/command.ts';

let world: World;
let folder: string;

before(async () => {
  world = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-settings-'));
  await mkdir(path.join(folder, 'lading'));
});
after(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

async function withSettings(yaml: string, ...argv: string[]): Promise<CliResult> {
  await writeFile(path.join(folder, 'lading', 'config.yaml'), yaml);
  return cli(argv, { env: { XDG_CONFIG_HOME: folder } });
}

const port = (): string => world.host.split(':')[1] ?? '';

test('the file says where a registry is', async () => {
  const origin = `http://${world.host}`;
  const settings = `hosts:\n  registry.test:\n    origin: ${origin}\n    headers: { X-Team: web }\nretry: 0\n`;
  const { code, stdout, stderr } = await withSettings(settings, 'tags', 'registry.test/team/single');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '1\n');
  assert.equal(world.requests.at(-1)?.headers['x-team'], 'web');
});

test('the built command reads it, too', async () => {
  await writeFile(path.join(folder, 'lading', 'config.yaml'), 'hosts: 3');
  const { code, stdout, stderr } = await command(['ping', world.host], { env: { XDG_CONFIG_HOME: folder } });
  assert.match(stderr, /config\.yaml: hosts is not a map/);
  assert.deepEqual([code, stdout], [1, '']);
});

test('CONN-9 GO-22: a flag wins over the file', async () => {
  const settings = `hosts:\n  registry.test: { origin: 'http://127.0.0.1:1' }\nretry: 0\n`;
  assert.equal((await withSettings(settings, 'ping', 'registry.test')).code, 6);
  const flag = `registry.test,origin=http://${world.host},header=X-A:b`;
  const { code } = await withSettings(settings, 'ping', 'registry.test', '--host', flag);
  assert.equal(code, 0);
  assert.equal(world.requests.at(-1)?.headers['x-a'], 'b');
});

test('what makes no sense in the file is told with its place', async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['hosts: 3', /config\.yaml: hosts is not a map/],
    ['colour: red', /config\.yaml has no setting "colour"/],
    ['hosts: { x.y: { tls: maybe } }', /hosts\.x\.y\.tls is not one of on, off, insecure/],
    ['hosts: { x.y: { mirror: a } }', /hosts\.x\.y has no setting "mirror"/],
    ['retry: -1', /retry is not a number/],
    ['timeout: soon', /timeout: "soon" is not a time/],
    ['timeouts: { nap: 1s }', /timeouts has no setting "nap"/],
    ['a: [', /config\.yaml: /],
  ];
  for (const [yaml, message] of cases) {
    const { code, stderr } = await withSettings(yaml, 'ping', world.host);
    assert.equal(code, 1, yaml);
    assert.match(stderr, message);
    assert.match(stderr, /\(CONFIG_INVALID\)/);
  }
});

test('--resolve sends a name to an address', async () => {
  const name = `registry.test:${port()}`;
  const to = `registry.test:${port()}:127.0.0.1`;
  const { code, stderr } = await cli(['ping', name, '--plain-http', name, '--resolve', to]);
  assert.equal(code, 0, stderr);
  assert.equal((await cli(['ping', name, '--resolve', to, '--retry', '0'])).code, 6);
});

test('reads --resolve with declared and IPv6 addresses', () => {
  const resolve = resolver(['a.test:443:127.0.0.1:203.0.113.9', '[::1]:*:[2001:db8::1]', 'B.test:80:10.0.0.1']);
  assert.deepEqual(resolve?.('A.test', 443), { address: '127.0.0.1', declared: '203.0.113.9' });
  assert.deepEqual(resolve?.('::1', 5000), { address: '2001:db8::1' });
  assert.deepEqual(resolve?.('b.test', 80), { address: '10.0.0.1' });
  assert.equal(resolve?.('b.test', 81), undefined);
  assert.equal(resolver([]), undefined);
  for (const flag of ['', 'a', 'a:443', 'a:443:b.test', 'a:x:127.0.0.1', 'a:443:127.0.0.1:nowhere']) {
    assert.throws(() => resolver([flag]), { code: 'USAGE' }, flag);
  }
});

test('a flag has the keys of the file, those of several values repeated', () => {
  const flag = parseHostFlag(
    'ghcr.io,mirror=a.test,mirror=b.test,tls=off,header=A:b,chunk-size=5MiB,repository-tokens',
  );
  assert.equal(flag.name, 'ghcr.io');
  assert.deepEqual(flag.choice.host, {
    mirrors: ['a.test', 'b.test'],
    plainHttp: true,
    headers: { A: 'b' },
    chunkSize: 5 * 1024 * 1024,
    repositoryTokens: true,
  });
  const file = readHostChoice({ mirrors: ['a.test'], tls: 'insecure', ca: 'x.pem', realms: 'auth.test' }, 'x');
  assert.deepEqual(file.tls, { unverified: true, caFile: 'x.pem' });
  assert.deepEqual(file.host, { mirrors: ['a.test'], realms: ['auth.test'] });
  assert.throws(() => parseHostFlag('x,header=no'), { code: 'CONFIG_INVALID' });
  assert.throws(() => parseHostFlag('x,header=A:b\r\nEvil: 1'), { code: 'CONFIG_INVALID' });
  assert.throws(() => parseHostFlag('x,__proto__=1'), { code: 'CONFIG_INVALID' });
});
