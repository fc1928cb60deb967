/** `diff`: what it prints, how it ends, and what it asks of a registry. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Built } from '../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { putVersions } from '../support/diff-world.ts';
import { layer, put } from '../support/diffed.ts';
import { assertGolden } from '../support/golden.ts';
import { directory, file } from '../support/layered.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';

let world: World;
let folder: TemporaryDirectory;

before(async () => {
  world = await openWorld();
  folder = await temporaryDirectory('diff');
  await putVersions(world.registry.repository('team/tool'));
});
after(async () => {
  await world.close();
  await folder.remove();
});
beforeEach(() => {
  world.requests.length = 0;
});

const ONE = 'REGISTRY/team/tool:1';
const TWO = 'REGISTRY/team/tool:2';

async function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const argv = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host));
  const result = await cli(argv, { cwd: folder.path, ...options });
  return { ...result, stdout: world.neutral(result.stdout), stderr: world.neutral(result.stderr) };
}

async function done(line: string, options?: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await run(line, options);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

test('CAP-N2 CAP-N3: results are as promised, as JSON', async () => {
  assertGolden('diff.json', await done(`diff --json ${ONE} ${TWO}`));
  assertGolden('diff-exact.json', await done(`diff --json --exact --files --packages ${ONE} ${TWO}`));
  assertGolden('diff-index.json', await done('diff --json REGISTRY/team/tool:multi-1 REGISTRY/team/tool:multi-2'));
  assertGolden('diff-same.json', await done(`diff --json ${ONE} ${ONE}`));
});

test('CAP-N2 CAP-N3: results are as promised, for people', async () => {
  assertGolden('diff.txt', await done(`diff ${ONE} ${TWO}`));
  assertGolden('diff-exact.txt', await done(`diff --exact --ignore-times ${ONE} ${TWO}`));
  assertGolden('diff-index.txt', await done('diff REGISTRY/team/tool:multi-1 REGISTRY/team/tool:multi-2'));
});

test('CAP-N2 CAP-N3: results are as promised, for pull requests', async () => {
  assertGolden('diff.md', await done(`diff --markdown ${ONE} ${TWO}`));
  assertGolden('diff-index.md', await done('diff --markdown REGISTRY/team/tool:multi-1 REGISTRY/team/tool:multi-2'));
  assert.match(await done(`diff --markdown ${ONE} ${ONE}`), /\nThey are the same\.\n$/);
  assert.equal((await run(`diff --markdown --json ${ONE} ${TWO}`)).code, 2);
});

test('CAP-N2: the exit code tells whether they differ, as that of git diff, in what was compared', async () => {
  const code = async (flags: string, images = `${ONE} ${TWO}`): Promise<number> =>
    (await run(`diff ${flags} ${images}`)).code;
  assert.equal(await code('--exit-code'), 1);
  assert.equal(await code('--json'), 0);
  assert.equal(await code('--exit-code', `${ONE} ${ONE}`), 0);
  assert.equal(await code('--exit-code --packages --platform linux/amd64'), 1);
  assert.equal(await code('--exit-code', `${ONE} REGISTRY/team/tool:3`), 3);
  const arm = 'REGISTRY/team/tool:multi-1 REGISTRY/team/tool:multi-2';
  assert.equal(await code('--exit-code --platform linux/arm64', arm), 0);
});

test('CAP-N2: images that are one are told on stderr, and nothing is printed', async () => {
  const { stdout, stderr } = await run(`diff ${ONE} ${ONE}`);
  assert.deepEqual([stdout, stderr], ['', 'they are the same in what was compared\n']);
  assert.deepEqual(
    world.requests.map(({ method, path }) => `${method} ${path}`).filter((line) => line !== 'GET /v2/'),
    ['HEAD /v2/team/tool/manifests/1', 'HEAD /v2/team/tool/manifests/1'],
  );
});

test('CAP-N3: of images that share nine of ten layers the registry gives the tenth of each, once', async () => {
  const shared = [];
  for (let at = 0; at < 9; at++)
    shared.push(await layer([directory(`d${at}/`), file(`d${at}/file`, `${at}`.repeat(9999))]));
  const repository = world.registry.repository('team/ten');
  const images: Built[] = [];
  for (const tag of ['1', '2']) {
    const own = [directory('app/'), file('app/main', `version ${tag}`), file(`app/only-${tag}`)];
    images.push(await put(repository, tag, { layers: [...shared, own] }));
  }
  world.requests.length = 0;
  const stdout = await done('diff REGISTRY/team/ten:1 REGISTRY/team/ten:2');
  assert.match(stdout, /~ app\/main {2}content\n.*- app\/only-1.*\n.*\+ app\/only-2/);
  const blobs = world.requests.filter(({ path }) => path.includes('/blobs/')).map(({ path }) => path);
  const expected = images.flatMap(({ blobs: [config, ...layers] }) => [config, layers[9]]);
  assert.deepEqual(
    blobs.map((path) => path.slice(path.lastIndexOf('/') + 1)).sort(),
    expected.map((content) => content?.descriptor.digest ?? '').sort(),
  );
});

test('CAP-N2 CAP-N3: images of any two places are compared', async () => {
  await done(`copy ${ONE} oci:${folder.path}/layout:1`);
  await done(`copy ${TWO} docker-archive:${folder.path}/two.tar:tool:2`);
  const told = async (
    line: string,
  ): Promise<{ images: { files: unknown; config: unknown; layers: { kind: string }[] }[] }> =>
    JSON.parse(await done(`diff --json ${line}`)) as never;
  const [expected] = (await told(`${ONE} ${TWO}`)).images;
  const [local] = (await told(`oci:${folder.path}/layout:1 ${TWO}`)).images;
  assert.deepEqual(local?.files, expected?.files);
  const [archived] = (await told(`${TWO} docker-archive:${folder.path}/two.tar:tool:2`)).images;
  assert.deepEqual([archived?.files, archived?.config], [[], []]);
  assert.deepEqual(new Set(archived?.layers.map(({ kind }) => kind)), new Set(['repacked']));
  const both = await run('diff - -');
  assert.equal(both.code, 2);
});

test('what is not there is told, with the tags that are', async () => {
  for (const line of [
    'diff REGISTRY/team/tool:multi-3 REGISTRY/team/app:1.0',
    'diff REGISTRY/team/app:1.0 REGISTRY/team/tool:multi-3',
  ]) {
    const { code, stderr } = await run(line);
    assert.equal(code, 3);
    assert.match(stderr, /REGISTRY\/team\/tool:multi-3 is not there.*did you mean REGISTRY\/team\/tool:multi-1/);
  }
});

test('colors are for terminals, unless they are not wanted', async () => {
  const shown = async (flags: string): Promise<string> => done(`diff ${flags} ${ONE} ${TWO}`, { stdoutIsTTY: true });
  assert.ok((await shown('--config')).includes('\u001b[32m+ '));
  assert.equal(await shown('--config --no-color'), await done(`diff --config ${ONE} ${TWO}`));
});

test('CAP-N3: what strangers write breaks neither lines nor Markdown', async () => {
  const repository = world.registry.repository('team/hostile');
  const name = 'a\n+ forged ``` </details> \u001b[2J\u202e';
  await put(repository, '1', { layers: [[file('x')]], config: { config: { Labels: { l: '1' } } } });
  const labels = { l: '```\n</details><script>', '`````': '@everyone | x' };
  await put(repository, '2', { layers: [[file('x'), file(name, '1')]], config: { config: { Labels: labels } } });
  for (const flag of ['--quiet', '--markdown']) {
    const stdout = await done(`diff ${flag} REGISTRY/team/hostile:1 REGISTRY/team/hostile:2`);
    assert.ok(!/\u001b|\u202e|^\+ forged/m.test(stdout), stdout);
    if (flag !== '--markdown') continue;
    const fences = stdout.split('\n').filter((line) => /^`{3,}(diff)?$/.test(line));
    assert.ok(fences.includes('``````diff') && fences.includes('````diff'), stdout);
    assert.equal(fences.length % 2, 0);
  }
});
