/** The requests of docker_registry2 that read, as its README goes through them: by the command, and by the library where it says more. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { readAll } from '../../src/bytes/read.ts';
import { openImage } from '../../src/image/image.ts';
import type { Activity, WireResponse } from '../../src/model/call.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { type Built, buildImage, buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { cli } from '../support/cli.ts';
import { rejection } from '../support/failure.ts';
import { type LoggedRegistry, startLoggedRegistry } from '../support/logged-registry.ts';
import { testClock } from '../support/test-clock.ts';

const alphabet = Array.from({ length: 26 }, (_, at) => String.fromCharCode(97 + at));
const layer = { files: { 'usr/share/nginx/html/index.html': 'Welcome' } };
const details = { created: '2019-11-20T01:16:50.939316846Z', docker_version: '18.06.1-ce' };
const Labels = { maintainer: 'NGINX Docker Maintainers <docker-maint@nginx.com>' };

let registry: LoggedRegistry;
let other: LoggedRegistry;
let nginx: Built;
let multi: Built;
let folder: string;
let repository: Repository;
const client = createClient({ transport: nodeTransport({ proxy: false }), clock: testClock() });

before(async () => {
  registry = await startLoggedRegistry();
  other = await startLoggedRegistry({ wrap: quirks.noCatalog() });
  const spec = { layers: [layer, { files: { more: 'x'.repeat(9000) } }], config: { ...details, config: { Labels } } };
  nginx = await buildImage(spec);
  const arm = await buildImage({ ...spec, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } });
  multi = buildIndex({ manifests: [nginx, arm] });
  for (const { registry: served } of [registry, other]) {
    await putBuilt(served.repository('library/nginx'), nginx, { tags: ['1.17.6-alpine', 'latest'] });
    await putBuilt(served.repository('library/nginx'), multi, { tags: ['multi'] });
  }
  await putBuilt(registry.registry.repository('letters'), nginx, { tags: alphabet });
  await putBuilt(registry.registry.repository('mylibs.old'), nginx);
  await putBuilt(registry.registry.repository('team/mylibs'), nginx, { tags: ['1'] });
  folder = await mkdtemp(join(tmpdir(), 'lading-ruby-'));
  repository = client.repository(`${registry.host}/library/nginx`);
});
after(async () => {
  await client.close();
  await Promise.all([registry.close(), other.close()]);
  await rm(folder, { recursive: true });
});

const digest = (built: Built): string => built.manifest.descriptor.digest;
const blob = (at: number): string => nginx.blobs[at]?.descriptor.digest ?? '';

/** Runs a line in which REGISTRY, OTHER and NGINX have their names. */
function run(line: string): ReturnType<typeof cli> {
  const named = line
    .replaceAll('REGISTRY', registry.host)
    .replaceAll('OTHER', other.host)
    .replaceAll('NGINX', `${registry.host}/library/nginx`);
  return cli(named.split(' '), { cwd: folder });
}

