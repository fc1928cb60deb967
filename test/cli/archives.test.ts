import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Transferred } from '../../src/cli/transfer/transfer.ts';
import { type Built, putArtifact, putImage, putIndex } from '../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { archiveBytes, dialects, imageParts, plainFiles, savedFiles } from '../support/saved-archives.ts';

let world: World;
let folder: TemporaryDirectory;
const tools: Record<string, Built> = {};
let sbom: Built;

before(async () => {
  world = await openWorld();
  folder = await temporaryDirectory('archives');
  const repository = world.registry.repository('team/tool');
  for (const tag of ['1', '2']) {
    const layers = [{ files: { 'etc/name': 'lading' } }, { files: { 'etc/text': tag } }];
    tools[tag] = await putImage(repository, { layers, tags: [tag] });
  }
  const [one] = Object.values(tools);
  await putIndex(world.registry.repository('team/alone'), { manifests: [one ?? assert.fail()], tags: ['1'] });
  sbom = await putArtifact(repository, { artifactType: 'application/spdx+json' });
});
after(async () => {
  await world.close();
  await folder.remove();
});
beforeEach(() => {
  world.requests.length = 0;
});

async function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const argv = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host));
  const result = await cli(argv, { cwd: folder.path, ...options });
  const neutral = (text: string): string => world.neutral(text).replaceAll(`${folder.path}/`, '');
  return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
}

