import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import type { Published } from '../../src/cli/transfer/changed.ts';
import type { ImageConfig } from '../../src/model/image-config.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { putImage } from '../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';
import { type ImageView, viewImage, viewIndex } from '../support/image-view.ts';
import { sourceProgram } from '../support/program.ts';

let world: World;
let other: World;
let folder: string;

before(async () => {
  world = await openWorld();
  other = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-mutate-'));
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

async function run(words: string | readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const argv = typeof words === 'string' ? words.split(' ') : words;
  const result = await cli(['mutate', ...argv.map(named)], { cwd: folder, ...options });
  const neutral = (text: string): string => world.neutral(text).replaceAll(other.host, 'OTHER');
  return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
}

async function done(words: string | readonly string[], options?: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await run(words, options);
  assert.equal(code, 0, `${String(words)}: ${stderr}`);
  return stdout;
}

/** `team/single:1` with the flags. */
async function single(flags: readonly string[], options?: CliOptions): Promise<ImageView> {
  await done(['REGISTRY/team/single:1', '-t', 'REGISTRY/team/single:2', ...flags], options);
  return viewImage(world.registry.repository('team/single'), '2');
}

async function container(...flags: readonly string[]): Promise<NonNullable<ImageConfig['config']>> {
  return ((await single(flags)).config as ImageConfig).config ?? {};
}

const isRead = ({ method }: { readonly method: string }): boolean => method === 'HEAD' || method === 'GET';

test('results are as promised, as JSON', async () => {
  const line = 'REGISTRY/team/app:1.0 -e MODE=live --rm-label org.example.team --json -t OTHER/golden/app:1,2';
  assertGolden('mutate.json', await done(line));
});

test('CAP-G1: settings are set by the flags that other tools have', async () => {
  const flags =
    '-e MODE=live -e NEW=a=b -l a=b=c -u 1000:1000 -w / --expose 53/udp --expose 8000-8001 --stop-signal SIGINT';
  const { config, document } = await single([...flags.split(' '), '--volume', '/data', '-a', 'note=two words']);
  assert.deepEqual(config.config, {
    Env: ['PATH=/usr/bin', 'MODE=live', 'NEW=a=b'],
    Entrypoint: ['/app/main'],
    Cmd: ['--help'],
    Labels: { a: 'b=c', 'org.example.team': 'web' },
    ExposedPorts: { '53/udp': {}, '80/tcp': {}, '8000/tcp': {}, '8001/tcp': {} },
    WorkingDir: '/',
    User: '1000:1000',
    StopSignal: 'SIGINT',
    Volumes: { '/data': {} },
  });
  assert.deepEqual(document.annotations, { note: 'two words' });
});

test('CAP-G1 CAP-G2: everything that is set can be removed', async () => {
  const one = ['--rm-env', 'MODE', '--rm-label', 'org.example.team', '--rm-expose', '80'];
  assert.deepEqual(await container(...one, '--user', '', '--workdir', '', '--entrypoint', ''), {
    Env: ['PATH=/usr/bin'],
  });
  const all = ['--rm-env', '*', '--rm-label', '*', '--rm-expose', '*', '--rm-volume', '*', '-e', 'A='];
  const { config, document } = await single([...all, '--author', '', '--created', '', '--rm-annotation', '*']);
  const { Env, ...rest } = config.config as NonNullable<ImageConfig['config']>;
  assert.deepEqual(Env, ['A=']);
  assert.deepEqual(Object.keys(rest).toSorted(), ['Cmd', 'Entrypoint', 'User', 'WorkingDir']);
  assert.ok(!('author' in config) && !('created' in config));
  assert.ok(!('annotations' in document));
});

test('CAP-G1: an entry point is words or a JSON array, and takes the command along', async () => {
  const words = ['--entrypoint', '/bin/sh', '--entrypoint', '-c'];
  const { Entrypoint, Cmd } = await container(...words);
  assert.deepEqual([Entrypoint, Cmd], [['/bin/sh', '-c'], undefined]);
  const both = await container('--entrypoint', '["/bin/sh", "-c"]', '--cmd', 'exec app');
  assert.deepEqual([both.Entrypoint, both.Cmd], [Entrypoint, ['exec app']]);
  assert.deepEqual((await container('--cmd', '[')).Cmd, ['[']);
  const cleared = await container('--entrypoint', '[]', '--cmd', '/app/main');
  assert.deepEqual([cleared.Entrypoint, cleared.Cmd], [undefined, ['/app/main']]);
});

test('CAP-G2: a health check is a line, an array, or none', async () => {
  const checks = [
    ['curl -f x', ['CMD-SHELL', 'curl -f x']],
    ['["/healthy"]', ['CMD', '/healthy']],
    ['NONE', ['NONE']],
  ] as const;
  for (const [text, Test] of checks) assert.deepEqual((await container('--healthcheck', text)).Healthcheck, { Test });
  assert.equal((await container('--healthcheck', '')).Healthcheck, undefined);
});

test('CAP-G2: build arguments are taken out of the history', async () => {
  const history = [
    { created_by: 'ARG TOKEN=s3cret', empty_layer: true },
    { created_by: 'RUN |2 TOKEN=s3cret MODE=x /bin/sh -c make' },
  ];
  const layers = [{ files: { a: 'b' } }];
  await putImage(world.registry.repository('args'), { layers, config: { history }, tags: ['1'] });
  await done('REGISTRY/args:1 -t REGISTRY/args:2 --rm-build-arg TOKEN --rm-build-arg OTHER=x');
  const { config } = await viewImage(world.registry.repository('args'), '2');
  assert.deepEqual(config.history, [{ created_by: 'RUN |1 MODE=x /bin/sh -c make' }]);
  const spaced = [{ created_by: 'RUN |1 TOKEN=gh 0123 make it' }];
  await putImage(world.registry.repository('args'), { layers, config: { history: spaced }, tags: ['3'] });
  await done(['REGISTRY/args:3', '-t', 'REGISTRY/args:4', '--rm-build-arg-regex', 'TOKEN=gh \\d+']);
  const known = await viewImage(world.registry.repository('args'), '4');
  assert.deepEqual(known.config.history, [{ created_by: 'RUN make it' }]);
  for (const wrong of ['TOKEN', 'TOKEN=(']) {
    const { code } = await run(['REGISTRY/args:3', '-t', 'REGISTRY/args:4', '--rm-build-arg-regex', wrong]);
    assert.equal(code, 2, wrong);
  }
});

test('CAP-G3: what all images have for annotations becomes that of their index', async () => {
  await done('REGISTRY/team/app:1.0 -t REGISTRY/promoted:1 -a org.example.team=web --promote-annotations');
  const { annotations } = await viewIndex(world.registry.repository('promoted'), '1');
  assert.deepEqual(annotations, { 'org.opencontainers.image.title': 'app', 'org.example.team': 'web' });
  assert.equal((await run('REGISTRY/team/single:1 -t REGISTRY/promoted:2 --promote-annotations')).code, 2);
});

test('CAP-G3 CAP-G4: all platforms are changed, or one; the index has annotations of its own', async () => {
  const repository = world.registry.repository('team/app');
  await done(
    'REGISTRY/team/app:1.0 -t REGISTRY/team/app:all -a a=b --index-annotation c=d --rm-index-annotation org.x',
  );
  await done('REGISTRY/team/app:1.0 -t REGISTRY/team/app:arm -a a=b --platform linux/arm64 --rm-index-annotation *');
  const [all, arm] = [await viewIndex(repository, 'all'), await viewIndex(repository, 'arm')];
  assert.deepEqual(all.annotations, { c: 'd', 'org.opencontainers.image.title': 'app' });
  assert.equal(arm.annotations, undefined);
  assert.deepEqual(arm.manifests, [world.app.children[0]?.descriptor, all.manifests[1]]);
  for (const entry of all.manifests) {
    assert.deepEqual((await viewImage(repository, entry)).document.annotations, { a: 'b' });
  }
  await done('REGISTRY/team/app:1.0 -t REGISTRY/team/app:labels --label-to-annotation');
  const [entry] = (await viewIndex(repository, 'labels')).manifests;
  const { document } = await viewImage(repository, entry ?? assert.fail());
  assert.deepEqual(document.annotations, { 'org.example.team': 'web' });
  const missing = await run('REGISTRY/team/app:1.0 -t REGISTRY/x:1 -u x --platform linux/s390x');
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /it has linux\/amd64, linux\/arm64/);
});

test('the platform that an image is for can be told', async () => {
  const { config } = await single(['--set-platform', 'linux/arm/v6']);
  assert.deepEqual([config.architecture, config.variant], ['arm', 'v6']);
  const { code } = await run('REGISTRY/team/app:1.0 -t REGISTRY/x:1 --set-platform linux/arm');
  assert.equal(code, 2);
});

test('what changes nothing keeps its digest, and says so', async () => {
  const { stdout, stderr } = await run('REGISTRY/team/single:1 -t REGISTRY/team/single:same -e MODE=test --rm-env X');
  assert.equal(stdout, `REGISTRY/team/single:same@${world.single.descriptor.digest}\n`);
  assert.match(stderr, /changes nothing/);
});

test('CAP-G9: history and time are what is told', async () => {
  const env = { SOURCE_DATE_EPOCH: '1767323045' };
  const plain = await single(['-u', 'x']);
  assert.equal(plain.config.created, '2024-05-06T07:08:09Z');
  assert.equal(plain.config.history?.length, 3);
  const told = await single(['-u', 'x', '--created-by', 'lading mutate'], { env });
  assert.equal(told.config.created, '2026-01-02T03:04:05Z');
  assert.deepEqual(told.config.history?.[3], {
    created: '2026-01-02T03:04:05Z',
    created_by: 'lading mutate',
    empty_layer: true,
  });
  assert.equal((await single(['--created', '2020-01-01T00:00:00Z'], { env })).config.created, '2020-01-01T00:00:00Z');
});

test('what is said of an index alone is no reason to give its images another time', async () => {
  const env = { SOURCE_DATE_EPOCH: '1767323045' };
  await done('REGISTRY/team/app:1.0 -t REGISTRY/team/app:noted --index-annotation a=b', { env });
  const { manifests } = await viewIndex(world.registry.repository('team/app'), 'noted');
  assert.deepEqual(
    manifests,
    world.app.children.map(({ descriptor }) => descriptor),
  );
});

test('CAP-G14: an image begins with nothing', async () => {
  await done('scratch -t oci:scratch:1 --entrypoint /app --platform linux/arm64');
  const { config, document } = await viewImage(directoryStore(path.join(folder, 'scratch')), '1');
  assert.deepEqual(config.config, { Entrypoint: ['/app'] });
  assert.equal(config.architecture, 'arm64');
  assert.deepEqual(document.layers, []);
  await done('scratch -t REGISTRY/empty:1 --platform linux/amd64,linux/arm64');
  assert.equal((await viewIndex(world.registry.repository('empty'), '1')).manifests.length, 2);
});

test('a target may be any place that can be written; a dry run writes none', async () => {
  const flags = '-e A=b -t';
  const digest = (await done(`REGISTRY/team/app:1.0 ${flags} oci:place:2`)).split('@')[1];
  for (const target of ['oci-archive:place.tar:2', 'OTHER/place:2']) {
    assert.equal(await done(`REGISTRY/team/app:1.0 ${flags} ${target}`), `${target}@${digest}`);
  }
  other.requests.length = 0;
  const dry = await done(`--dry-run REGISTRY/team/app:1.0 ${flags} OTHER/dry:1`);
  assert.equal(dry, `OTHER/dry:1@${digest}`);
  assert.ok(other.requests.every(isRead));
  await done(`--dry-run REGISTRY/team/app:1.0 ${flags} oci:dry:1`);
  assert.ok(!(await readdir(folder)).includes('dry'));
  await done('REGISTRY/team/app:1.0 -e A=b -n -t OTHER/team/single:1');
  assert.equal((await other.registry.repository('team/single').resolve('1'))?.digest, other.single.descriptor.digest);
});

test('in another repository no layer is sent', async () => {
  const told = JSON.parse(await done('REGISTRY/team/single:1 -u x --json -t REGISTRY/mutated:1')) as Published;
  assert.equal(told.sent.objects, 2, 'config, manifest');
  assert.equal(told.reused.objects, 2);
});

test('CAP-G1: the same changes make the same image, whoever makes them, wherever and in whatever order', async () => {
  const digest = (await done('REGISTRY/team/app:1.0 -l a=1 -l b=2 --expose 80 --expose 90 -t REGISTRY/same:1')).split(
    '@',
  )[1];
  const [file, ...command] = [...sourceProgram(), 'mutate'];
  const line = 'REGISTRY/team/app:1.0 --expose 90 --expose 80 -l b=2 -l a=1 -t REGISTRY/same:2';
  for (const TZ of ['Pacific/Kiritimati', 'America/Adak']) {
    const env = { PATH: process.env.PATH, HOME: folder, TZ, LANG: 'tr_TR.UTF-8' };
    const { stdout } = await promisify(execFile)(file, [...command, ...named(line).split(' ')], { env });
    assert.equal(stdout, `${named('REGISTRY')}/same:2@${digest}`);
  }
});

test('what makes no sense is told before anything is sent', async () => {
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['-u', 'x'], 2, /not said where.*hint: add --tag NAME:TAG/],
    [['-t', 'REGISTRY/x:1'], 2, /not said what is to change/],
    [['-t', 'REGISTRY/x:1', '-e', 'A'], 2, /NAME=VALUE/],
    [['-t', 'REGISTRY/x:1', '-l', '=x'], 2, /NAME=VALUE/],
    [['-t', 'REGISTRY/x:1', '--expose', 'http'], 2, /"http" is not a port.*53\/udp/],
    [['-t', 'REGISTRY/x:1', '--created', 'now'], 2, /"now" is not a time/],
    [['-t', 'REGISTRY/x:1', '--cmd', '["a"'], 2, /is not a JSON array/],
    [['-t', 'REGISTRY/x:1', '--entrypoint', '[1]'], 2, /is not a JSON array/],
    [['-t', 'REGISTRY/x:1', '--set-platform', 'x/y/z/a'], 2, /is not a platform/],
    [['-t', 'REGISTRY/x:1', '--index-annotation', 'a=b'], 2, /single image, not an index/],
    [['-t', 'REGISTRY/UPPER:1', '-u', 'x'], 2, /must be lower case/],
  ];
  for (const [flags, code, message] of cases) {
    const result = await run(['REGISTRY/team/single:1', ...flags]);
    assert.match(result.stderr, message);
    assert.equal(result.code, code, result.stderr);
    assert.equal(result.stdout, '');
  }
  assert.ok(world.requests.every(isRead));
});
