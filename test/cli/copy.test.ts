import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { Transferred } from '../../src/cli/transfer/transfer.ts';
import { buildArtifact, buildImage, buildIndex, putIndex } from '../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';

let world: World;
let other: World;
let folder: string;
const files = { files: { a: 'b' } };

before(async () => {
  world = await openWorld();
  other = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-copy-'));
});
after(async () => {
  await Promise.all([world.close(), other.close()]);
  await rm(folder, { recursive: true });
});
beforeEach(() => {
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

const index = (): string => world.app.manifest.descriptor.digest;
const image = (at: number): string => world.app.children[at]?.manifest.descriptor.digest ?? '';

test('CAP-F4 RUBY-59 WRITE-6: copies all platforms under several tags, with the same digests', async () => {
  const stdout = await done('copy REGISTRY/team/app:1.0 OTHER/copied/app:1,1.0,latest');
  assert.deepEqual(
    stdout.trimEnd().split('\n'),
    ['1', '1.0', 'latest'].map((tag) => `OTHER/copied/app:${tag}@${index()}`),
  );
  assert.equal(await done('digest OTHER/copied/app:latest'), `${index()}\n`);
  await done('validate OTHER/copied/app:1');
});

test('RUBY-56 RUBY-57 F6: a name in another repository of the registry costs no byte of a layer', async () => {
  const named = await run('tag REGISTRY/team/app:1.0 team/other:10.5');
  assert.equal(named.code, 2);
  assert.match(named.stderr, /lading copy REFERENCE REPOSITORY:TAG/);
  assert.equal(
    await done('copy REGISTRY/team/app:1.0 REGISTRY/team/other:10.5'),
    `REGISTRY/team/other:10.5@${index()}\n`,
  );
  const ofBlobs = world.requests.filter(({ path: asked }) => asked.includes('/blobs/'));
  assert.deepEqual(
    new Set(ofBlobs.map(({ method, status, bytesIn }) => `${method} ${status} ${bytesIn}`)),
    new Set(['POST 201 0']),
  );
});

test('CAP-F7: what is there already is told, and not sent again', async () => {
  const told = JSON.parse(await done('copy --json REGISTRY/team/app:1.0 OTHER/team/app:1.0')) as Transferred;
  assert.equal(told.outcome, 'exists');
  assert.deepEqual(told.sent, { objects: 0, bytes: 0 });
  assert.ok(other.requests.every(({ method }) => method === 'HEAD' || method === 'GET'));
  assert.match((await run('copy REGISTRY/team/app:1.0 OTHER/team/app:1.0')).stderr, /already there, nothing sent/);
});

test('CAP-F9: --force repairs an index that stands without its images', async () => {
  await done('copy REGISTRY/team/app:1.0 OTHER/sparse:1');
  const sparse = other.registry.repository('sparse');
  for (const { descriptor } of world.app.children) await sparse.delete({ manifest: descriptor.digest });
  for (const { descriptor } of world.app.children.flatMap(({ blobs }) => blobs))
    await sparse.delete({ blob: descriptor.digest });
  const believed = JSON.parse(await done('copy --json REGISTRY/team/app:1.0 OTHER/sparse:1')) as Transferred;
  assert.equal(believed.outcome, 'exists');
  assert.equal((await run('validate OTHER/sparse:1')).code, 5);
  const told = JSON.parse(await done('copy --json --force REGISTRY/team/app:1.0 OTHER/sparse:1')) as Transferred;
  assert.equal(told.digest, index());
  assert.ok(told.sent.objects > world.app.children.length);
  await done('validate OTHER/sparse:1');
});

test('CAP-M1: results are as promised, as JSON', async () => {
  assertGolden('copy.json', await done('copy --json REGISTRY/team/app:1.0 OTHER/golden/app:1'));
  assertGolden('copy-planned.json', await done('copy --json --dry-run REGISTRY/team/app:1.0 OTHER/golden/new:1'));
  assertGolden('copy-all.ndjson', await done('copy --json --all-tags REGISTRY/team/app OTHER/golden/all'));
  assertGolden('pull.json', await done('pull --json REGISTRY/team/app:1.0 golden'));
  assertGolden('gc.json', await done('gc --json --dry-run oci:golden'));
});

test('a dry run writes nothing anywhere', async () => {
  const stdout = await done('copy --dry-run REGISTRY/team/app:1.0 OTHER/dry/app:1');
  assert.equal(stdout, `OTHER/dry/app:1@${index()}\n`);
  assert.ok(other.requests.every(({ method }) => method === 'HEAD' || method === 'GET'));
  await done('pull --dry-run REGISTRY/team/app:1.0 dry');
  await done('pull --dry-run REGISTRY/team/app:1.0 dry.tar');
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('dry')),
    [],
  );
});