async function done(line: string, options?: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await run(line, options);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

async function refused(line: string, exitCode: number, says: RegExp, options?: CliOptions): Promise<void> {
  const { code, stderr } = await run(line, options);
  assert.match(stderr, says);
  assert.equal(code, exitCode, stderr);
}

const file = (name: string): string => join(folder.path, name);
const configOf = ({ blobs }: Built): string => blobs[0]?.descriptor.digest ?? '';

/** What an image's name stands for: the digest of its config, which every place keeps. */
async function configAt(image: string, options?: CliOptions): Promise<string> {
  const manifest = JSON.parse(await done(`manifest ${image}`, options)) as { config: { digest: string } };
  return manifest.config.digest;
}

test('CAP-J3: an image goes into a docker archive, and every command reads it there', async () => {
  const stdout = await done('pull REGISTRY/team/single:1 docker-archive:single.tar');
  assert.equal(stdout, 'docker-archive:single.tar:REGISTRY/team/single:1\n');
  const image = `docker-archive:single.tar`;
  assert.equal(await configAt(image), configOf(world.single));
  assert.equal(await done(`tags ${image}`), 'REGISTRY/team/single:1\n');
  const digest = (await done(`digest ${image}`)).trim();
  assert.match(digest, /^sha256:[0-9a-f]{64}$/);
  assert.equal(await done(`digest ${image}:REGISTRY/team/single:1`), `${digest}\n`);
  assert.equal(await done(`digest ${image}:@0`), `${digest}\n`);
  assert.match(await done(`inspect ${image}`), /Platform +linux\/amd64[^]*ADD os-release/);
  assert.match(await done(`size ${image}`), /linux\/amd64 +2/);
  assert.match(await done(`validate ${image}`), /: valid \(1 manifest and 3 blobs/);
  assert.match(await done(`config ${image}`), /"author":"The team"/);
  await done(`copy ${image} REGISTRY/back/single:1`);
  assert.equal(await configAt('REGISTRY/back/single:1'), configOf(world.single));
  await done('validate REGISTRY/back/single:1');
});

test('CAP-J3: several tags name one image, and an archive that is there is replaced', async () => {
  const stdout = await done('copy REGISTRY/team/tool:1 docker-archive:tags.tar:tool:1,1.0,latest');
  assert.deepEqual(
    stdout.trimEnd().split('\n'),
    ['1', '1.0', 'latest'].map((tag) => `docker-archive:tags.tar:tool:${tag}`),
  );
  assert.equal(await done('tags docker-archive:tags.tar'), 'tool:1\ntool:1.0\ntool:latest\n');
  await done('copy REGISTRY/team/tool:2 docker-archive:tags.tar:tool');
  assert.equal(await done('tags docker-archive:tags.tar'), 'tool:latest\n');
  await refused(
    'digest docker-archive:tags.tar:tool:1',
    3,
    /has no tool:1.*it has docker-archive:tags\.tar:tool:latest/,
  );
});

test('CAP-J3: of several platforms one is chosen, and nothing is fetched before', async () => {
  await refused('copy REGISTRY/team/app:1.0 docker-archive:app.tar:app:1', 2, /--platform.*linux\/amd64, linux\/arm64/);
  const platforms = '--platform linux/amd64 --platform linux/arm64';
  await refused(`copy ${platforms} REGISTRY/team/app:1.0 docker-archive:app.tar:app:1`, 2, /is an index/);
  assert.ok(world.requests.every(({ path }) => !path.includes('/blobs/')));
  assert.equal(existsSync(file('app.tar')), false);
  await done('copy --platform linux/arm64 REGISTRY/team/app:1.0 docker-archive:app.tar:app:1');
  assert.match(await done('config docker-archive:app.tar'), /"architecture":"arm64"/);
});

test('an index of one image stands for that image, and it is told', async () => {
  const { code, stderr } = await run('copy REGISTRY/team/alone:1 docker-archive:alone.tar:alone:1');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /taken for linux\/amd64, the only platform/);
  assert.equal(await configAt('docker-archive:alone.tar'), configOf(tools['1'] ?? assert.fail()));
});

test('what a docker archive cannot hold is refused, and nothing is fetched', async () => {
  await refused('copy --referrers REGISTRY/team/tool:1 docker-archive:no.tar:tool:1', 7, /attached.*oci-archive:FILE/);
  const { digest } = sbom.descriptor;
  await refused(`copy REGISTRY/team/tool@${digest} docker-archive:no.tar:sbom:1`, 7, /no image but an artifact/);
  await refused('copy REGISTRY/team/tool:1 docker-archive:no.tar:@0', 2, /is no name/);
  assert.ok(world.requests.every(({ path }) => !path.includes('/blobs/')));
  await done('copy --dry-run REGISTRY/team/tool:1 docker-archive:no.tar:tool:1');
  assert.equal(existsSync(file('no.tar')), false);
});

test('CAP-F6 CAP-J5: all tags of a repository go into one archive of either kind, and out of it', async () => {
  await done('copy --all-tags REGISTRY/team/tool docker-archive:all.tar:tool');
  assert.equal(await done('tags docker-archive:all.tar'), 'tool:1\ntool:2\n');
  await done('copy --all-tags REGISTRY/team/tool oci-archive:all-oci.tar');
  assert.equal(await done('tags oci-archive:all-oci.tar'), '1\n2\n');
  await done('copy --all-tags docker-archive:all.tar REGISTRY/back/tool');
  await done('copy --all-tags oci-archive:all-oci.tar docker-archive:again.tar:tool');
  assert.ok((await readFile(file('all.tar'))).equals(await readFile(file('again.tar'))));
  for (const tag of ['1', '2']) {
    const config = configOf(tools[tag] ?? assert.fail());
    for (const image of ['docker-archive:all.tar:tool:', 'oci-archive:all-oci.tar:', 'REGISTRY/back/tool:']) {
      assert.equal(await configAt(image + tag), config);
    }
  }
  await done('copy --all-tags --filter 2 REGISTRY/team/tool docker-archive:few.tar');
  assert.equal(await done('tags docker-archive:few.tar'), 'REGISTRY/team/tool:2\n');
});

test('CAP-J5: images of several repositories keep their names, where their place has room for them', async () => {
  const names = ['one:1', 'one:2', 'ghcr.io/o/app:1'];
  const images = await Promise.all(names.map((name) => imageParts([name], name)));
  await writeFile(file('mixed.tar'), await archiveBytes(plainFiles(...images)));
  await done('copy --all-tags docker-archive:mixed.tar docker-archive:mixed-again.tar');
  assert.equal(await done('tags docker-archive:mixed-again.tar'), 'ghcr.io/o/app:1\none:1\none:2\n');
  await done('copy --all-tags docker-archive:mixed.tar oci:mixed');
  assert.equal(await done('tags oci:mixed'), '2\ndocker.io/library/one:1\nghcr.io/o/app:1\n');
  await refused(
    'copy --all-tags docker-archive:mixed.tar REGISTRY/back/mixed',
    2,
    /of several repositories.*ghcr\.io\/o\/app, one/,
  );
  await done('copy --all-tags docker-archive:mixed.tar:one REGISTRY/back/mixed');
  assert.equal(await done('tags REGISTRY/back/mixed'), '1\n2\n');
  await refused('copy --all-tags oci-archive:all-oci.tar docker-archive:x.tar', 2, /docker-archive:x\.tar:REPOSITORY/);
  await refused('copy --all-tags docker-archive:mixed.tar:none REGISTRY/back/none', 3, /has no tags to copy/);
});

test('what all tags have been written to appears only when all of it is there', async () => {
  const { code } = await run('copy --all-tags REGISTRY/team/app docker-archive:broken.tar:app');
  assert.equal(code, 2);
  assert.equal(existsSync(file('broken.tar')), false);
  const lines = (await done('copy --json --all-tags REGISTRY/team/tool docker-archive:told.tar:tool'))
    .trim()
    .split('\n');
  const told = lines.map((line) => (JSON.parse(line) as Transferred).references);
  assert.deepEqual(told, [['docker-archive:told.tar:tool:1'], ['docker-archive:told.tar:tool:2']]);
});

test('CAP-F1 CAP-J3: push takes an archive of docker save by its path, plain or compressed', async () => {
  const dialect = dialects['docker before 25'] ?? assert.fail();
  const parts = await imageParts(['one', 'two'], 'app:1');
  const bytes = await archiveBytes(savedFiles(dialect, parts));
  await writeFile(file('saved.tar'), bytes);
  await writeFile(file('saved.tar.gz'), gzipSync(bytes));
  for (const name of ['saved.tar', './saved.tar.gz', 'docker-archive:saved.tar:app:1']) {
    await done(`push ${name} REGISTRY/pushed/app:1`);
    assert.equal(await configAt('REGISTRY/pushed/app:1'), parts.configDigest);
    await done('delete-repo --yes REGISTRY/pushed/app');
  }
  await refused('push saved.tar:1 REGISTRY/pushed/app:1', 1, /try docker-archive:saved\.tar/);
});

test('CAP-J6: archives of both kinds come from stdin and go to stdout', async () => {
  await done('copy REGISTRY/team/tool:1 docker-archive:piped.tar:tool:1');
  const saved = await run('copy REGISTRY/team/tool:1 docker-archive:-:tool:1');
  assert.equal(saved.code, 0, saved.stderr);
  assert.ok(saved.stdoutBytes.equals(await readFile(file('piped.tar'))));
  assert.match(saved.stderr, /docker-archive:-:tool:1/);
  const stdin = saved.stdoutBytes;
  assert.equal(await configAt('docker-archive:-', { stdin }), configOf(tools['1'] ?? assert.fail()));
  await done('push docker-archive:-:tool:1 REGISTRY/piped/tool:1', { stdin: gzipSync(stdin) });
  assert.equal(await configAt('REGISTRY/piped/tool:1'), configOf(tools['1'] ?? assert.fail()));
  const all = await run('copy --all-tags REGISTRY/team/tool docker-archive:-:tool');
  await done('copy --all-tags docker-archive:- oci:from-pipe', { stdin: all.stdoutBytes });
  assert.equal(await done('tags oci:from-pipe'), '1\n2\n');
  const oci = await run('copy --all-tags --json REGISTRY/team/tool oci-archive:-');
  await done('copy --all-tags oci-archive:- docker-archive:from-oci.tar:tool', { stdin: oci.stdoutBytes });
  assert.equal(await done('tags docker-archive:from-oci.tar'), 'tool:1\ntool:2\n');
  await refused('push - REGISTRY/piped/tool:1', 1, /try docker-archive:-/, { stdin });
});

test('CAP-F10 CAP-J3: a layer is appended to what is in a docker archive', async () => {
  await done('copy REGISTRY/team/tool:1 docker-archive:base.tar:tool:1');
  await writeFile(file('data'), 'hello\n');
  execFileSync('tar', ['-C', folder.path, '-cf', file('layer.tar'), 'data']);
  await done('append docker-archive:base.tar layer.tar --tag docker-archive:more.tar:tool:2');
  assert.match(await done('validate docker-archive:more.tar:tool:2'), /valid \(1 manifest and 4 blobs/);
  const layers = execFileSync('tar', ['-tf', file('more.tar')])
    .toString()
    .match(/\.tar\n/g);
  assert.equal(layers?.length, 3);
  await refused('append docker-archive:- - --tag docker-archive:x.tar:a:1', 2, /stdin can be one thing only/);
});

test('what is no docker archive, or not there, is told', async () => {
  await refused('inspect docker-archive:nowhere.tar', 3, /there is no archive/);
  await done('copy REGISTRY/team/tool:1 oci-archive:layout.tar:1');
  await refused('inspect docker-archive:layout.tar', 1, /try oci-archive:/);
  await done('copy REGISTRY/team/tool:1 docker-archive:save.tar');
  await refused('inspect oci-archive:save.tar', 1, /try docker-archive:/);
  assert.equal(await done('tags docker-archive:save.tar'), '', 'an image without a name');
});

for (const kind of ['oci-archive', 'docker-archive']) {
  test(`CAP-F7: --no-clobber leaves ${kind} that stands, and refuses to replace one without the tag`, async () => {
    const archive = `${kind}:${kind}-standing.tar`;
    const name = kind === 'oci-archive' ? '1' : 'team/tool:1';
    const first = await done(`copy -n REGISTRY/team/tool:1 ${archive}:${name}`);
    const bytes = await readFile(file(`${kind}-standing.tar`));
    const told = JSON.parse(await done(`copy -n --json REGISTRY/team/tool:2 ${archive}:${name}`)) as Transferred;
    assert.deepEqual([told.outcome, `${told.references[0]}\n`], ['kept', first]);
    await refused(`copy -n REGISTRY/team/tool:2 ${archive}:${name.replace('1', '2')}`, 1, /stands already.*CONFLICT/);
    await refused(`copy -n --all-tags REGISTRY/team/tool ${archive}`, 1, /stands already.*CONFLICT/);
    assert.deepEqual(await readFile(file(`${kind}-standing.tar`)), bytes);
    assert.deepEqual(
      (await readdir(folder.path)).filter((one) => one.startsWith(`.${kind}`)),
      [],
    );
  });
}
