import assert from 'node:assert/strict';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { Transferred } from '../../src/cli/transfer/transfer.ts';
import { collect } from '../../src/graph/collect.ts';
import { digestTag } from '../../src/graph/digest-tags.ts';
import { digestHex } from '../../src/model/digest.ts';
import { directoryRegistry } from '../../src/node/directory/directory-registry.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { Registry } from '../../src/store/types.ts';
import { type Built, buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { needs } from '../support/real/find-tool.ts';
import { startDockerRegistry } from '../support/real/docker-registry.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';

let world: World;
let other: World;
let folder: TemporaryDirectory;
/** A signature of `team/app`, under a tag of its digest, as cosign keeps it. */
let signature: Built;

before(async () => {
  world = await openWorld();
  folder = await temporaryDirectory('backup');
  signature = await buildImage({ layers: [{ files: { signature: 'x' } }] });
  const tag = digestTag(world.app.manifest.descriptor.digest, 'sig') ?? '';
  await putBuilt(world.registry.repository('team/app'), signature, { tags: [tag] });
});
after(async () => {
  await world.close();
  await folder.remove();
});
beforeEach(async () => {
  other = await emptyWorld();
  world.requests.length = 0;
});
afterEach(async () => {
  await other.close();
  await rm(join(folder.path, 'out'), { recursive: true, force: true });
});

/** A world whose own images are out of the way. */
async function emptyWorld(): Promise<World> {
  const filled = await openWorld();
  const registry = createMemoryRegistry();
  const served = await serve({ registry, log: (entry) => filled.requests.push(entry) });
  await filled.close();
  return { ...filled, registry, host: served.host, close: () => served.close() };
}

async function run(line: string): Promise<CliResult> {
  const argv = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host).replaceAll('OTHER', other.host));
  const result = await cli(argv, { cwd: folder.path });
  const neutral = (text: string): string => world.neutral(text).replaceAll(other.host, 'OTHER');
  return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
}

async function done(line: string): Promise<CliResult> {
  const result = await run(line);
  assert.equal(result.code, 0, `${line}: ${result.stderr}`);
  return result;
}

