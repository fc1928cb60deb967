import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { PublishedArtifact } from '../../src/cli/artifact/publish.ts';
import { artifactOn } from '../support/attachments.ts';
import { buildArtifact, putBuilt } from '../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';
import { filesBelow } from '../support/layouts.ts';
import { sourceProgram } from '../support/program.ts';

let world: World;
let folder: string;

before(async () => {
  world = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-artifact-'));
  await mkdir(path.join(folder, 'docs', 'sub'), { recursive: true });
  await writeFile(path.join(folder, 'docs', 'index.md'), '# Docs\n');
  await writeFile(path.join(folder, 'docs', 'sub', 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
  await symlink('sub/run.sh', path.join(folder, 'docs', 'run'));
  await writeFile(path.join(folder, 'sbom.json'), '{"spdxVersion":"SPDX-2.3"}');
  await writeFile(path.join(folder, 'a:b'), 'colon');
  await writeFile(path.join(folder, 'config.json'), '{"a":1}');
});
after(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

async function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const placed = line.replace(/ -o (?=\w)/, ` -o ${folder}/`);
  const argv = placed.split(' ').map((word) => word.replaceAll('REGISTRY', world.host));
  const result = await cli(argv, { cwd: folder, ...options });
  const neutral = (text: string): string => world.neutral(text).replaceAll(`${folder}/`, './').replaceAll(folder, '.');
  return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
}

async function done(line: string, options?: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await run(line, options);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

const pushed = async (line: string, options?: CliOptions): Promise<PublishedArtifact> =>
  JSON.parse(await done(`artifact push --json ${line}`, options)) as PublishedArtifact;
const manifestAt = async (
  reference: string,
): Promise<Record<string, unknown> & { layers: { annotations: object }[] }> =>
  JSON.parse(await done(`manifest ${reference}`)) as never;

test('CAP-I1: files and directories are pushed under their paths, and pulled again', async () => {
  const stdout = await done('artifact push REGISTRY/docs:1,latest docs sbom.json:application/spdx+json a:b');
  const digest = (await done('digest REGISTRY/docs:1')).trim();
  assert.equal(stdout, `REGISTRY/docs:1@${digest}\nREGISTRY/docs:latest@${digest}\n`);
  assert.equal(await done('artifact pull REGISTRY/docs:1 -o out'), './out/docs\n./out/sbom.json\n./out/a:b\n');
  const expected = ['a:b', 'docs/index.md', 'docs/run', 'docs/sub/run.sh', 'sbom.json'];
  assert.deepEqual(await filesBelow(path.join(folder, 'out')), expected);
  assert.equal(await readFile(path.join(folder, 'out/docs/run'), 'utf8'), '#!/bin/sh\n');
  await done('validate REGISTRY/docs:1');
});

test('CAP-I1: results are as promised, as JSON', async () => {
  const line = 'artifact push --json REGISTRY/golden/docs:1 sbom.json:application/spdx+json a:b';
  assertGolden('artifact-push.json', await done(`${line} --artifact-type application/vnd.example -a x=y`));
  assertGolden('artifact-pull.json', await done('artifact pull --json REGISTRY/golden/docs:1 -o golden'));
});

test('CAP-I1: the same files are the same artifact, whoever pushes them, in another zone and with another umask', async () => {
  const { digest } = await pushed('REGISTRY/same:1 docs sbom.json -a b=1 -a a=2');
  const other = path.join(folder, 'other');
  const lading = sourceProgram()
    .map((word) => `"${word}"`)
    .join(' ');
  const script = `umask 077; mkdir -p docs/sub; ln -s sub/run.sh docs/run; cp ../docs/sub/run.sh docs/sub/; chmod 700 docs/sub/run.sh
    cat ../docs/index.md >docs/index.md; cat ../sbom.json >sbom.json
    NODE_OPTIONS= ${lading} artifact push ${world.host}/same:2 ./docs/ ./sbom.json -a a=2 -a b=1`;
  await mkdir(other);
  const env = { PATH: process.env.PATH, HOME: folder, TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8' };
  await symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'));
  const { stdout } = await promisify(execFile)('sh', ['-c', script], { env, cwd: other });
  assert.equal(stdout, `${world.host}/same:2@${digest}\n`);
  assert.equal((await pushed('REGISTRY/same:1 docs sbom.json -a b=1 -a a=2')).outcome, 'exists');
});

test('CAP-I1: annotations come from flags and from the file of oras', async () => {
  const annotations = { $manifest: { a: 'file', b: 'file' }, $config: { c: 'd' }, 'sbom.json': { e: 'f' } };
  await writeFile(path.join(folder, 'annotations.json'), JSON.stringify(annotations));
  const flags = '--annotation-file annotations.json -a b=flag --config config.json:application/vnd.example.config';
  await done(`artifact push REGISTRY/annotated:1 sbom.json ${flags} --export-manifest exported.json`);
  const { annotations: own, config, layers, artifactType } = await manifestAt('REGISTRY/annotated:1');
  assert.deepEqual(own, { a: 'file', b: 'flag' });
  assert.deepEqual((config as { annotations: object; mediaType: string }).annotations, { c: 'd' });
  assert.deepEqual(layers[0]?.annotations, { e: 'f', 'org.opencontainers.image.title': 'sbom.json' });
  assert.equal(artifactType, undefined, 'the config tells');
  const exported = await readFile(path.join(folder, 'exported.json'), 'utf8');
  assert.equal(exported, await done('manifest REGISTRY/annotated:1'));
  await done('artifact pull REGISTRY/annotated:1 -o with-config --config pulled-config.json');
  assert.equal(await readFile(path.join(folder, 'pulled-config.json'), 'utf8'), '{"a":1}');
  const typo = await run('artifact push REGISTRY/annotated:2 a:b --annotation-file annotations.json');
  assert.match(typo.stderr, /annotations for sbom\.json, which is not pushed/);
  assert.equal(typo.code, 2);
  for (const bad of ['[]', '{"$manifest":{"a":1}}', '{', '{"$manifest":null}']) {
    await writeFile(path.join(folder, 'bad.json'), bad);
    assert.equal((await run('artifact push REGISTRY/x:1 a:b --annotation-file bad.json')).code, 2, bad);
  }
});

test('CAP-I1: a time is told only when it is given', async () => {
  const created = async (reference: string): Promise<unknown> =>
    ((await manifestAt(reference)).annotations as Record<string, string> | undefined)?.[
      'org.opencontainers.image.created'
    ];
  await done('artifact push REGISTRY/timed:0 sbom.json');
  assert.equal(await created('REGISTRY/timed:0'), undefined);
  await done('artifact push REGISTRY/timed:1 sbom.json', { env: { SOURCE_DATE_EPOCH: '1767323045' } });
  assert.equal(await created('REGISTRY/timed:1'), '2026-01-02T03:04:05Z');
  await done('artifact push REGISTRY/timed:2 sbom.json --created now');
  assert.ok(Math.abs(Date.parse(String(await created('REGISTRY/timed:2'))) - Date.now()) < 60_000);
  assert.equal((await run('artifact push REGISTRY/timed:3 sbom.json --created today')).code, 2);
});

test('CAP-I2: an artifact names its subject, which may stand elsewhere, or be one platform of it', async () => {
  const arm64 = world.app.children[1]?.manifest.descriptor;
  const flags = '--artifact-type application/x.elsewhere --subject REGISTRY/team/app:1.0';
  const told = await pushed(`REGISTRY/elsewhere sbom.json ${flags} --platform linux/arm64`);
  assert.equal(told.subject, arm64?.digest);
  assert.deepEqual(told.references, [`REGISTRY/elsewhere@${told.digest}`], 'no tag was written, and none is given');
  const found = await done('referrers --flat REGISTRY/team/app:1.0 --external REGISTRY/elsewhere');
  assert.match(found, new RegExp(`${told.digest} +application/x.elsewhere .*linux/arm64`));
  assert.match((await pushed(`REGISTRY/elsewhere:kept sbom.json ${flags}`)).references[0] ?? '', /:kept@/);
  assert.match((await pushed('REGISTRY/named sbom.json')).references[0] ?? '', /:latest@/);
  assert.match((await pushed('REGISTRY/named sbom.json --by-digest')).references[0] ?? '', /named@/);
  assert.equal((await run('artifact push REGISTRY/x:1 sbom.json --platform linux/arm64')).code, 2);
});

test('CAP-I1: artifacts go to layouts and archives, too, and come from there', async () => {
  const digest = (await done('artifact push oci:store:docs docs')).split('@')[1];
  assert.equal(await done('artifact push oci-archive:store.tar:docs docs'), `oci-archive:store.tar:docs@${digest}`);
  await done('artifact pull oci-archive:store.tar:docs -o from-archive');
  assert.ok((await readdir(path.join(folder, 'from-archive', 'docs'))).includes('index.md'));
  assert.equal((await run('artifact push docker-archive:x.tar:x docs')).code, 7);
});

test('CAP-I1: what is pulled is chosen by title and type; a single file goes to stdout', async () => {
  await done('artifact push REGISTRY/choice:1 sbom.json:application/spdx+json docs/index.md:text/markdown a:b');
  assert.equal(await done('artifact pull REGISTRY/choice:1 -o c1 --filter **/*.md'), './c1/docs/index.md\n');
  assert.equal(
    await done('artifact pull REGISTRY/choice:1 -o c2 --media-type application/spdx+json'),
    './c2/sbom.json\n',
  );
  assert.equal(await done('artifact pull REGISTRY/choice:1 -o c3 --filter !*.json --filter *'), './c3/a:b\n');
  assert.equal(await done('artifact pull REGISTRY/choice:1 -o - --filter a:b'), 'colon');
  const many = await run('artifact pull REGISTRY/choice:1 -o -');
  assert.match(many.stderr, /stdout takes one file.*sbom\.json, docs\/index\.md, a:b/);
  assert.equal(many.code, 2);
  assert.equal((await run('artifact pull REGISTRY/choice:1 --filter *.exe')).code, 3);
  assert.equal((await run('artifact pull REGISTRY/team/single:1')).code, 3);
  const kept = await run('artifact pull -k REGISTRY/choice:1 -o c2');
  assert.match(kept.stderr, /\.\/c2\/sbom\.json stands already \(CONFLICT\)/);
});

test('CAP-I1: of files without titles it is told how they are had', async () => {
  await run('artifact push REGISTRY/untitled:1 -- -:text/plain', { stdin: Buffer.from('hey') });
  const one = await run('artifact pull REGISTRY/untitled:1 -o untitled');
  assert.equal(one.code, 3);
  assert.match(one.stderr, /no file of \S+ has a title.*; hint: -o - writes it to stdout/);
  assert.equal(await done('artifact pull REGISTRY/untitled:1 -o -'), 'hey');
  const blobs = ['a', 'b'].map((text) => ({ bytes: Buffer.from(text), mediaType: 'application/vnd.in-toto+json' }));
  const several = buildArtifact({ artifactType: 'application/x.attests', blobs });
  await putBuilt(world.registry.repository('untitled'), several, { tags: ['2'] });
  const { code, stderr } = await run('artifact pull REGISTRY/untitled:2 -o -');
  assert.equal(code, 2);
  const [, first, second] = several.blobs.map(({ descriptor }) => descriptor.digest);
  assert.match(stderr, new RegExp(`hint: "lading blob get" .*${first}, ${second}`));
  const image = await run('artifact pull REGISTRY/team/single:1');
  assert.match(image.stderr, /hint: .*lading extract/);
});

test('CAP-I4: what is attached to an image is pulled by its type, the newest of it', async () => {
  const { descriptor } = world.single.manifest;
  const repository = world.registry.repository('team/single');
  const at = (time: string): Record<string, string> => ({ 'org.opencontainers.image.created': time });
  const [old, young] = ['2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z'].map((time) =>
    artifactOn(descriptor, 'application/x.report', at(time)),
  );
  for (const one of [young, old]) if (one) await putBuilt(repository, one);
  const line = 'artifact pull --subject REGISTRY/team/single:1 --artifact-type application/x.report';
  const several = await run(`${line} -o -`);
  assert.equal(several.code, 2);
  assert.match(several.stderr, /2 like that are attached.*--latest/);
  const text = await done(`${line} --latest -o -`);
  assert.ok(text.includes('2024-02-01'));
  assert.ok(
    (await done(`${line} --annotation org.opencontainers.image.created=2024-01-01T00:00:00Z -o -`)).includes('2024-01'),
  );
  assert.equal((await run(`${line}x -o -`)).code, 3);
  assert.equal((await run('artifact pull --subject REGISTRY/team/single:1 REGISTRY/x:1')).code, 2);
  assert.equal((await run('artifact pull')).code, 2);
  assert.equal((await run('artifact pull REGISTRY/choice:1 --latest')).code, 2);
});

test('CAP-I1: the files of what an artifact is attached to come along where that is wanted', async () => {
  await done('artifact push REGISTRY/chain:base sbom.json');
  await done('artifact push REGISTRY/chain:top a:b --artifact-type application/x --subject REGISTRY/chain:base');
  assert.equal(
    await done('artifact pull REGISTRY/chain:top -o chain --include-subject'),
    './chain/a:b\n./chain/sbom.json\n',
  );
});

test('CAP-I1: stdin is a file without a title, which is told when it is pulled', async () => {
  await done('artifact push REGISTRY/piped:1 -- -:text/plain sbom.json', { stdin: 'piped' });
  const { stdout, stderr } = await run('artifact pull REGISTRY/piped:1 -o piped');
  assert.equal(stdout, './piped/sbom.json\n');
  assert.match(stderr, /left out: sha256:[0-9a-f]+ \(text\/plain\), which has no title/);
  assert.equal(await done('artifact pull REGISTRY/piped:1 -o - --media-type text/plain'), 'piped');
});

test('CAP-I1: what makes no sense is told before anything is sent', async () => {
  world.requests.length = 0;
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['REGISTRY/x:1 ../up', 2, /"\.\.\/up" is no path that somebody else could pull it to.*--strip-dirs/],
    ['REGISTRY/x:1 /etc/passwd', 2, /is no path/],
    ['REGISTRY/x:1 absent', 3, /there is no file .*absent/],
    ['REGISTRY/x:1', 2, /nothing to push/],
    ['REGISTRY/x:1 sbom.json ./sbom.json', 2, /two files have the title "sbom\.json"/],
    ['REGISTRY/x:1 sbom.json --artifact-type sbom', 2, /"sbom" is not a media type/],
    ['REGISTRY/x:1 - -', 2, /stdin can be one thing only/],
    ['REGISTRY/x:1 - --config -', 2, /stdin can be one thing only/],
    ['REGISTRY/X:1 sbom.json', 2, /lower case/],
  ];
  for (const [line, code, message] of cases) {
    const result = await run(`artifact push ${line}`);
    assert.match(result.stderr, message);
    assert.equal(result.code, code, line);
  }
  assert.deepEqual(world.requests, []);
  const stripped = await pushed(`REGISTRY/stripped:1 ${folder}/docs/index.md --strip-dirs`);
  assert.equal(stripped.files[0]?.title, 'index.md');
  const planned = await pushed('REGISTRY/planned:1 sbom.json --dry-run');
  assert.equal(planned.outcome, 'planned');
  assert.equal((await run('digest REGISTRY/planned:1')).code, 3);
});
