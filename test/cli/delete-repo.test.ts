import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { createServer } from '../../src/server/app.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { answerWith } from '../../src/testing/faults.ts';
import { deleteUnsupported } from '../../src/testing/quirks.ts';
import { all } from '../../src/testing/samples.ts';
import { only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';

let world: World | undefined;
const closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  await world?.close();
  world = await openWorld();
});
after(async () => {
  await world?.close();
  for (const close of closers) await close();
});

const here = (): World => {
  assert.ok(world !== undefined);
  return world;
};

/** The same registry behind a server that misbehaves. */
async function behind(wrap: Wrap): Promise<string> {
  const { host, close } = await serve(wrap(createServer({ registry: here().registry })));
  closers.push(close);
  return host;
}

async function run(line: string, options: CliOptions & { host?: string } = {}): Promise<CliResult> {
  const { host = here().host } = options;
  const argv = line.split(' ').map((word) => word.replaceAll('REGISTRY', host));
  const result = await cli(argv, options);
  const neutral = (text: string): string => text.replaceAll(host, 'REGISTRY');
  return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
}

const repository = () => here().registry.repository('team/app');
const tags = (): Promise<string[]> => all(repository().tags());

test('RUBY-61 F9 WRITE-10: deletes all that a repository holds, and tells every name that is gone', async () => {
  const { app, sbom } = here();
  const { code, stdout, stderr } = await run('delete-repo --yes REGISTRY/team/app');
  assert.equal(code, 0, stderr);
  const manifests = [app, ...app.children, sbom].map((one) => one.manifest.descriptor.digest);
  assert.deepEqual(stdout.trimEnd().split('\n'), [
    ...['1.0', '1.1', 'latest'].map((tag) => `REGISTRY/team/app:${tag}`),
    ...manifests.map((digest) => `REGISTRY/team/app@${digest}`),
  ]);
  assert.match(stderr, /^1 of 4: REGISTRY\/team\/app@sha256:\w+ \(1\.0, 1\.1, latest\) deleted$/m);
  assert.match(stderr, /^4 of 4: REGISTRY\/team\/app@sha256:\w+ deleted$/m);
  assert.deepEqual(await tags(), []);
  for (const digest of manifests) assert.equal(await repository().resolve(digest), undefined);
  assert.equal((await run('tags REGISTRY/team/single')).stdout, '1\n');
});

test('tells it as promised, as JSON', async () => {
  assertGolden('delete-repo-planned.json', (await run('delete-repo --json --dry-run REGISTRY/team/app')).stdout);
  assertGolden('delete-repo.json', (await run('delete-repo --json --yes REGISTRY/team/app')).stdout);
});

test('WRITE-10: a dry run lists what would go, and changes nothing', async () => {
  here().requests.length = 0;
  const { code, stdout, stderr } = await run('delete-repo --dry-run REGISTRY/team/app');
  assert.equal(code, 0);
  assert.equal(stdout.trimEnd().split('\n').length, 7);
  assert.match(stderr, /nothing was deleted: this was a dry run/);
  assert.ok(here().requests.every(({ method }) => method === 'GET' || method === 'HEAD'));
  assert.deepEqual(await tags(), ['1.0', '1.1', 'latest']);
});

test('lists and asks on a terminal, and needs a yes without one', async () => {
  const silent = await run('delete-repo REGISTRY/team/app');
  assert.equal(silent.code, 2);
  assert.match(silent.stderr, /--yes/);
  const no = await run('delete-repo REGISTRY/team/app', { stdinIsTTY: true, stdin: 'n\n' });
  assert.equal(no.code, 1);
  assert.match(no.stderr, /^REGISTRY\/team\/app@sha256:\w+ \(1\.0, 1\.1, latest\) goes$/m);
  assert.match(no.stderr, /delete REGISTRY\/team\/app: 4 manifests and 3 tags\? \[y\/N\]/);
  assert.match(no.stderr, /nothing was deleted/);
  assert.deepEqual(await tags(), ['1.0', '1.1', 'latest']);
  const yes = await run('delete-repo REGISTRY/team/app', { stdinIsTTY: true, stdin: 'y\n' });
  assert.equal(yes.code, 0, yes.stderr);
  assert.deepEqual(await tags(), []);
});

test('what holds nothing ends with 3, unless that is no error', async () => {
  await run('delete-repo --yes REGISTRY/team/app');
  for (const name of ['team/app', 'nobody/knows']) {
    const missing = await run(`delete-repo --yes REGISTRY/${name}`);
    assert.equal(missing.code, 3);
    assert.match(missing.stderr, /holds nothing, or is not there \(NOT_FOUND\)/);
    const ignored = await run(`delete-repo --yes --json --ignore-missing REGISTRY/${name}`);
    assert.equal(ignored.code, 0);
    assert.equal((JSON.parse(ignored.stdout) as { outcome: string }).outcome, 'absent');
  }
});

test('WRITE-10: what is left is told with its error, and ends with 8', async () => {
  const { digest } = here().app.children[1]?.manifest.descriptor ?? { digest: '' };
  const isOne = (request: Request): boolean =>
    requestTo('manifest', 'DELETE')(request) && decodeURIComponent(request.url).endsWith(digest);
  const host = await behind(only(answerWith(403), { matches: isOne }));
  const { code, stdout, stderr } = await run('delete-repo --yes --json REGISTRY/team/app', { host });
  assert.equal(code, 8);
  assert.match(stderr, /^warning: \d of 4: REGISTRY\/team\/app@sha256:\w+ is left: .*403.* \(DENIED\)$/m);
  const told = JSON.parse(stdout) as { outcome: string; deleted: string[]; left: { digest: string; code: string }[] };
  assert.equal(told.outcome, 'partial');
  assert.equal(told.deleted.length, 3);
  assert.deepEqual(
    told.left.map((one) => [one.digest, one.code]),
    [[digest, 'DENIED']],
  );
});

test('a registry that deletes nothing ends it with 7, one that does not let us with 4', async () => {
  const cannot = await run('delete-repo --yes REGISTRY/team/app', { host: await behind(deleteUnsupported()) });
  assert.equal(cannot.code, 7);
  assert.match(cannot.stderr, /\(UNSUPPORTED\); hint: deletion is disabled there/);
  const denied = only(answerWith(403), { matches: requestTo('manifest', 'DELETE') });
  assert.equal((await run('delete-repo --yes REGISTRY/team/app', { host: await behind(denied) })).code, 4);
  assert.deepEqual(await tags(), ['1.0', '1.1', 'latest']);
});

test('a name with a tag or a digest is refused, and told what deletes that', async () => {
  for (const name of ['REGISTRY/team/app:1.0', `REGISTRY/team/app@sha256:${'0'.repeat(64)}`]) {
    const { code, stderr } = await run(`delete-repo --yes ${name}`);
    assert.equal(code, 2);
    assert.ok(stderr.includes(`"lading delete ${name}"`), stderr);
  }
  assert.deepEqual(await tags(), ['1.0', '1.1', 'latest']);
});
