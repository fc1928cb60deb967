import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import type { Published } from '../../src/cli/transfer/changed.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { buildIndex, buildLayer, putBuilt } from '../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';
import { bytesOf, filesIn, viewImage, viewIndex } from '../support/image-view.ts';
import { attestationOf, imageFor } from '../support/images-to-change.ts';
import { sourceProgram } from '../support/program.ts';

let world: World;
let other: World;
let folder: string;
let plain: Uint8Array;

before(async () => {
  world = await openWorld();
  other = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-append-'));
  const files = { 'mydata/': '', 'mydata/hello': 'hello' };
  plain = await bytesOf((await buildLayer({ files, compression: 'none' })).content);
  await writeFile(path.join(folder, 'mydata.tar'), plain);
  await writeFile(path.join(folder, 'mydata.tgz'), await bytesOf((await buildLayer({ files })).content));
  await writeFile(path.join(folder, 'notes.txt'), 'no layer\n'.repeat(100));
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

async function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const result = await cli(line.split(' ').map(named), { cwd: folder, ...options });
  const neutral = (text: string): string =>
    world.neutral(text).replaceAll(other.host, 'OTHER').replaceAll(`${folder}/`, './');
  return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
}

async function done(line: string, options?: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await run(line, options);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

const isRead = ({ method }: { readonly method: string }): boolean => method === 'HEAD' || method === 'GET';

test('RUBY-62 RUBY-63 WRITE-7: who pulls an image that was appended to sees the folder', async () => {
  const stdout = await done('append REGISTRY/team/single:1 mydata.tgz --tag REGISTRY/team/single:2');
  const repository = world.registry.repository('team/single');
  const { manifest, document, config } = await viewImage(repository, '2');
  assert.equal(stdout, `REGISTRY/team/single:2@${manifest.descriptor.digest}\n`);
  assert.deepEqual(await filesIn(repository.blob(document.layers[2] ?? assert.fail())), { 'mydata/hello': 'hello' });
  assert.equal(config.history?.length, 4);
  assert.equal(await done('digest REGISTRY/team/single:1'), `${world.single.manifest.descriptor.digest}\n`);
  await done('validate REGISTRY/team/single:2');
});

test('results are as promised, as JSON', async () => {
  assertGolden('append.json', await done('append --json REGISTRY/team/app:1.0 mydata.tgz -t OTHER/golden/app:1,2'));
});

test('CAP-G4 CAP-G5 WRITE-7: every platform gets the layer, or the one that is chosen', async () => {
  await done('append REGISTRY/team/app:1.0 mydata.tgz -t REGISTRY/team/app:all');
  await done('append REGISTRY/team/app:1.0 mydata.tgz -t REGISTRY/team/app:arm --platform linux/arm64');
  const repository = world.registry.repository('team/app');
  const [all, arm] = [await viewIndex(repository, 'all'), await viewIndex(repository, 'arm')];
  const [amd64, arm64] = world.app.children.map(({ descriptor }) => descriptor);
  assert.deepEqual(
    all.manifests.map(({ platform }) => platform),
    [amd64?.platform, arm64?.platform],
  );
  assert.ok(all.manifests.every(({ digest }) => digest !== amd64?.digest && digest !== arm64?.digest));
  assert.deepEqual(arm.manifests, [amd64, all.manifests[1]]);
  const missing = await run('append REGISTRY/team/app:1.0 mydata.tgz -t REGISTRY/x:1 --platform linux/s390x');
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /it has linux\/amd64, linux\/arm64/);
});

test('attestations that are left out are told', async () => {
  const image = await imageFor('amd64');
  const attestation = attestationOf(image);
  await putBuilt(world.registry.repository('attested'), buildIndex({ manifests: [image, attestation] }), {
    tags: ['1'],
  });
  const { stderr, stdout } = await run('append REGISTRY/attested:1 mydata.tgz -t REGISTRY/attested:2 --json');
  assert.match(stderr, new RegExp(`left out: ${attestation.descriptor.digest}`));
  assert.deepEqual((JSON.parse(stdout) as Published).dropped, [attestation.descriptor.digest]);
});

test('CAP-G5: layers come from arguments, flags and a pipe, the lowest first', async () => {
  const line = 'append REGISTRY/team/single:1 mydata.tgz - -f mydata.tar -t oci:layers:1 --json';
  const told = JSON.parse(await done(line, { stdin: plain })) as { layers: { digest: string; diffId: string }[] };
  const { document, config } = await viewImage(directoryStore(path.join(folder, 'layers')), '1');
  assert.equal(document.layers.length, 5);
  assert.deepEqual(
    told.layers.map(({ digest }) => digest),
    document.layers.slice(2).map(({ digest }) => digest),
  );
  assert.deepEqual(
    told.layers.map(({ diffId }) => diffId),
    config.rootfs.diff_ids.slice(2),
  );
});

test('CAP-G5: a directory is a layer, too, and the image can tell what it stands on', async () => {
  await mkdir(path.join(folder, 'rootfs/mydata'), { recursive: true });
  await writeFile(path.join(folder, 'rootfs/mydata/hello'), 'hello');
  await done('append --base-annotations REGISTRY/team/app:1.0 rootfs -t REGISTRY/based:1');
  const repository = world.registry.repository('based');
  const [entry] = (await viewIndex(repository, '1')).manifests;
  const { document } = await viewImage(repository, entry?.digest ?? '');
  assert.deepEqual(await filesIn(repository.blob(document.layers.at(-1) ?? assert.fail())), {
    'mydata/hello': 'hello',
  });
  assert.deepEqual(document.annotations, {
    'org.opencontainers.image.base.name': `${world.host}/team/app:1.0`,
    'org.opencontainers.image.base.digest': world.app.manifest.descriptor.digest,
  });
  // So it can be rebased without being told what it stands on.
  await done('rebase --new-base REGISTRY/team/app:1.0 REGISTRY/based:1 -t REGISTRY/based:2');
  const local = await run('append --base-annotations oci:layers:1 rootfs -t oci:layers:2');
  assert.equal(local.code, 2);
  assert.match(local.stderr, /no name to be noted/);
});

test('a target may be any place that can be written', async () => {
  const append = 'append REGISTRY/team/app:1.0 mydata.tgz -t';
  const digest = (await done(`${append} oci:place:2`)).split('@')[1];
  for (const target of ['oci-archive:place.tar:2', 'OTHER/place:2']) {
    assert.equal(await done(`${append} ${target}`), `${target}@${digest}`);
  }
  const piped = await run(`${append} oci-archive:-`);
  assert.equal(piped.code, 0, piped.stderr);
  const pushed = await done('push - OTHER/piped:2', { stdin: piped.stdoutBytes });
  assert.equal(pushed, `OTHER/piped:2@${digest}`);
  assert.match(await done('append oci:place:2 mydata.tgz -t oci:place:3'), /^oci:place:3@sha256:/);
});

test('in another repository the layers below are mounted', async () => {
  const told = JSON.parse(
    await done('append --json REGISTRY/team/single:1 mydata.tgz -t REGISTRY/mounted:1'),
  ) as Published;
  assert.equal(told.sent.objects, 3, 'layer, config, manifest');
  assert.equal(told.reused.objects, 2);
  const mounts = world.requests.filter(({ path: asked }) => asked.includes('mount='));
  assert.deepEqual(
    mounts.map(({ status }) => status),
    [201, 201],
  );
});

test('a dry run reads, and writes nothing', async () => {
  const dry = await done('append --dry-run REGISTRY/team/app:1.0 mydata.tgz -t OTHER/dry:1');
  assert.ok([...world.requests, ...other.requests].every(isRead));
  assert.equal(await done('append REGISTRY/team/app:1.0 mydata.tgz -t OTHER/dry:1'), dry);
  await done('append --dry-run REGISTRY/team/app:1.0 mydata.tgz -t oci:dry:1');
  assert.ok(!(await readdir(folder)).includes('dry'));
});

test('a tag that stands can be left', async () => {
  await done('append REGISTRY/team/single:1 mydata.tgz -t OTHER/team/single:1 -n');
  assert.equal((await other.registry.repository('team/single').resolve('1'))?.digest, other.single.descriptor.digest);
});

test('history and time are what is told', async () => {
  const repository = world.registry.repository('team/single');
  const env = { SOURCE_DATE_EPOCH: '1767323045' };
  await done('append REGISTRY/team/single:1 mydata.tgz -t REGISTRY/team/single:epoch --created-by COPY', { env });
  const epoch = (await viewImage(repository, 'epoch')).config;
  assert.equal(epoch.created, '2026-01-02T03:04:05Z');
  assert.deepEqual(epoch.history?.at(-1), { created: epoch.created, created_by: 'COPY' });
  const time = '2025-01-01T00:00:00+01:00';
  await done(`append REGISTRY/team/single:1 mydata.tgz -t REGISTRY/team/single:time --created ${time}`, { env });
  assert.equal((await viewImage(repository, 'time')).config.created, time);
  const wrong = await run('append REGISTRY/team/single:1 mydata.tgz -t x', { env: { SOURCE_DATE_EPOCH: 'now' } });
  assert.equal(wrong.code, 2);
});

test('WRITE-7: the same layer makes the same image, whoever does it, wherever and whenever', async () => {
  const digest = (await done('append REGISTRY/team/single:1 mydata.tar -t REGISTRY/same:1')).split('@')[1];
  const [file, ...command] = sourceProgram();
  const words = ['append', 'REGISTRY/team/single:1', path.join(folder, 'mydata.tar'), '-t', 'REGISTRY/same:2'].map(
    named,
  );
  const env = { PATH: process.env.PATH, HOME: folder, TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8' };
  const { stdout } = await promisify(execFile)(file, [...command, ...words], { env });
  assert.equal(stdout, `${named('REGISTRY')}/same:2@${digest}`);
});

test('what makes no sense is told before anything is sent', async () => {
  const cases: readonly (readonly [string, number, RegExp, CliOptions?])[] = [
    ['REGISTRY/team/single:1 mydata.tgz', 2, /not said where.*hint: add --tag NAME:TAG/],
    ['REGISTRY/team/single:1 -t REGISTRY/x:1', 2, /no layer to append/],
    ['REGISTRY/team/single:1 notes.txt -t REGISTRY/x:1', 1, /notes\.txt is no layer: .*\(LAYOUT_INVALID\)/],
    ['REGISTRY/team/single:1 nothing.tar -t REGISTRY/x:1', 3, /there is no archive \S*nothing\.tar/],
    ['REGISTRY/team/single:1 - - -t REGISTRY/x:1', 2, /stdin can be one thing only/],
    ['- - -t REGISTRY/x:1', 2, /stdin can be one thing only/],
    ['oci-archive:-:1.0 - -t REGISTRY/x:1', 2, /stdin can be one thing only/],
    ['REGISTRY/team/single:1 - -t REGISTRY/x:1', 2, /does not come from a terminal/, { stdinIsTTY: true }],
    ['REGISTRY/team/single:1 - -t REGISTRY/x:1', 1, /stdin is no layer: it is empty/],
    ['REGISTRY/team/single:1 mydata.tgz -t REGISTRY/UPPER:1', 2, /must be lower case/],
    ['REGISTRY/team/single:1 mydata.tgz -t REGISTRY/x:1 --created today', 2, /"today" is not a time/],
    ['REGISTRY/team/single:9 mydata.tgz -t REGISTRY/x:1', 3, /NOT_FOUND/],
    [`REGISTRY/team/app@${world.sbom.descriptor.digest} mydata.tgz -t REGISTRY/x:1`, 2, /no image but an artifact/],
  ];
  for (const [line, code, message, options] of cases) {
    const result = await run(`append ${line}`, options);
    assert.match(result.stderr, message);
    assert.equal(result.code, code, result.stderr);
    assert.equal(result.stdout, '');
  }
  assert.ok(world.requests.every(isRead));
});
