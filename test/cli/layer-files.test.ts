import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import type { Transferred } from '../../src/cli/transfer/transfer.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';

let world: World;
let other: World;
let root: string;
/** A new one for each test. */
let folder: string;

before(async () => {
  world = await openWorld();
  other = await openWorld();
  root = await mkdtemp(path.join(tmpdir(), 'lading-layers-'));
});
after(async () => {
  await Promise.all([world.close(), other.close()]);
  await rm(root, { recursive: true });
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(root, 'test-'));
  world.requests.length = 0;
  other.requests.length = 0;
});

async function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const argv = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host).replaceAll('OTHER', other.host));
  const result = await cli(argv, { cwd: folder, ...options });
  const neutral = (text: string): string =>
    world.neutral(text).replaceAll(other.host, 'OTHER').replaceAll(`${folder}/`, './').replaceAll(folder, '.');
  return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
}

async function done(line: string, options?: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await run(line, options);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

const image = (): string => world.single.manifest.descriptor.digest;
const blobs = (): readonly string[] => world.single.blobs.map(({ descriptor }) => descriptor.digest);

test('the files of an image are told as promised', async () => {
  assertGolden('pull-layers.json', await done('pull --json --layers golden-layers REGISTRY/team/single:1'));
  assertGolden('push-layers.json', await done('push --json --layers golden-layers OTHER/golden/layers:1,2'));
});

test('RUBY-44 RUBY-45 F2: --layers keeps plain files, leaves what is right and fetches anew what is wrong', async () => {
  const [config, first = '', second = ''] = blobs();
  const paths = await done('pull --layers layers REGISTRY/team/single:1');
  assert.equal(paths, `./layers/${first}\n./layers/${second}\n`);
  assert.deepEqual(
    new Set(await readdir(path.join(folder, 'layers'))),
    new Set(['manifest.json', config, first, second]),
  );
  const file = path.join(folder, 'layers', first);
  const { size } = await stat(file);
  await writeFile(file, Buffer.alloc(size, 'x'));
  world.requests.length = 0;
  await done('pull --layers layers REGISTRY/team/single:1');
  assert.equal(digestOf(await readFile(file)), first);
  const fetched = world.requests.filter(({ path: asked }) => asked.includes('/blobs/')).map(({ path: asked }) => asked);
  assert.deepEqual(fetched, [`/v2/team/single/blobs/${first}`]);
});

test('RUBY-52 RUBY-53 F1 WRITE-5: files that were pulled are pushed elsewhere, with the same digests', async () => {
  await done('pull --layers layers REGISTRY/team/single:1');
  assert.deepEqual(
    new Uint8Array(await readFile(path.join(folder, 'layers', 'manifest.json'))),
    new Uint8Array(world.single.manifest.bytes),
  );
  assert.equal(
    await done('push --layers layers OTHER/pushed/single:1,latest'),
    `OTHER/pushed/single:1@${image()}\nOTHER/pushed/single:latest@${image()}\n`,
  );
  await done('validate OTHER/pushed/single:latest');
  const told = JSON.parse(await done('push --json --layers layers OTHER/pushed/single:1')) as Transferred;
  assert.deepEqual([told.source, told.outcome, told.sent.objects], ['layers', 'exists', 0]);
});

test('a manifest may stand in a file of its own, or come from stdin', async () => {
  await done('pull --layers layers REGISTRY/team/single:1');
  await rm(path.join(folder, 'layers', 'manifest.json'));
  const manifest = await done('manifest REGISTRY/team/single:1');
  await writeFile(path.join(folder, 'own.json'), manifest);
  await done('push --layers layers --manifest own.json OTHER/own/single:1');
  await done('push --layers layers --manifest - OTHER/own/single:2', { stdin: manifest });
  assert.equal(await done('digest OTHER/own/single:2'), `${image()}\n`);
  const { code, stderr } = await run('push --layers layers OTHER/own/single:3');
  assert.equal(code, 3);
  assert.match(stderr, /manifest\.json is not there \(NOT_FOUND\)/);
});

test('RUBY-54 WRITE-5 F3: what is missing ends it with 3, every digest is told, and nothing is sent', async () => {
  const [, first = '', second = ''] = blobs();
  await done('pull --layers layers REGISTRY/team/single:1');
  for (const digest of [first, second]) await rm(path.join(folder, 'layers', digest));
  for (const flags of ['', ' --dry-run']) {
    const { code, stdout, stderr } = await run(`push${flags} --layers layers OTHER/missing/single:1`);
    assert.equal(code, 3);
    assert.equal(stdout, '');
    assert.match(stderr, /\(LAYER_MISSING\)/);
    for (const digest of [first, second]) assert.ok(stderr.includes(digest), stderr);
  }
  assert.deepEqual(new Set(other.requests.map(({ method }) => method)), new Set(['HEAD']));
  const archive = await run('push --layers layers oci-archive:out.tar');
  assert.equal(archive.code, 3);
  assert.deepEqual(await readdir(folder), ['layers']);
});

test('a wrong file ends it with 5, and the tag is not set', async () => {
  const [, first = ''] = blobs();
  await done('pull --layers layers REGISTRY/team/single:1');
  const file = path.join(folder, 'layers', first);
  await writeFile(file, (await readFile(file)).fill(1));
  const { code, stderr } = await run('push --layers layers OTHER/wrong/single:1');
  assert.equal(code, 5);
  assert.match(stderr, new RegExp(`${first}.*\\(DIGEST_MISMATCH\\)`));
  assert.equal((await run('digest OTHER/wrong/single:1')).code, 3);
});

test('a dry run tells what would be sent, and --no-clobber leaves a tag', async () => {
  await done('pull --layers layers REGISTRY/team/single:1');
  const planned = JSON.parse(await done('push --json --dry-run --layers layers OTHER/dry/single:1')) as Transferred;
  assert.deepEqual([planned.outcome, planned.sent.objects], ['planned', 4]);
  assert.ok(other.requests.every(({ method }) => method === 'GET' || method === 'HEAD'));
  await done('copy REGISTRY/team/app:1.0 OTHER/dry/single:1');
  const kept = JSON.parse(await done('push --json -n --layers layers OTHER/dry/single:1')) as Transferred;
  assert.equal(kept.outcome, 'kept');
});

test('a link in the place of manifest.json is not written through', async () => {
  await done('pull --layers layers REGISTRY/team/single:1');
  await writeFile(path.join(folder, 'outside'), 'mine');
  await rm(path.join(folder, 'layers', 'manifest.json'));
  await symlink('../outside', path.join(folder, 'layers', 'manifest.json'));
  const { code, stderr } = await run('pull --layers layers REGISTRY/team/single:1');
  assert.equal(code, 1);
  assert.match(stderr, /\(LAYOUT_INVALID\)/);
  assert.equal(await readFile(path.join(folder, 'outside'), 'utf8'), 'mine');
});

test('what makes no sense together is a usage error', async () => {
  for (const line of [
    'push ./layers',
    'push ./layers OTHER/x:1 --manifest m.json',
    'push --layers layers ./more OTHER/x:1',
    'push --layers layers --platform linux/amd64 OTHER/x:1',
    'push --layers layers --referrers OTHER/x:1',
    'pull --layers layers REGISTRY/team/single:1 ./place',
    'pull --layers layers --dry-run REGISTRY/team/single:1',
    'pull --layers layers --referrers REGISTRY/team/single:1',
    'pull --layers layers --platform linux/amd64,linux/arm64 REGISTRY/team/app:1.0',
  ]) {
    assert.equal((await run(line)).code, 2, line);
  }
  assert.deepEqual(await readdir(folder), []);
});
