import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import type { PublishedIndex } from '../../src/cli/index/publish.ts';
import type { ImageIndex } from '../../src/model/manifest.ts';
import * as types from '../../src/model/media-types.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';
import { viewIndex } from '../support/image-view.ts';
import { attestationOf, digestsOf, imageFor, platform } from '../support/images-to-change.ts';
import { sourceProgram } from '../support/program.ts';

let world: World;
let other: World;
let folder: string;

before(async () => {
  world = await openWorld();
  other = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-index-'));
  for (const architecture of ['amd64', 'arm64', 's390x']) {
    await putBuilt(other.registry.repository(`builds/${architecture}`), await imageFor(architecture), { tags: ['1'] });
  }
  await putBuilt(world.registry.repository('docker'), await imageFor('amd64', 'docker'), { tags: ['1'] });
  const images = await Promise.all(['amd64', 'arm64', 's390x'].map((name) => imageFor(name)));
  const attested = buildIndex({ manifests: [...images, ...images.map(attestationOf)] });
  await putBuilt(world.registry.repository('attested'), attested, { tags: ['1'] });
});
after(async () => {
  await Promise.all([world.close(), other.close()]);
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  world.requests.length = 0;
  other.requests.length = 0;
});

const named = (text: string): string => text.replaceAll('REGISTRY', world.host).replaceAll('OTHER', other.host);
const BUILDS = ['amd64', 'arm64', 's390x'].map((name) => `OTHER/builds/${name}:1`).join(' ');

async function run(words: string | readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const argv = typeof words === 'string' ? words.split(' ') : words;
  const result = await cli(['index', ...argv.map(named)], { cwd: folder, ...options });
  const neutral = (text: string): string => world.neutral(text).replaceAll(other.host, 'OTHER');
  return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
}

async function done(words: string | readonly string[], options?: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await run(words, options);
  assert.equal(code, 0, `${String(words)}: ${stderr}`);
  return stdout;
}

async function valid(reference: string): Promise<void> {
  const { code, stderr, stdout } = await cli(['validate', named(reference)]);
  assert.equal(code, 0, stderr + stdout);
}

const at = (name: string, tag: string): Promise<ImageIndex> => viewIndex(world.registry.repository(name), tag);
const architectures = ({ manifests }: ImageIndex): unknown[] => manifests.map((entry) => entry.platform?.architecture);
const isRead = ({ method }: { readonly method: string }): boolean => method === 'HEAD' || method === 'GET';

test('results are as promised, as JSON and as text', async () => {
  const images = 'OTHER/builds/amd64:1 OTHER/builds/arm64:1';
  assertGolden('index-create.json', await done(`create --json REGISTRY/golden:1,2 ${images} -a a=b`));
  assertGolden('index-add.json', await done('add --json REGISTRY/golden:1 OTHER/builds/s390x:1 -t REGISTRY/golden:3'));
  assertGolden(
    'index-remove.json',
    await done('remove --json --platform linux/amd64 REGISTRY/attested:1 -t REGISTRY/golden:4'),
  );
  assertGolden('index-list.json', await done('list --json REGISTRY/golden:4'));
  assertGolden('index-list.txt', await done('list REGISTRY/golden:4'));
});

test('CAP-H1: an index is made of images of other registries and of layouts, and holds all of them', async () => {
  await cli(['copy', named('OTHER/builds/arm64:1'), 'oci:layout:arm'], { cwd: folder });
  const line = 'create REGISTRY/made:1,latest OTHER/builds/amd64:1 oci:layout:arm REGISTRY/docker:1';
  const digest = (await done(line)).split('\n')[0]?.split('@')[1];
  await valid('REGISTRY/made:latest');
  const index = await at('made', '1');
  assert.equal(index.mediaType, types.OCI_INDEX);
  assert.deepEqual(architectures(index), ['amd64', 'arm64', 'amd64']);
  assert.equal(index.manifests[2]?.mediaType, types.DOCKER_MANIFEST);
  const local = line.replace('REGISTRY/made:1,latest', 'oci:made:1');
  assert.equal(await done(local), `oci:made:1@${digest}\n`);
  assert.deepEqual(await viewIndex(directoryStore(path.join(folder, 'made')), '1'), index);
});