/** All names of a registry with their digests. */
async function namesIn(registry: Registry): Promise<Record<string, string>> {
  const found: [string, string][] = [];
  for await (const name of registry.repositories()) {
    const store = registry.repository(name);
    for (const tag of await collect(store.tags())) {
      found.push([`${name}:${tag}`, (await store.resolve(tag))?.digest ?? '']);
    }
  }
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const asked = (of: World, pattern: RegExp): string[] =>
  of.requests.map(({ method, path }) => `${method} ${path}`).filter((request) => pattern.test(request));
const inBackup = (): Registry => directoryRegistry(join(folder.path, 'out'));
const told = ({ stdout }: CliResult): Transferred[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Transferred);
const bytesOf = (all: readonly Transferred[]): number => all.reduce((sum, { sent }) => sum + sent.bytes, 0);

describe('CAP-J10: lading backup', () => {
  test('keeps every repository of a registry, its tags and what is attached, with their digests', async () => {
    const { stdout, stderr } = await done('backup REGISTRY out');
    assert.deepEqual(await namesIn(inBackup()), await namesIn(world.registry));
    const app = inBackup().repository('team/app');
    const attached = await collect(app.referrers(world.app.manifest.descriptor));
    assert.deepEqual(
      attached.map(({ digest }) => digest),
      [world.sbom.manifest.descriptor.digest],
    );
    assert.match(stdout, /^oci:out\/team\/single:1@sha256:/m);
    assert.match(stderr, /5 images of 2 repositories: sent/);
    for (const [name, digest] of Object.entries(await namesIn(world.registry))) {
      await done(`validate oci:out/${name.replace(/:(.*)$/, '')}@${digest}`);
    }
  });

  test('fetches what repositories share once, and keeps it once', async () => {
    await done('backup REGISTRY out');
    const [layer] = world.single.blobs.slice(1);
    const digest = layer?.descriptor.digest ?? assert.fail();
    assert.equal(asked(world, new RegExp(`^GET .*/blobs/${digest}`)).length, 1);
    const files = ['team/app', 'team/single'].map((name) => join(folder.path, 'out', name, 'blobs/sha256'));
    const [one, two] = await Promise.all(files.map((file) => stat(join(file, digestHex(digest)))));
    assert.equal(one?.ino, two?.ino);
  });

  test('fetches nothing again, and continues what was begun', async () => {
    await done('backup REGISTRY out');
    world.requests.length = 0;
    const { stderr } = await done('backup REGISTRY out');
    assert.deepEqual(asked(world, /\/blobs\//), []);
    assert.match(stderr, /5 images of 2 repositories: sent 0 B/);
    // As after an interruption: a blob is half there, and the manifests are not.
    const single = join(folder.path, 'out/team/single');
    const [, , layer] = world.single.blobs;
    const { digest } = layer?.descriptor ?? assert.fail();
    const file = join(single, 'blobs/sha256', digestHex(digest));
    const bytes = await readFile(file);
    await rm(file);
    await rm(join(single, 'index.json'));
    await rm(join(single, 'blobs/sha256', digestHex(world.single.manifest.descriptor.digest)));
    world.requests.length = 0;
    await mkdir(join(single, '.lading'), { recursive: true });
    await writeFile(join(single, `.lading/blobs-sha256-${digestHex(digest)}.partial`), bytes.subarray(0, 20));
    await done('backup REGISTRY/team/single out');
    const ranges = world.requests.filter(({ path }) => path.includes(digest)).map(({ headers }) => headers.range);
    assert.deepEqual(ranges, ['bytes=20-']);
    assert.deepEqual(await namesIn(inBackup()), await namesIn(world.registry));
  });

  test('takes what its globs say', async () => {
    await done('backup --repos team/s* --filter 1* --filter !1.1 REGISTRY out');
    assert.deepEqual(Object.keys(await namesIn(inBackup())), ['team/single:1']);
    assert.deepEqual(asked(world, /team\/app/), []);
    world.requests.length = 0;
    await done('backup --filter 1.0 --no-referrers REGISTRY/team/app out');
    assert.deepEqual(Object.keys(await namesIn(inBackup())), ['team/app:1.0', 'team/single:1']);
    assert.deepEqual(await collect(inBackup().repository('team/app').referrers(world.app.manifest.descriptor)), []);
    assert.deepEqual(asked(world, /referrers|\.sig/), []);
    await done('backup --filter 1.0 REGISTRY/team/app out');
    assert.deepEqual(
      Object.keys(await namesIn(inBackup())).filter((name) => name.includes('.sig')).length,
      1,
      'the signature of what was asked for comes along',
    );
  });

  test('tells in a dry run what it would fetch, and writes nothing', async () => {
    const planned = told(await done('backup --dry-run --json REGISTRY out'));
    await assert.rejects(stat(join(folder.path, 'out')));
    assert.deepEqual(asked(world, /GET .*\/blobs\//), []);
    assert.ok(planned.every(({ outcome }) => outcome === 'planned'));
    const real = told(await done('backup --json REGISTRY out'));
    assert.equal(bytesOf(planned), bytesOf(real));
    assert.deepEqual(
      planned.map(({ digest }) => digest),
      real.map(({ digest }) => digest),
    );
    assert.equal(bytesOf(told(await done('backup --dry-run --json REGISTRY out'))), 0);
  });

  test('goes on when a repository fails, and ends with 8', async () => {
    const { code, stdout, stderr } = await run('backup --json REGISTRY/no/where REGISTRY/team/single out');
    assert.equal(code, 8, stderr);
    const [failed, kept] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual([failed?.source, failed?.outcome, failed?.code], ['REGISTRY/no/where', 'failed', 'NOT_FOUND']);
    assert.equal(kept?.outcome, 'copied');
    assert.match(stderr, /REGISTRY\/no\/where is left out: .*\(NOT_FOUND\)/);
    assert.match(stderr, /1 image of 2 repositories: .*; 1 failed/);
    assert.equal((await run('backup REGISTRY/no/where out')).code, 3);
  });

  test('goes on when one tag fails', async () => {
    const repository = other.registry.repository('team/single');
    await putBuilt(repository, world.single, { tags: ['a', 'c'] });
    const broken = await buildImage({ layers: [{ files: { broken: 'x' } }] });
    await putBuilt(repository, broken, { tags: ['b'] });
    await repository.delete({ blob: broken.blobs[1]?.descriptor.digest ?? assert.fail() });
    const { code, stderr } = await run('backup OTHER out');
    assert.equal(code, 8, stderr);
    assert.match(stderr, /OTHER\/team\/single:b is left out/);
    assert.deepEqual(Object.keys(await namesIn(inBackup())), ['team/single:a', 'team/single:c']);
  });

  test('refuses what it cannot keep apart, and files', async () => {
    await putBuilt(other.registry.repository('team/single'), world.single, { tags: ['1'] });
    const both = await run('backup REGISTRY/team/single OTHER/team/single out');
    assert.equal(both.code, 2);
    assert.match(both.stderr, /REGISTRY\/team\/single and OTHER\/team\/single would both be team\/single in out/);
    const file = await run('backup REGISTRY/team/single out.tar');
    assert.equal(file.code, 2);
    assert.match(file.stderr, /hint: .*lading copy --all-tags REGISTRY\/team\/single oci-archive:out\.tar/);
    const tag = await run('backup REGISTRY/team/single:1 out');
    assert.equal(tag.code, 2);
    assert.match(tag.stderr, /--filter/);
  });
});

describe('CAP-J10: lading restore', () => {
  beforeEach(async () => {
    await done('backup REGISTRY out');
  });

  test('brings everything back, with what is attached, and mounts what is shared', async () => {
    await done('restore out OTHER');
    assert.deepEqual(await namesIn(other.registry), await namesIn(world.registry));
    const app = other.registry.repository('team/app');
    assert.equal((await collect(app.referrers(world.app.manifest.descriptor))).length, 1);
    for (const layer of world.single.blobs) {
      const { digest } = layer.descriptor;
      assert.equal(asked(other, new RegExp(`^PUT .*${encodeURIComponent(digest)}`)).length, 1);
      const mounts = asked(
        other,
        new RegExp(`^POST .*team/single/.*mount=${encodeURIComponent(digest)}.*from=team%2Fapp`),
      );
      assert.equal(mounts.length, 1);
    }
    await done('validate OTHER/team/app:1.0');
  });

  test('sends nothing twice', async () => {
    await done('restore out OTHER');
    other.requests.length = 0;
    const { stderr } = await done('restore out OTHER');
    assert.deepEqual(asked(other, /^(PUT|POST|PATCH)/), []);
    assert.match(stderr, /sent 0 B/);
  });

  test('puts a prefix before the names, and takes those that are named', async () => {
    await done('restore out OTHER/mirror/of team/s*');
    assert.deepEqual(Object.keys(await namesIn(other.registry)), ['mirror/of/team/single:1']);
    const { code, stderr } = await run('restore out OTHER team/single team/none');
    assert.equal(code, 8);
    assert.match(stderr, /out holds no repository team\/none/);
  });

  test('leaves a tag that stands with --no-clobber', async () => {
    const own = await buildImage({ layers: [{ files: { own: 'x' } }] });
    const single = other.registry.repository('team/single');
    await putBuilt(single, own, { tags: ['1'] });
    await done('restore --no-clobber out OTHER');
    assert.equal((await single.resolve('1'))?.digest, own.manifest.descriptor.digest);
    assert.equal(Object.keys(await namesIn(other.registry)).length, 5);
    await done('restore out OTHER team/single');
    assert.equal((await single.resolve('1'))?.digest, world.single.manifest.descriptor.digest);
  });

  test('tells in a dry run what it would send, and sends nothing', async () => {
    const planned = told(await done('restore --dry-run --json out OTHER'));
    assert.deepEqual(asked(other, /^(PUT|POST|PATCH)/), []);
    assert.equal(bytesOf(planned), bytesOf(told(await done('restore --json out OTHER'))));
  });

  test('has to find a backup', async () => {
    const layout = await run('restore out/team/app OTHER');
    assert.equal(layout.code, 3);
    assert.match(layout.stderr, /holds no repositories.*lading copy --all-tags oci:out\/team\/app/);
    assert.equal((await run('restore nowhere OTHER')).code, 3);
  });
});

test('CAP-J10: a real registry is backed up, and a backup restored to it', needs('docker-registry'), async (t) => {
  const [first, second] = [await startDockerRegistry(), await startDockerRegistry()];
  t.after(() => Promise.all([first.stop(), second.stop()]));
  await done('backup REGISTRY out');
  await done(`restore out ${first.host}`);
  await rm(join(folder.path, 'out'), { recursive: true });
  await done(`backup ${first.host} out`);
  await done(`restore out ${second.host}`);
  for (const [name, digest] of Object.entries(await namesIn(world.registry))) {
    assert.equal((await done(`digest ${second.host}/${name}`)).stdout, `${digest}\n`, name);
  }
  // It has no referrers API: what is attached stands in a list, which was made anew.
  const { digest } = world.sbom.manifest.descriptor;
  assert.match((await done(`referrers ${second.host}/team/app:1.0`)).stdout, new RegExp(digest.slice(0, 19)));
  const mounted = (await second.requests()).filter(({ method, path }) => method === 'POST' && /mount=/.test(path));
  assert.ok(mounted.length > 0 && mounted.every(({ status }) => status === 201));
});