test('CAP-F5: one platform is its image, several are an index of them', async () => {
  const one = await done('copy --platform linux/arm64 REGISTRY/team/app:1.0 OTHER/arm/app:1');
  assert.equal(one, `OTHER/arm/app:1@${image(1)}\n`);
  const both = await done('copy --platform linux/arm64 --platform linux/amd64 REGISTRY/team/app:1.0 OTHER/both/app:1');
  assert.equal(both, `OTHER/both/app:1@${index()}\n`);
  assert.equal((await run('copy --platform linux/s390x REGISTRY/team/app:1.0 OTHER/none/app:1')).code, 3);
  // A list of platforms serves for single images, too: crane's filter refuses them.
  const { digest } = world.single.manifest.descriptor;
  const single = await done('copy --platform linux/amd64,linux/arm64 REGISTRY/team/single:1 OTHER/single/app:1');
  assert.equal(single, `OTHER/single/app:1@${digest}\n`);
  const other = await run('copy --platform linux/s390x,linux/arm64 REGISTRY/team/single:1 OTHER/none/app:1');
  assert.equal(other.code, 3);
  await done('validate OTHER/both/app:1');
});

test('CAP-F5: several platforms are found in an index of indexes, too, and what is not there is told with what is', async () => {
  const images = ['amd64', 'arm64', 's390x'].map((architecture) =>
    buildImage({ layers: [files], platform: { os: 'linux', architecture } }),
  );
  const [amd64, arm64, s390x] = await Promise.all(images);
  assert.ok(amd64 !== undefined && arm64 !== undefined && s390x !== undefined);
  const inner = buildIndex({ manifests: [arm64, s390x] });
  await putIndex(world.registry.repository('outer'), { manifests: [inner, amd64], tags: ['1'] });
  await done('copy --platform linux/amd64,linux/arm64 REGISTRY/outer:1 OTHER/outer:1');
  const { document } = await other.registry.repository('outer').manifest('1');
  assert.deepEqual('manifests' in document && document.manifests, [arm64.descriptor, amd64.descriptor]);
  const { code, stderr } = await run('copy --platform linux/amd64,linux/arm REGISTRY/outer:1 OTHER/outer:1');
  assert.equal(code, 3);
  assert.match(stderr, /no linux\/arm in .*\/outer:1 .*hint: it has linux\/arm64, linux\/s390x, linux\/amd64/);
});

test('a subset of platforms keeps what is attested about them', async () => {
  const images = await Promise.all(
    ['amd64', 'arm64', 's390x'].map((architecture) =>
      buildImage({ layers: [files], platform: { os: 'linux', architecture } }),
    ),
  );
  const attestations = images.map((about) => {
    const built = buildArtifact({ artifactType: 'x/y', annotations: { about: about.descriptor.digest } });
    const annotations = {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': about.descriptor.digest,
    };
    return {
      ...built,
      descriptor: { ...built.descriptor, platform: { os: 'unknown', architecture: 'unknown' }, annotations },
    };
  });
  await putIndex(world.registry.repository('attested'), { manifests: [...images, ...attestations], tags: ['1'] });
  await done('copy --platform linux/amd64,linux/arm64 REGISTRY/attested:1 OTHER/attested:1');
  const copied = JSON.parse(await done('manifest OTHER/attested:1')) as { manifests: { digest: string }[] };
  const wanted = [images[0], images[1], attestations[0], attestations[1]].map((one) => one?.descriptor.digest);
  assert.deepEqual(
    copied.manifests.map(({ digest }) => digest),
    wanted,
  );
  await done('validate OTHER/attested:1');
});

test('CAP-F7: --no-clobber leaves a tag that stands, and sets one that does not', async () => {
  await done('copy REGISTRY/team/single:1 OTHER/clobber:1');
  const before = await done('digest OTHER/clobber:1');
  const told = JSON.parse(await done('copy --json -n REGISTRY/team/app:1.0 OTHER/clobber:1')) as Transferred;
  assert.equal(told.outcome, 'kept');
  assert.equal(`${told.digest}\n`, before);
  assert.equal(await done('copy -n REGISTRY/team/app:1.0 OTHER/clobber:1,2'), `OTHER/clobber:2@${index()}\n`);
  assert.equal(await done('digest OTHER/clobber:1'), before);
});