test('CAP-H1: what it says of itself and of its entries is what is told', async () => {
  const flags = '-a a=b=c --artifact-type application/x.set --subject REGISTRY/team/app:1.0 --entry-annotation d=e';
  await done(`create REGISTRY/told:1 OTHER/builds/arm64:1 --set-platform linux/arm/v7 ${flags}`);
  const { annotations, artifactType, subject, manifests } = await at('told', '1');
  assert.deepEqual({ annotations, artifactType }, { annotations: { a: 'b=c' }, artifactType: 'application/x.set' });
  assert.equal(subject?.digest, world.app.descriptor.digest);
  assert.deepEqual(manifests[0]?.platform, platform('arm', 'v7'));
  assert.deepEqual(manifests[0]?.annotations, { d: 'e' });
  await done('create REGISTRY/told:nested REGISTRY/team/app:1.0 --nested');
  assert.deepEqual(digestsOf((await at('told', 'nested')).manifests), [world.app.descriptor.digest]);
  await done('create REGISTRY/told:docker REGISTRY/docker:1 --format docker');
  assert.equal((await at('told', 'docker')).mediaType, types.DOCKER_LIST);
  const mixed = await run('create REGISTRY/told:mixed REGISTRY/docker:1 OTHER/builds/arm64:1 --format docker');
  assert.equal(mixed.code, 7);
  assert.match(mixed.stderr, /no place for an entry of the type .*oci/);
});

test('CAP-H1: of an index the platforms that are wanted are taken, with what is attested of them', async () => {
  await done('create REGISTRY/some:1 REGISTRY/attested:1 --platform linux/arm64,linux/amd64 OTHER/builds/arm64:1');
  const all = (await at('attested', '1')).manifests;
  const { manifests } = await at('some', '1');
  assert.deepEqual(manifests, [all[0], all[1], all[3], all[4]], 'the same image is listed once');
  await valid('REGISTRY/some:1');
});

test('CAP-H2: images are added, or take the place of those for their platforms', async () => {
  await done(`create REGISTRY/grown:1 ${BUILDS}`);
  const { stderr } = await run('add REGISTRY/grown:1 REGISTRY/docker:1 -t REGISTRY/grown:2');
  assert.match(stderr, /warning: linux\/amd64 is there more than once/);
  assert.deepEqual(architectures(await at('grown', '2')), ['amd64', 'arm64', 's390x', 'amd64']);
  const replaced = JSON.parse(
    await done('add --replace --json REGISTRY/grown:1 REGISTRY/docker:1 -t REGISTRY/grown:3'),
  ) as PublishedIndex;
  assert.deepEqual(architectures(await at('grown', '3')), ['arm64', 's390x', 'amd64']);
  assert.deepEqual(replaced.removed, [
    { platform: 'linux/amd64', digest: (await imageFor('amd64')).descriptor.digest },
  ]);
  const same = await done('add REGISTRY/grown:1 OTHER/builds/arm64:1 -t REGISTRY/grown:4');
  assert.equal(same.split('@')[1], (await done(`create REGISTRY/grown:1 ${BUILDS}`)).split('@')[1]);
  for (const tag of ['2', '3', '4']) await valid(`REGISTRY/grown:${tag}`);
});

test('CAP-H2: entries are removed by platform or digest', async () => {
  const all = (await at('attested', '1')).manifests;
  const line = `remove REGISTRY/attested:1 --platform linux/s390x --digest ${all[0]?.digest} -t oci:less:1`;
  const { stderr, code } = await run(line);
  assert.equal(code, 0, stderr);
  assert.match(stderr, new RegExp(`left out: linux/amd64 ${all[0]?.digest}`));
  const { manifests } = await viewIndex(directoryStore(path.join(folder, 'less')), '1');
  assert.deepEqual(manifests, [all[1], all[4]]);
  const missing = await run('remove REGISTRY/attested:1 --platform linux/riscv64 -t REGISTRY/x:1');
  assert.equal(missing.code, 3);
});

test('CAP-H3 CAP-F5: some platforms are kept, with what is attested of them; a copy of them is the same', async () => {
  const flags = '--platform linux/arm64 --platform linux/s390x';
  const digest = (await done(`filter ${flags} REGISTRY/attested:1 -t REGISTRY/filtered:1`)).split('@')[1];
  const all = (await at('attested', '1')).manifests;
  assert.deepEqual((await at('filtered', '1')).manifests, [all[1], all[2], all[4], all[5]]);
  await valid('REGISTRY/filtered:1');
  const copied = await cli(['copy', ...`${flags} REGISTRY/attested:1 REGISTRY/filtered:2`.split(' ').map(named)]);
  assert.equal(copied.stdout.split('@')[1], digest);
  const whole = '--platform linux/amd64,linux/arm64';
  const same = await done(`filter ${whole} REGISTRY/team/app:1.0 -t REGISTRY/filtered:3`);
  assert.equal(same, `REGISTRY/filtered:3@${world.app.descriptor.digest}\n`);
});

test('CAP-G3: annotations of the index and of its entries are set and removed', async () => {
  const line = 'annotate REGISTRY/team/app:1.0 -t REGISTRY/team/app:noted';
  await done(`${line} -a a=b --rm-annotation org.opencontainers.image.title --artifact-type x/y`);
  const { annotations, artifactType, manifests } = await at('team/app', 'noted');
  assert.deepEqual([annotations, artifactType], [{ a: 'b' }, 'x/y']);
  assert.deepEqual(
    manifests,
    world.app.children.map(({ descriptor }) => descriptor),
  );
  await done(`${line} -a a=b --platform linux/arm64`);
  const entries = await at('team/app', 'noted');
  assert.deepEqual(entries.annotations, { 'org.opencontainers.image.title': 'app' });
  assert.deepEqual(
    entries.manifests.map((entry) => entry.annotations),
    [undefined, { a: 'b' }],
  );
  await done('annotate REGISTRY/team/app:noted -t REGISTRY/team/app:noted --rm-annotation * --artifact-type=');
  assert.equal((await at('team/app', 'noted')).annotations, undefined);
});

