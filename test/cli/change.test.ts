import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';

let world: World;
let folder: string;

before(async () => {
  world = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-change-'));
});
after(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

async function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const argv = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host));
  const result = await cli(argv, { cwd: folder, ...options });
  return { ...result, stdout: world.neutral(result.stdout), stderr: world.neutral(result.stderr) };
}

async function done(line: string, options?: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await run(line, options);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

const index = (): string => world.app.manifest.descriptor.digest;

test('CAP-F3 RUBY-55 WRITE-3 F5: tags an image in its repository, byte for byte', async () => {
  assertGolden('tag.json', await done('tag --json REGISTRY/team/app:1.0 stable 1'));
  assert.equal(await done('digest REGISTRY/team/app:stable'), `${index()}\n`);
  assert.equal((await run('tag REGISTRY/team/app:9 x')).code, 3);
  assert.equal((await run('tag REGISTRY/team/app:1.0 no/tag')).code, 2);
});

test('a dry run of a change asks and changes nothing', async () => {
  world.requests.length = 0;
  await done('tag --dry-run REGISTRY/team/app:1.0 never');
  await done('untag --dry-run REGISTRY/team/app:1.0');
  await done(`delete --dry-run REGISTRY/team/app@${index()}`);
  assert.ok(world.requests.every(({ method }) => method === 'GET' || method === 'HEAD'));
  assert.doesNotMatch(await done('tags REGISTRY/team/app'), /never/);
});

test('CAP-F12 RUBY-60 WRITE-9 F7: untag and delete by tag take the tag, and no sibling', async () => {
  await done('tag REGISTRY/team/app:1.0 one two');
  assertGolden('untag.json', await done('untag --json --yes REGISTRY/team/app:one'));
  assert.equal(await done('delete --yes REGISTRY/team/app:two'), 'REGISTRY/team/app:two\n');
  const left = await done('tags REGISTRY/team/app');
  assert.match(left, /^1\.0$/m);
  assert.doesNotMatch(left, /^(one|two)$/m);
  assert.equal((await run('untag --yes REGISTRY/team/app:one')).code, 3);
  await done('untag --yes --ignore-missing REGISTRY/team/app:one');
  for (const name of ['REGISTRY/team/app', `REGISTRY/team/app@${index()}`]) {
    assert.equal((await run(`untag --yes ${name}`)).code, 2, name);
  }
});

test('CAP-F11 NODE-36: deleting a manifest lists the tags that go with it', async () => {
  await done('copy REGISTRY/team/single:1 REGISTRY/gone:1,2');
  const { digest } = world.single.manifest.descriptor;
  const told = JSON.parse(await done(`delete --json --yes REGISTRY/gone@${digest}`)) as { alongside: string[] };
  assert.deepEqual(told.alongside, ['REGISTRY/gone:1', 'REGISTRY/gone:2']);
  assert.equal((await run(`digest REGISTRY/gone@${digest}`)).code, 3);
  assert.equal((await run('delete --yes REGISTRY/gone')).code, 2);
});

test('deletions ask on a terminal, and need a yes without one', async () => {
  await done('tag REGISTRY/team/app:1.0 asked');
  const silent = await run('untag REGISTRY/team/app:asked');
  assert.equal(silent.code, 2);
  assert.match(silent.stderr, /--yes/);
  const no = await run('untag REGISTRY/team/app:asked', { stdinIsTTY: true, stdin: 'n\n' });
  assert.equal(no.code, 1);
  assert.match(no.stderr, /delete the tag REGISTRY\/team\/app:asked\? \[y\/N\]/);
  assert.match(no.stderr, /nothing was deleted/);
  const yes = await run('untag REGISTRY/team/app:asked', { stdinIsTTY: true, stdin: 'y\n' });
  assert.equal(yes.code, 0, yes.stderr);
  assert.equal((await run('digest REGISTRY/team/app:asked')).code, 3);
});

test('CAP-E9 CAP-F13 RUBY-64 WRITE-11 NODE-38 NODE-40 NODE-46: pushes, gets and deletes a blob', async () => {
  const bytes = Buffer.from('a small blob');
  await writeFile(path.join(folder, 'blob'), bytes);
  const digest = digestOf(bytes);
  assertGolden('blob-push.json', await done('blob push --json REGISTRY/blobs blob'));
  assert.equal(await done('blob push REGISTRY/blobs -', { stdin: bytes }), `${digest}\n`);
  assert.equal(await done(`blob get REGISTRY/blobs@${digest}`), bytes.toString());
  assert.equal(await done(`blob get REGISTRY/blobs ${digest}`), bytes.toString());
  assert.equal(await done(`blob delete --yes REGISTRY/blobs@${digest}`), `REGISTRY/blobs@${digest}\n`);
  assert.equal((await run(`blob get REGISTRY/blobs@${digest}`)).code, 3);
  assert.equal((await run('blob push REGISTRY/blobs nothing')).code, 3);
  assert.equal((await run('blob get REGISTRY/blobs')).code, 2);
});

test('CAP-F2 RUBY-65 WRITE-2 NODE-35: pushes a manifest as it stands, under a tag or its digest', async () => {
  const odd = new TextDecoder().decode(world.app.manifest.bytes).replace('{', '{ ');
  await writeFile(path.join(folder, 'index.json'), odd);
  const digest = digestOf(Buffer.from(odd));
  assert.equal(await done('manifest push index.json REGISTRY/team/app:odd'), `REGISTRY/team/app:odd@${digest}\n`);
  assert.equal(await done('manifest REGISTRY/team/app:odd'), odd);
  await done(`manifest push - REGISTRY/team/app@${digest}`, { stdin: odd });
  assert.equal((await run(`manifest push index.json REGISTRY/team/app@${index()}`)).code, 5);
  assert.equal((await run('manifest push index.json REGISTRY/team/app')).code, 2);
  assert.equal((await run('manifest push index.json REGISTRY/empty/app:1')).code, 1);
  const broken = await run('manifest push - REGISTRY/team/app:1', { stdin: Buffer.from('{"schemaVersion":2}') });
  assert.match(broken.stderr, /^error: stdin: config is not an object \(DESCRIPTOR_INVALID\)/);
});

test('CAP-F15: what is not there is no error where that is said, and nothing is deleted', async () => {
  const absent = `sha256:${'0'.repeat(64)}`;
  const lines = [
    'untag REGISTRY/team/app:gone',
    'delete REGISTRY/team/app:gone',
    `delete REGISTRY/team/app@${absent}`,
    `blob delete REGISTRY/team/app@${absent}`,
    'delete-repo REGISTRY/team/gone',
  ];
  const before = await done('tags --digests REGISTRY/team/app');
  for (const line of lines) {
    assert.equal((await run(`${line} --yes`)).code, 3, line);
    assert.match(await done(`${line} --yes --ignore-missing --json`), /"outcome": "absent"/, line);
  }
  assert.equal(await done('tags --digests REGISTRY/team/app'), before);
});