test('--referrers takes along what is attached', async () => {
  await done('copy --referrers REGISTRY/team/app:1.0 OTHER/attached/app:1');
  const told = JSON.parse(await done('inspect --json OTHER/attached/app:1')) as { referrers: { digest: string }[] };
  assert.deepEqual(
    told.referrers.map(({ digest }) => digest),
    [world.sbom.manifest.descriptor.digest],
  );
});

test('a target that is named by another digest is refused', async () => {
  const { code, stderr } = await run(`copy REGISTRY/team/single:1 OTHER/x@${index()}`);
  assert.equal(code, 1);
  assert.match(stderr, /\(CONFLICT\)/);
});

test('CAP-F1 CAP-J1 WRITE-5 F1: pulls to a layout, by default named as the repository, and pushes it again', async () => {
  assert.equal(await done('pull REGISTRY/team/app:1.0'), `oci:app:1.0@${index()}\n`);
  assert.equal(await done('push app OTHER/pushed/app:1'), `OTHER/pushed/app:1@${index()}\n`);
  assert.equal(await done('push ./app:1.0 OTHER/pushed/app:2'), `OTHER/pushed/app:2@${index()}\n`);
  assert.equal(await done('push oci:app:1.0 OTHER/pushed/app:3'), `OTHER/pushed/app:3@${index()}\n`);
  assert.equal((await run('push nothing OTHER/pushed/app:4')).code, 3);
});

test('CAP-J2 CAP-J6: pulls to an archive, and through a pipe', async () => {
  await done('pull REGISTRY/team/app:1.0 app.tar');
  assert.equal(await done('digest oci-archive:app.tar:1.0'), `${index()}\n`);
  await done('push app.tar OTHER/archived/app:1');
  const { stdoutBytes, stderr, code } = await run('copy REGISTRY/team/single:1 oci-archive:-');
  assert.equal(code, 0, stderr);
  assert.match(stderr, new RegExp(world.single.manifest.descriptor.digest));
  const piped = await done('push - OTHER/piped/app:1', { stdin: stdoutBytes });
  assert.equal(piped, `OTHER/piped/app:1@${world.single.manifest.descriptor.digest}\n`);
});

test('what fails leaves no archive behind', async () => {
  assert.equal((await run('pull REGISTRY/team/app:9 failed.tar')).code, 3);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('failed')),
    [],
  );
});

test('a pull reads each manifest once', async () => {
  await done('pull REGISTRY/team/app:1.0 once');
  const gets = world.requests.filter(({ method, path: asked }) => method === 'GET' && asked.includes('/manifests/'));
  assert.equal(gets.length, 3, gets.map(({ path: asked }) => asked).join(' '));
});

test('CAP-N1: a layout that is damaged fails to validate, with everything that is wrong', async () => {
  await done('pull REGISTRY/team/app:1.0 damaged');
  const [, layer, other] = world.app.children[0]?.blobs ?? [];
  const place = (digest = ''): string => path.join(folder, 'damaged', 'blobs', ...digest.split(':'));
  await writeFile(place(layer?.descriptor.digest), Buffer.alloc(layer?.descriptor.size ?? 0));
  assert.equal((await run('copy oci:damaged OTHER/damaged:1')).code, 5);
  await rm(place(other?.descriptor.digest));
  const { code, stdout } = await run('validate --json oci:damaged');
  assert.equal(code, 5);
  const told = JSON.parse(stdout) as { valid: boolean; problems: { code: string; digest: string }[] };
  assert.equal(told.valid, false);
  assert.deepEqual(
    new Set(told.problems.map(({ digest, code: problem }) => `${problem} ${digest}`)),
    new Set([`DIGEST_MISMATCH ${layer?.descriptor.digest}`, `NOT_FOUND ${other?.descriptor.digest}`]),
  );
});

test('gc removes what nothing leads to', async () => {
  await done('pull REGISTRY/team/app:1.0 swept');
  await writeFile(path.join(folder, 'swept', 'blobs', 'sha256', '0'.repeat(64)), 'stray');
  assert.equal(await done('gc --dry-run swept'), `sha256:${'0'.repeat(64)}\n`);
  assert.equal(await done('gc oci:swept'), `sha256:${'0'.repeat(64)}\n`);
  assert.equal(await done('gc oci:swept'), '');
  await done('validate oci:swept');
  assert.equal((await run('gc oci:nothing')).code, 3);
});