test('CAP-H4: entries are listed in their order', async () => {
  const lines = (await done('ls REGISTRY/attested:1')).trimEnd().split('\n');
  const all = (await at('attested', '1')).manifests;
  assert.deepEqual(
    lines.slice(1).map((line) => line.split(/ +/)[1]),
    digestsOf(all),
  );
  assert.match(lines[4] ?? '', new RegExp(`^unknown/unknown .* attests ${all[0]?.digest}$`));
  const single = await run('list REGISTRY/team/single:1');
  assert.equal(single.code, 2);
  assert.match(single.stderr, /single image, not an index/);
});

test('a dry run reads, and writes nothing; a tag that stands can be left', async () => {
  const dry = await done(`create --dry-run REGISTRY/dry:1 ${BUILDS}`);
  await done(`create --dry-run oci:dry:1 ${BUILDS}`);
  assert.ok([...world.requests, ...other.requests].every(isRead));
  assert.ok(!(await readdir(folder)).includes('dry'));
  assert.equal(await done(`create REGISTRY/dry:1 ${BUILDS}`), dry);
  await done('create -n REGISTRY/dry:1 OTHER/builds/arm64:1');
  assert.equal((await at('dry', '1')).manifests.length, 3);
});

test('images of the same registry are mounted, and each manifest is read once', async () => {
  const told = JSON.parse(await done(`create --json OTHER/together:1 ${BUILDS}`)) as PublishedIndex;
  assert.equal(told.sent.objects, 4, 'manifests and the index');
  const read = other.requests.filter(({ method, path: asked }) => method === 'GET' && /builds.*manifests/.test(asked));
  assert.equal(read.length, 3);
});

test('CAP-H1: the same images make the same index, wherever it is done', async () => {
  const digest = (await done(`create REGISTRY/same:1 ${BUILDS} -a b=1 -a a=2`)).split('@')[1];
  const [file, ...command] = [...sourceProgram(), 'index'];
  for (const TZ of ['Pacific/Kiritimati', 'America/Adak']) {
    const env = { PATH: process.env.PATH, HOME: folder, TZ, LANG: 'tr_TR.UTF-8' };
    const words = named(`create REGISTRY/same:2 -a a=2 ${BUILDS} -a b=1`).split(' ');
    const { stdout } = await promisify(execFile)(file, [...command, ...words], { env });
    assert.equal(stdout, `${named('REGISTRY')}/same:2@${digest}`);
  }
});

test('what makes no sense is told before anything is sent', async () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['add REGISTRY/attested:1 REGISTRY/docker:1', 2, /not said where.*hint: add --tag NAME:TAG/],
    ['add REGISTRY/team/single:1 REGISTRY/docker:1 -t REGISTRY/x:1', 2, /single image, not an index/],
    ['remove REGISTRY/attested:1 -t REGISTRY/x:1', 2, /not said what is to be removed/],
    ['filter REGISTRY/attested:1 -t REGISTRY/x:1', 2, /not said what is to be kept/],
    [
      'filter REGISTRY/attested:1 --platform linux/mips -t REGISTRY/x:1',
      3,
      /it has linux\/amd64, linux\/arm64, linux\/s390x$/m,
    ],
    ['annotate REGISTRY/attested:1 -t REGISTRY/x:1', 2, /not said what is to change/],
    ['remove REGISTRY/attested:1 --digest sha256:1 -t REGISTRY/x:1', 2, /digest/],
    [`create REGISTRY/x:1 ${BUILDS} --set-platform linux/arm`, 2, /3 images cannot all be for linux\/arm/],
    ['create REGISTRY/x:1 REGISTRY/attested:1 --set-platform linux/arm', 2, /cannot all be for the same platform/],
    ['create REGISTRY/UPPER:1 REGISTRY/team/single:9', 2, /must be lower case/],
    ['create REGISTRY/x:1 - -', 2, /stdin can be one image only/],
    ['create REGISTRY/x:1 REGISTRY/team/single:9', 3, /NOT_FOUND/],
    ['create REGISTRY/x:1 REGISTRY/docker:1 -a x', 2, /NAME=VALUE/],
  ];
  for (const [line, code, message] of cases) {
    const result = await run(line);
    assert.match(result.stderr, message);
    assert.equal(result.code, code, `${line}: ${result.stderr}`);
    assert.equal(result.stdout, '');
  }
  assert.ok([...world.requests, ...other.requests].every(isRead));
});
