import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { digestOf } from '../../src/bytes/hash.ts';
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

test('results are as promised, as JSON', async () => {
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

test('lists, filters and sorts tags', async () => {
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

test('searches repositories by text, and by pattern where one is wanted', async () => {
  const found = async (line: string): Promise<string> => (await run(line)).stdout;
  assert.equal(await found('repos REGISTRY'), 'team/app\nteam/single\n');
  assert.equal(await found('search REGISTRY sing'), 'team/single\n');
  assert.equal(await found('search REGISTRY .'), '');
  assert.equal(await found('catalog --regex REGISTRY ^team/a.p$'), 'team/app\n');
  assert.equal(await found('repos --full-ref --limit 1 REGISTRY'), 'REGISTRY/team/app\n');
  assert.equal((await run('repos --regex REGISTRY (')).code, 2);
});

test('asks for the digest with a HEAD, and gives a platform its own', async () => {
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

test('documents come byte for byte', async () => {
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

test('a file is written whole or not at all', async () => {
  const layer = world.single.blobs[1]?.descriptor.digest;
  const done = await run(`blob get REGISTRY/team/single@${layer} --output layer`);
  assert.equal(done.code, 0, done.stderr);
  assert.equal(digestOf(await readFile(path.join(folder, 'layer'))), layer);
  const missing = await run(`blob get REGISTRY/team/single sha256:${'0'.repeat(64)} -o other`);
  assert.equal(missing.code, 3);
  assert.deepEqual(await readdir(folder), ['layer']);
});

test('a blob does not go to a terminal unless that is said', async () => {
  const blob = `REGISTRY/team/single@${world.single.blobs[1]?.descriptor.digest}`;
  const refused = await run(`blob get ${blob}`, { stdoutIsTTY: true });
  assert.equal(refused.code, 2);
  assert.equal(refused.stdout, '');
  assert.equal((await run(`blob get ${blob} -o -`, { stdoutIsTTY: true })).code, 0);
});

test('ping tells where the registry is', async () => {
  const { code, stdout } = await run('ping --json REGISTRY');
  assert.equal(code, 0);
  const { durationMs, ...told } = JSON.parse(stdout) as { durationMs: number };
  assert.ok(durationMs >= 0);
  assert.deepEqual(told, { registry: 'REGISTRY', origin: 'http://REGISTRY', apiVersion: 'registry/2.0' });
});
