import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { digestOf } from '../../src/bytes/hash.ts';
import type { Inspection } from '../../src/cli/inspect/inspection.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';

let world: World;
let folder: string;

before(async () => {
  world = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-cli-'));
});
after(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

/** Runs a command line in which REGISTRY stands for the world's registry. */
async function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const argv = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host));
  const result = await cli(argv, { cwd: folder, ...options });
  return { ...result, stdout: world.neutral(result.stdout), stderr: world.neutral(result.stderr) };
}

async function golden(name: string, line: string, options?: CliOptions): Promise<void> {
  const { code, stdout, stderr } = await run(line, options);
  assert.equal(code, 0, stderr);
  assertGolden(name, stdout);
}

test('CAP-M1: results are as promised, as JSON', async () => {
  await golden('repos.json', 'repos --json REGISTRY');
  await golden('tags.json', 'tags --json REGISTRY/team/app');
  await golden('tags-digests.json', 'tags --json --digests --sort created REGISTRY/team/app');
  await golden('digest.json', 'digest --json REGISTRY/team/app:1.1');
  await golden('inspect.json', 'inspect --json REGISTRY/team/app:1.1');
  await golden('inspect-single.json', 'inspect --json REGISTRY/team/single:1');
  await golden('size.json', 'size --json --unpacked REGISTRY/team/app REGISTRY/team/single:1');
  await golden('validate.json', 'validate --json REGISTRY/team/app');
});

test('results are as promised, for people', async () => {
  await golden('inspect.txt', 'inspect REGISTRY/team/app:1.1');
  await golden('size.txt', 'size REGISTRY/team/app REGISTRY/team/single:1', { env: { COLUMNS: '200' } });
  await golden('tags.txt', 'tags --digests REGISTRY/team/app');
});

test('CAP-E4 CAP-E5 NODE-11: lists, filters and sorts tags', async () => {
  const tags = async (line: string): Promise<string[]> => (await run(line)).stdout.trimEnd().split('\n');
  assert.deepEqual(await tags('tags REGISTRY/team/app'), ['1.0', '1.1', 'latest']);
  assert.deepEqual(await tags('tags --sort semver REGISTRY/team/app'), ['1.1', '1.0', 'latest']);
  assert.deepEqual(await tags('tags --filter 1.* REGISTRY/team/app'), ['1.0', '1.1']);
  assert.deepEqual(await tags('tags --filter !1.* REGISTRY/team/app'), ['latest']);
  assert.deepEqual(await tags('ls --limit 2 REGISTRY/team/app'), ['1.0', '1.1']);
  const { digest } = world.app.manifest.descriptor;
  assert.deepEqual(await tags(`tags --for-digest ${digest} REGISTRY/team/app`), ['1.0', '1.1', 'latest']);
  assert.deepEqual(await tags(`tags --for-digest ${digest} REGISTRY/team/single`), ['']);
});

test('CAP-E2 D5 READ-2 NODE-27: searches repositories by text, and by pattern where one is wanted', async () => {
  const found = async (line: string): Promise<string> => (await run(line)).stdout;
  assert.equal(await found('repos REGISTRY'), 'team/app\nteam/single\n');
  assert.equal(await found('search REGISTRY sing'), 'team/single\n');
  assert.equal(await found('search REGISTRY .'), '');
  assert.equal(await found('catalog --regex REGISTRY ^team/a.p$'), 'team/app\n');
  assert.equal(await found('repos --full-ref --limit 1 REGISTRY'), 'REGISTRY/team/app\n');
  assert.equal((await run('repos --regex REGISTRY (')).code, 2);
});

test('CAP-E6 D12 READ-14 RUBY-39 RUBY-40: asks for the digest with a HEAD, and gives a platform its own', async () => {
  world.requests.length = 0;
  const whole = await run('digest REGISTRY/team/app');
  assert.equal(whole.stdout, `${world.app.manifest.descriptor.digest}\n`);
  assert.deepEqual(new Set(world.requests.map(({ method }) => method)), new Set(['HEAD']));
  const arm = await run('digest --platform linux/arm64 --full-ref REGISTRY/team/app:1.0');
  assert.equal(arm.stdout, `REGISTRY/team/app:1.0@${world.app.children[1]?.manifest.descriptor.digest}\n`);
  const none = await run('digest --platform windows/amd64 REGISTRY/team/app:1.0');
  assert.equal(none.code, 3);
  assert.match(none.stderr, /it has linux\/amd64, linux\/arm64/);
});