async function done(line: string): Promise<string> {
  const { code, stdout, stderr } = await run(line);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

test('RUBY-17 RUBY-18 RUBY-19: a search finds names that hold the text, or none, or that there is no catalog', async () => {
  assert.equal(await done('repos REGISTRY mylibs'), 'mylibs.old\nteam/mylibs\n');
  assert.equal(await done('repos REGISTRY s.o'), 'mylibs.old\n');
  assert.equal(await done('repos REGISTRY mylibs.*'), '');
  assert.deepEqual(JSON.parse(await done('repos --json REGISTRY nothing')), {
    registry: registry.host,
    repositories: [],
  });
  const { code, stdout, stderr } = await run('repos OTHER mylibs');
  assert.deepEqual([code, stdout], [7, '']);
  assert.match(stderr, /does not list its repositories \(UNSUPPORTED\)/);
});

test('RUBY-20 RUBY-21 RUBY-28 RUBY-29: all tags are listed, or so many, or none, and an unknown repository is told', async () => {
  assert.equal(await done('tags REGISTRY/letters'), `${alphabet.join('\n')}\n`);
  const told = { repository: `${registry.host}/letters`, tags: ['a', 'b', 'c'].map((tag) => ({ tag })) };
  assert.deepEqual(JSON.parse(await done('tags --json --limit 3 REGISTRY/letters')), told);
  assert.equal(await done('tags REGISTRY/mylibs.old'), '');
  assert.equal((await run('tags REGISTRY/mylibs')).code, 3);
});

test('RUBY-23 RUBY-24: tags with the digests of what they name, which are the same in two registries', async () => {
  const lines = [`${digest(nginx)}  1.17.6-alpine`, `${digest(nginx)}  latest`, `${digest(multi)}  multi`];
  registry.requests();
  assert.equal(await done('tags --digests NGINX'), `${lines.join('\n')}\n`);
  assert.deepEqual(
    registry.requests().sort(),
    [
      'GET /v2/library/nginx/tags/list?n=1000',
      ...['1.17.6-alpine', 'latest', 'multi'].map((tag) => `HEAD /v2/library/nginx/manifests/${tag}`),
    ].sort(),
  );
  assert.equal(await done('tags --digests OTHER/library/nginx'), `${lines.join('\n')}\n`);
});

test('RUBY-30: every page of a listing has its answer, headers included', async () => {
  const remote = client.registry(registry.host);
  const tags: string[] = [];
  const answers: WireResponse[] = [];
  for (let page = await remote.repository('letters').tagPage({ pageSize: 10 }); ; ) {
    tags.push(...page.tags);
    answers.push(page.response);
    if (page.next === undefined) break;
    page = await remote.repository('letters').tagPage({ next: page.next });
  }
  assert.deepEqual(tags, alphabet);
  const first = await remote.repositoryPage({ pageSize: 3 });
  answers.push(first.response, (await remote.repositoryPage({ next: first.next })).response);
  assert.deepEqual(
    answers.map(({ status, headers }) => [status, headers['content-type'], headers.link !== undefined]),
    [true, true, false, true, false].map((isLinked) => [200, 'application/json', isLinked]),
  );
});

test('RUBY-31 RUBY-32 RUBY-33: a manifest comes by tag or digest as it is, with its headers, or is not there', async () => {
  const text = Buffer.from(nginx.manifest.bytes).toString();
  for (const reference of ['NGINX:1.17.6-alpine', `NGINX@${digest(nginx)}`]) {
    assert.equal(await done(`manifest ${reference}`), text);
  }
  const { document, bytes, response } = await repository.manifest('1.17.6-alpine');
  assert.deepEqual(document, JSON.parse(text));
  assert.equal(Buffer.from(bytes).toString(), text);
  assert.equal(response?.headers['docker-content-digest'], digest(nginx));
  for (const name of ['NGINX:9', 'REGISTRY/unknown:1']) {
    const { code, stderr } = await run(`manifest ${name}`);
    assert.equal(code, 3);
    assert.match(stderr, /^error: .*\(NOT_FOUND\)/);
  }
  assert.equal(await repository.resolve('9'), undefined);
  assert.equal(await client.repository(`${registry.host}/unknown`).resolve('1'), undefined);
});

test('RUBY-34 RUBY-35 RUBY-36 RUBY-37: a blob goes to a file or to memory, with its headers, or is not there', async () => {
  await done(`blob get NGINX@${blob(1)} -o layer.tar.gz`);
  assert.equal(digestOf(await readFile(join(folder, 'layer.tar.gz'))), blob(1));
  const content = repository.blob(nginx.blobs[0]?.descriptor ?? assert.fail());
  const told: Activity[] = [];
  const bytes = await readAll(content.open({ on: (activity) => told.push(activity) }), 10_000, 'the config');
  assert.equal(await done(`blob get NGINX@${blob(0)}`), Buffer.from(bytes).toString());
  assert.equal(digestOf(bytes), blob(0));
  const [response] = told.filter(({ type }) => type === 'response');
  assert.ok(response?.type === 'response');
  assert.deepEqual(
    [response.status, response.headers['content-length'], response.headers['docker-content-digest']],
    [200, String(bytes.length), blob(0)],
  );
  const { stderr } = await run(`blob get NGINX@${blob(0)} --debug`);
  assert.match(stderr, new RegExp(`^<   docker-content-digest: ${blob(0)}$`, 'm'));
  for (const name of [`NGINX@sha256:${'0'.repeat(64)}`, `REGISTRY/unknown@${blob(0)}`]) {
    const missing = await run(`blob get ${name} -o missing`);
    assert.equal(missing.code, 3);
    assert.match(missing.stderr, /\(NOT_FOUND\)/);
  }
  const elsewhere = client.repository(`${registry.host}/unknown`).blob(content.descriptor);
  await rejection('NOT_FOUND', readAll(elsewhere.open(), 10_000, 'the config'));
  assert.deepEqual(await readdir(folder), ['layer.tar.gz']);
});

test('RUBY-38 RUBY-49: the config that a manifest names tells what the image is', async () => {
  const config = JSON.parse(await done('config NGINX:1.17.6-alpine')) as Record<string, unknown>;
  assert.deepEqual(
    [config.architecture, config.os, config.docker_version, config.created],
    ['amd64', 'linux', details.docker_version, details.created],
  );
  assert.deepEqual(config.config, { Labels });
  const image = await openImage(repository, '1.17.6-alpine');
  assert.deepEqual(await image.config(), config);
});

test('RUBY-39 RUBY-40 RUBY-41 RUBY-42 RUBY-43: a digest is that of the tag, or of a platform that is there', async () => {
  assert.equal(await done('digest NGINX:latest'), `${digest(nginx)}\n`);
  assert.equal(await done('digest NGINX:multi'), `${digest(multi)}\n`);
  const arm = multi.children[1]?.manifest.descriptor.digest;
  for (const platform of ['linux/arm64/v8', 'linux/arm64']) {
    assert.equal(await done(`digest NGINX:multi --platform ${platform}`), `${arm}\n`);
  }
  const told = JSON.parse(await done('inspect --json NGINX:multi')) as {
    manifests: { platform: string; digest: string }[];
  };
  assert.deepEqual(
    told.manifests.map(({ platform, digest: one }) => [platform, one]),
    [
      ['linux/amd64', digest(nginx)],
      ['linux/arm64/v8', arm],
    ],
  );
  const { code, stderr } = await run('digest NGINX:multi --platform linux/arm/v5');
  assert.equal(code, 3);
  assert.match(stderr, /there is no linux\/arm\/v5 in \S+\/library\/nginx:multi \(NOT_FOUND\)/);
  const old = await startLoggedRegistry({ registry: registry.registry, wrap: quirks.headUnsupported() });
  const { stdout } = await cli(['digest', `${old.host}/library/nginx:multi`]);
  await old.close();
  assert.equal(stdout, `${digest(multi)}\n`);
  assert.deepEqual(old.requests(), ['GET /v2/library/nginx/manifests/multi']);
});

test('RUBY-44 RUBY-45: a pull makes the directory, writes each layer, and fetches none again', async () => {
  const paths = (await done('pull NGINX:latest --layers made/here')).trimEnd().split('\n');
  assert.deepEqual(
    paths,
    [blob(1), blob(2)].map((name) => join(folder, 'made/here', name)),
  );
  for (const path of paths) assert.equal(digestOf(await readFile(path)), path.slice(-71));
  registry.requests();
  await done('pull NGINX:latest --layers made/here');
  assert.ok(registry.requests().every((request) => !request.includes('/blobs/')));
});

test('RUBY-47 RUBY-48: an image weighs the sum of its parts, and each can be asked for', async () => {
  const sizes = nginx.blobs.map(({ descriptor }) => descriptor.size);
  const sum = sizes.reduce((all, size) => all + size, 0);
  const told = JSON.parse(await done('size --json NGINX:latest')) as { total: { compressed: number } };
  assert.equal(told.total.compressed, sum);
  assert.equal((await openImage(repository, 'latest')).size, sum);
  for (const { descriptor } of nginx.blobs) {
    assert.equal((await repository.stat(descriptor.digest))?.size, descriptor.size);
  }
});
