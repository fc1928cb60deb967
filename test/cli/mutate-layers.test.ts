import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Published } from '../../src/cli/transfer/changed.ts';
import { putImage, putIndex } from '../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { filesIn, type ImageView, viewImage, viewIndex } from '../support/image-view.ts';
import { imageFor } from '../support/images-to-change.ts';
import { entriesIn } from '../support/relayered.ts';

let world: World;
const created = '2024-05-06T07:08:09Z';
const clamp = 1_600_000_000;

before(async () => {
  world = await openWorld();
  const late = { mtime: clamp + 5 };
  await putImage(world.registry.repository('app'), {
    layers: [
      { files: { base: { content: 'base', mtime: clamp - 5 } } },
      { files: { 'root/.npmrc': { content: 'token', ...late }, 'root/keep': { content: 'keep', ...late } } },
      { files: { app: { content: 'app', ...late } } },
    ],
    config: {
      created,
      history: ['ADD base', 'COPY secret', 'COPY app'].map((text) => ({ created, created_by: text })),
    },
    tags: ['1'],
  });
});
after(() => world.close());

async function run(flags: string, options: CliOptions = {}): Promise<CliResult> {
  const words = `mutate REGISTRY/app:1 -t REGISTRY/app:2 ${flags}`.split(' ');
  const result = await cli(
    words.map((word) => word.replaceAll('REGISTRY', world.host)),
    options,
  );
  return { ...result, stdout: world.neutral(result.stdout), stderr: world.neutral(result.stderr) };
}

async function mutated(
  flags: string,
  options?: CliOptions,
): Promise<ImageView & { files: object[]; times: number[][] }> {
  const { code, stderr } = await run(flags, options);
  assert.equal(code, 0, stderr);
  const repository = world.registry.repository('app');
  const view = await viewImage(repository, '2');
  const layers = view.document.layers.map((layer) => repository.blob(layer));
  const entries = await Promise.all(layers.map(entriesIn));
  const files = await Promise.all(layers.map(filesIn));
  return { ...view, files, times: entries.map((all) => all.map(({ mtime }) => mtime)) };
}

const steps = ({ config }: ImageView): unknown[] => (config.history ?? []).map((step) => step.created_by);

describe('CAP-G6: lading mutate removes', () => {
  test('layers by their position and by what made them', async () => {
    assert.deepEqual(steps(await mutated('--rm-layer 0 --rm-layer -1')), ['COPY secret']);
    assert.deepEqual(steps(await mutated('--rm-layer-created-by ^COPY')), ['ADD base']);
    for (const [flags, message] of [
      ['--rm-layer 3', /has no layer 3/],
      ['--rm-layer top', /not the position of a layer/],
      ['--rm-layer-created-by ENV', /no layer was made by/],
      ['--rm-layer-created-by (', /not a regular expression/],
      ['--strip-file /', /all files together/],
      ['--compression zstd', /none is to change.*lading convert/],
      ['-e A=b --compression-level 3', /none is to change/],
      ['-e A=b --time-keep-layers 1', /either set or clamped/],
    ] as const) {
      const { code, stderr } = await run(flags);
      assert.match(stderr, message);
      assert.equal(code, 2, stderr);
    }
  });

  test('files out of every layer', async () => {
    const { files } = await mutated('--strip-file /root/.npm* --strip-file app');
    assert.deepEqual(files, [{ base: 'base' }, { 'root/keep': 'keep' }, {}]);
    assert.match((await run('--strip-file nothing')).stderr, /that changes nothing/);
  });
});

describe('CAP-G9: lading mutate', () => {
  test('holds times to a latest one, or sets them all', async () => {
    const clamped = await mutated(`--time-clamp ${clamp}`);
    assert.equal(clamped.config.created, '2020-09-13T12:26:40Z');
    assert.deepEqual(clamped.times, [[clamp - 5], [clamp, clamp], [clamp]]);
    const set = await mutated('--time-set 2020-09-13T12:26:40Z --time-keep-layers 1');
    assert.deepEqual(set.times, [[clamp - 5], [clamp, clamp], [clamp]]);
    for (const flags of ['--time-set now', '--time-set 1 --time-clamp 1']) assert.equal((await run(flags)).code, 2);
  });

  test('takes the time from a label, changes later ones alone, and leaves the layers of a base', async () => {
    const repository = world.registry.repository('app');
    const base = { files: { base: { content: 'base', mtime: clamp - 5 } } };
    await putImage(repository, { layers: [base], tags: ['base'] });
    const set = await mutated(`--time-set 0 --time-after ${clamp}`);
    assert.deepEqual(set.times, [[clamp - 5], [0, 0], [0]]);
    const based = await mutated('--time-set 0 --time-base REGISTRY/app:base');
    assert.deepEqual(based.times, [[clamp - 5], [0, 0], [0]]);
    await putImage(repository, {
      layers: [base],
      config: { created, config: { Labels: { built: '1970-01-01T00:00:07Z' } } },
      tags: ['labelled'],
    });
    const line = `mutate ${world.host}/app:labelled -t ${world.host}/app:2 --time-from-label built`;
    assert.equal((await cli(line.split(' '))).code, 0);
    const { config, document } = await viewImage(repository, '2');
    assert.equal(config.created, '1970-01-01T00:00:07Z');
    const [entry] = await entriesIn(repository.blob(document.layers[0] ?? assert.fail()));
    assert.equal(entry?.mtime, 7);
    const wrong: readonly (readonly [flags: string, told: RegExp])[] = [
      ['--time-from-label built', /has no label "built"/],
      ['--time-from-label built --time-clamp 1', /cannot be used with/],
      ['--time-after 1', /either set or clamped/],
    ];
    for (const [flags, text] of wrong) {
      const { code, stderr } = await run(flags);
      assert.equal(code, 2, flags);
      assert.match(stderr, text);
    }
  });

  test('does all of it at once, and tells it as one change', async () => {
    const flags = `--json --rm-layer 0 --strip-file root/.npmrc --time-clamp ${clamp} -e MODE=x --author Me`;
    const { code, stdout, stderr } = await run(flags);
    assert.equal(code, 0, stderr);
    const told = JSON.parse(stdout) as Published;
    const repository = world.registry.repository('app');
    const first = await repository.resolve('1');
    assert.deepEqual(told.images, [{ platform: 'linux/amd64', from: first?.digest, to: told.digest }]);
    const { config, document } = await viewImage(repository, '2');
    assert.equal(config.author, 'Me');
    assert.deepEqual(config.config, { Env: ['MODE=x'] });
    assert.equal(document.layers.length, 2);
    assert.deepEqual(await filesIn(repository.blob(document.layers[0] ?? assert.fail())), { 'root/keep': 'keep' });
  });

  test('tells of each image of an index once', async () => {
    const manifests = [await imageFor('amd64'), await imageFor('arm64')];
    await putIndex(world.registry.repository('app'), { manifests, tags: ['index'] });
    const words = ['mutate', `${world.host}/app:index`, '-t', `${world.host}/app:index-2`, '--json'];
    const { stdout } = await cli([...words, '--time-set', String(clamp), '--platform', 'linux/arm64', '--user', 'me']);
    const told = JSON.parse(stdout) as Published;
    const after = await viewIndex(world.registry.repository('app'), 'index-2');
    assert.deepEqual(told.images, [
      { platform: 'linux/arm64', from: manifests[1]?.descriptor.digest, to: after.manifests[1]?.digest },
    ]);
    assert.equal(after.manifests[0]?.digest, manifests[0]?.descriptor.digest);
  });
});
