/** The guide for who comes from docker_registry2: its program does what it says, and its tables name what there is. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { type Built, buildImage, buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import { all } from '../../src/testing/samples.ts';
import { codeBlocks, runProgram } from '../support/code-blocks.ts';
import { filesIn, viewImage } from '../support/image-view.ts';
import { type LoggedRegistry, startLoggedRegistry } from '../support/logged-registry.ts';

const GUIDE = 'docs/guides/coming-from-docker-registry2.md';
const access = basicAccess({ check: (user, password) => user === 'me' && password === 'secretstuff' });
const alphabet = Array.from({ length: 26 }, (_, at) => String.fromCharCode(97 + at));
const layers = [{ files: { 'etc/motd': 'hello' } }];

let registry: LoggedRegistry;
let other: LoggedRegistry;
let image: Built;
let multi: Built;

before(async () => {
  registry = await startLoggedRegistry({ access });
  other = await startLoggedRegistry({ access });
  const details = {
    created: '2019-11-20T01:16:50Z',
    docker_version: '18.06.1-ce',
    config: { Labels: { maintainer: 'me' } },
  };
  image = await buildImage({
    layers: [...layers, { files: { app: 'x'.repeat(5000) } }],
    config: details,
    family: 'docker',
  });
  const arm = await buildImage({ layers, platform: { os: 'linux', architecture: 'arm', variant: 'v5' } });
  multi = buildIndex({ manifests: [image, arm] });
  const repository = registry.registry.repository('namespace/repo');
  await putBuilt(repository, image, { tags: ['2.5.5', '2.5.6', 'latest'] });
  await putBuilt(repository, multi, { tags: ['multi'] });
  for (const [name, tags] of Object.entries({ alphabet, mylibs: ['1'], 'team/mylibs': ['1'], 'mylib.s': ['1'] })) {
    await putBuilt(registry.registry.repository(name), await buildImage({ layers }), { tags });
  }
});
after(async () => {
  await Promise.all([registry.close(), other.close()]);
});

test('its program prints what it says, and the registries hold what it made', async () => {
  const program = (await codeBlocks(GUIDE, 'js')).join('\n');
  const wanted = [...program.matchAll(/console\.log\(.*\); \/\/ prints (.*)$/gm)].map(([, text]) => text);
  assert.equal(wanted.length, program.match(/console\.log/g)?.length);
  const hosted = program.replaceAll('registry.example.com', registry.host).replaceAll('other.example.com', other.host);
  assert.deepEqual((await runProgram(hosted)).trimEnd().split('\n'), wanted);
  await assertRegistries();
});

async function assertRegistries(): Promise<void> {
  const { digest } = image.manifest.descriptor;
  const repository = registry.registry.repository('namespace/repo');
  assert.deepEqual(await all(repository.tags()), ['2.5.5', '2.5.6', 'latest', 'multi', 'stable']);
  for (const tag of ['2.5.5', '2.5.6', 'stable']) assert.equal((await repository.resolve(tag))?.digest, digest);
  assert.equal(await registry.registry.repository('other/image').resolve(digest), undefined);
  assert.equal((await other.registry.repository('moved/repo').resolve('2.5.6'))?.digest, digest);
  const copied = await other.registry.repository('copied/repo').resolve('1');
  assert.equal(copied?.digest, multi.manifest.descriptor.digest);
  const appended = (await viewImage(repository, 'latest')).document.layers.at(-1) ?? assert.fail();
  assert.deepEqual(await filesIn(repository.blob(appended)), { 'mydata/hello': 'hello' });
  const uploads = registry.log.filter(({ method, path }) => method === 'PUT' && path.includes('/blobs/'));
  assert.equal(uploads.length, 2, 'the new layer and config, and no byte for a tag');
  assert.ok(registry.log.some(({ method, path }) => method === 'HEAD' && path.endsWith('/manifests/2.5.5')));
}

/** What the originals offer, as their documents and sources name it. */
const theirs = `connect search tags manifest manifest_digest blob digest pull _pull_v1 _pull_v2 push tag copy rmtag rmrepo
  manifest_sum blob_size append_blob append_tarball get_manifest_config upload_blob_from_filepath upload_blob_from_string
  upload_manifest paginate_doget last parse_link_header doget doput dodelete dohead base_uri
  user password open_timeout read_timeout http_options auto_paginate withHashes count hashes headers body
  Exception RegistryAuthenticationException RegistryAuthorizationException RegistryUnknownException RegistrySSLException
  RegistryVersionException RegisteryVersionException NotFound InvalidMethod MissingLayerException RegistryAppendError
  ReauthenticatedException UnknownRegistryException`;

test('its tables have every function, option and error of the original', async () => {
  const rows = (await readFile(new URL(`../../${GUIDE}`, import.meta.url), 'utf8')).match(/^\| [^|]+ \|/gm) ?? [];
  const named = new Set(rows.join(' ').match(/\w+/g));
  assert.deepEqual(
    theirs.split(/\s+/).filter((name) => !named.has(name)),
    [],
  );
});

test('its tables name what is exported, and commands and options that there are', async () => {
  const read = (file: string): Promise<string> => readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
  const surface = new Set((await read('test/api/surface.golden.txt')).match(/\w+/g));
  const commands = new Set(COMMANDS.map(({ name }) => `lading ${name}`));
  const options = new Set((await read('docs/cli.md')).match(/--[a-z-]+/g));
  const rows = (await read(GUIDE)).split('\n').filter((line) => /^\| .* \|$/.test(line));
  const cells = rows.map((line) => line.split(' | '));
  const calls = cells.flatMap(([, ours]) => ours?.match(/\b[a-z]\w+(?=\()/g) ?? []);
  const lines = cells.map(([, , command = '']) => command).join(' ');
  const named = lines.match(/lading [a-z-]+/g) ?? [];
  assert.ok(calls.length > 30 && named.length > 20);
  assert.deepEqual(
    calls.filter((call) => !surface.has(call)),
    [],
  );
  assert.deepEqual(
    named.filter((command) => !commands.has(command)),
    [],
  );
  assert.deepEqual(
    (lines.match(/--[a-z-]+/g) ?? []).filter((option) => !options.has(option)),
    [],
  );
});