test('CAP-E6 CAP-E7 NODE-28: documents come byte for byte', async () => {
  const { stdoutBytes } = await run('manifest REGISTRY/team/app');
  assert.deepEqual(new Uint8Array(stdoutBytes), world.app.manifest.bytes);
  const config = await run('config REGISTRY/team/single:1');
  assert.equal(digestOf(config.stdoutBytes), world.single.blobs[0]?.descriptor.digest);
  const pretty = await run('manifest get --pretty REGISTRY/team/app');
  assert.deepEqual(JSON.parse(pretty.stdout), JSON.parse(new TextDecoder().decode(world.app.manifest.bytes)));
  assert.match(pretty.stdout, /^\{\n {2}"schemaVersion": 2,\n/);
});

test('a config of an image for many platforms tells which one was taken', async () => {
  const { code, stderr } = await run('config REGISTRY/team/app');
  assert.equal(code, 0);
  assert.match(stderr, /taken for linux\/amd64; --platform takes another of linux\/amd64, linux\/arm64/);
  assert.equal((await run('config --quiet REGISTRY/team/app')).stderr, '');
});

test('RUBY-34 READ-19 E2 E5: a blob becomes a file when it is whole, or the old one stands', async () => {
  const layer = world.single.blobs[1]?.descriptor.digest;
  const done = await run(`blob get REGISTRY/team/single@${layer} --output layer`);
  assert.equal(done.code, 0, done.stderr);
  assert.equal(digestOf(await readFile(path.join(folder, 'layer'))), layer);
  for (const file of ['layer', 'other']) {
    const missing = await run(`blob get REGISTRY/team/single sha256:${'0'.repeat(64)} -o ${file}`);
    assert.equal(missing.code, 3);
    assert.equal((await run(`blob get REGISTRY/team/single sha256:../../x -o ${file}`)).code, 5);
  }
  assert.deepEqual(await readdir(folder), ['layer']);
  assert.equal(digestOf(await readFile(path.join(folder, 'layer'))), layer);
});

test('a blob does not go to a terminal unless that is said', async () => {
  const blob = `REGISTRY/team/single@${world.single.blobs[1]?.descriptor.digest}`;
  const refused = await run(`blob get ${blob}`, { stdoutIsTTY: true });
  assert.equal(refused.code, 2);
  assert.equal(refused.stdout, '');
  assert.equal((await run(`blob get ${blob} -o -`, { stdoutIsTTY: true })).code, 0);
});

test('CAP-E1 CONN-11 NODE-22: ping tells where the registry is, and whether it wants to know who asks', async () => {
  const told = async (host: string, ...flags: string[]): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await cli(['ping', '--json', host, ...flags]);
    assert.equal(code, 0, stderr);
    const { durationMs, ...rest } = JSON.parse(stdout.replaceAll(host, 'REGISTRY')) as Record<string, unknown>;
    assert.ok(Number(durationMs) >= 0);
    return rest;
  };
  const open = { registry: 'REGISTRY', origin: 'http://REGISTRY', apiVersion: 'registry/2.0' };
  assert.deepEqual(await told(world.host), { ...open, authRequired: false, challenges: [] });
  assert.match(
    (await run('ping REGISTRY')).stdout,
    /^REGISTRY is a registry at http:\/\/REGISTRY, registry\/2\.0, no authentication \(/,
  );
  const guarded = await openWorld({ access: basicAccess({ check: (_, password) => password === 'right' }) });
  try {
    const creds = ['--creds', 'me:right'];
    const { challenges, ...rest } = await told(guarded.host, ...creds);
    assert.deepEqual(rest, { ...open, authRequired: true });
    assert.deepEqual(challenges, [{ scheme: 'basic', parameters: { realm: 'registry', charset: 'UTF-8' } }]);
    assert.match((await cli(['ping', guarded.host, ...creds])).stdout, /, authentication: basic \(/);
  } finally {
    await guarded.close();
  }
});

test('B2 NODE-12: ping tells a registry of the retired protocol, and the command that reads it', async () => {
  const old = await serve(
    async () => new Response('', { status: 404, headers: { 'x-docker-registry-version': '0.9.1' } }),
  );
  try {
    const { code, stderr } = await cli(['ping', old.host]);
    assert.equal(code, 7);
    assert.match(stderr, /retired v1 protocol \(VERSION_UNSUPPORTED\); hint: .*lading v1 ping /);
  } finally {
    await old.close();
  }
});

test('READ-6: digests of tags are a HEAD each, of the wanted tags only', async () => {
  world.requests.length = 0;
  const { stdout } = await run('tags --digests --sort semver --limit 2 REGISTRY/team/app');
  const { digest } = world.app.manifest.descriptor;
  assert.equal(stdout, `${digest}  1.1\n${digest}  1.0\n`);
  assert.deepEqual(
    world.requests.map(({ method, path }) => `${method} ${path.split('/').at(-1)}`),
    ['GET list?n=1000', 'HEAD 1.1', 'HEAD 1.0'],
  );
});

test('CAP-E10 D12 RUBY-42: a platform that is not there is named whole, and the image', async () => {
  for (const command of ['digest', 'inspect', 'config', 'size']) {
    const { code, stderr } = await run(`${command} --platform linux/arm/v5 REGISTRY/team/app:1.0`);
    assert.equal(code, 3);
    assert.match(stderr, /there is no linux\/arm\/v5 in REGISTRY\/team\/app:1\.0 \(NOT_FOUND\)/);
  }
});

test('CAP-E8: inspect has all of it in one, and lists tags when they are wanted', async () => {
  world.requests.length = 0;
  const told = async (line: string): Promise<Record<string, unknown>> => JSON.parse((await run(line)).stdout) as never;
  const { image, ...whole } = await told('inspect --json REGISTRY/team/app:1.1');
  assert.ok(
    world.requests.every(({ path: asked }) => !asked.includes('/tags/')),
    'thousands are not listed unasked',
  );
  const { config, layers, digest } = image as Inspection['image'];
  assert.equal(whole.digest, world.app.manifest.descriptor.digest);
  assert.deepEqual(config?.Labels, { 'org.example.team': 'web' });
  assert.equal(digest, world.app.children[0]?.manifest.descriptor.digest);
  assert.deepEqual(
    layers.map((layer) => layer.digest),
    world.app.children[0]?.blobs.slice(1).map(({ descriptor }) => descriptor.digest),
  );
  assert.equal(whole.tags, undefined);
  assert.deepEqual((await told('inspect --json --tags REGISTRY/team/app:1.1')).tags, ['1.0', '1.1', 'latest']);
  assert.match((await run('inspect --tags REGISTRY/team/app:1.1')).stdout, /\nTags\n {2}1\.0\n {2}1\.1\n {2}latest\n$/);
});
