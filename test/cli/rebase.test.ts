import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { BASE_DIGEST, BASE_NAME } from '../../src/image/change/rebase.ts';
import { type Built, buildImage, buildIndex, type LayerSpec, putBuilt } from '../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';
import { viewImage, viewIndex } from '../support/image-view.ts';

let world: World;
let other: World;
let folder: string;
let old: Built;
let next: Built;

const layer = (name: string): LayerSpec => ({ files: { [name]: name } });
const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));

/** An index for two platforms, of the same layers. */
async function index(names: readonly string[], annotations?: Readonly<Record<string, string>>): Promise<Built> {
  const history = names.map((name) => ({ created_by: `ADD ${name}` }));
  const images = platforms.map((platform) =>
    buildImage({ layers: names.map(layer), platform, config: { history }, annotations }),
  );
  return buildIndex({ manifests: await Promise.all(images) });
}

before(async () => {
  world = await openWorld();
  other = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-rebase-'));
  [old, next] = [await index(['base-1', 'base-2']), await index(['new'])];
  const base = world.registry.repository('base');
  await putBuilt(base, old, { tags: ['old'] });
  await putBuilt(base, next, { tags: ['latest'] });
  const app = world.registry.repository('app');
  await putBuilt(app, await index(['base-1', 'base-2', 'app']), { tags: ['1'] });
  const told = { [BASE_NAME]: `${world.host}/base`, [BASE_DIGEST]: old.manifest.descriptor.digest };
  await putBuilt(app, await index(['base-1', 'base-2', 'app'], told), { tags: ['told'] });
});
after(async () => {
  await Promise.all([world.close(), other.close()]);
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  world.requests.length = 0;
});

async function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const words = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host).replaceAll('OTHER', other.host));
  const result = await cli(words, { cwd: folder, ...options });
  const neutral = (text: string): string => world.neutral(text).replaceAll(other.host, 'OTHER');
  return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
}

async function done(line: string, options?: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await run(line, options);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

/** What the history of the first image of an index tells. */
async function stepsIn(of: World, repository: string, tag: string): Promise<readonly unknown[]> {
  const store = of.registry.repository(repository);
  const [first] = (await viewIndex(store, tag)).manifests;
  return ((await viewImage(store, first ?? assert.fail())).config.history ?? []).map((step) => step.created_by);
}

describe('CAP-G8: lading rebase', () => {
  test('puts every platform of an image on another base, under another name', async () => {
    const line = 'rebase --old-base REGISTRY/base:old --new-base REGISTRY/base:latest -t OTHER/app:2 REGISTRY/app:1';
    const stdout = await done(line);
    const repository = other.registry.repository('app');
    const { manifests } = await viewIndex(repository, '2');
    assert.equal(stdout, `OTHER/app:2@${(await repository.resolve('2'))?.digest}\n`);
    assert.equal(manifests.length, 2);
    for (const entry of manifests) {
      const { document } = await viewImage(repository, entry);
      assert.equal(document.layers.length, 2);
      assert.deepEqual(document.annotations, {
        [BASE_DIGEST]: next.manifest.descriptor.digest,
        [BASE_NAME]: `${world.host}/base:latest`,
      });
    }
    assert.deepEqual(await stepsIn(other, 'app', '2'), ['ADD new', 'ADD app']);
    await done('validate OTHER/app:2');
  });

  test('takes the bases from the annotations of the image', async () => {
    await done('rebase REGISTRY/app:told --tag REGISTRY/app:again');
    assert.deepEqual(await stepsIn(world, 'app', 'again'), ['ADD new', 'ADD app']);
    const { stderr, code } = await run('rebase REGISTRY/app:1 --tag REGISTRY/app:again');
    assert.equal(code, 2);
    assert.match(
      stderr,
      /not said what REGISTRY\/app:1 is to stand on.*--new-base.*org\.opencontainers\.image\.base\.name/,
    );
    const digest = await run('rebase REGISTRY/app:1 --new-base REGISTRY/base:latest --tag REGISTRY/app:again');
    assert.equal(digest.code, 2);
    assert.match(digest.stderr, /does not tell what it stands on/);
  });

  test('stands with bases on this disk, of which no annotation tells a name', async () => {
    await done('pull REGISTRY/base:latest base');
    await done('rebase --old-base REGISTRY/base:old --new-base oci:base:latest -t oci:out:2 REGISTRY/app:1');
    const { directoryStore } = await import('../../src/node/directory/directory.ts');
    const store = directoryStore(path.join(folder, 'out'));
    const [first] = (await viewIndex(store, '2')).manifests;
    const { document } = await viewImage(store, first ?? assert.fail());
    assert.deepEqual(Object.keys(document.annotations ?? {}), [BASE_DIGEST]);
  });

  test('asks no place that an annotation names but registries, and those with no credentials of the command line', async () => {
    const app = world.registry.repository('hostile');
    const digest = old.manifest.descriptor.digest;
    for (const [tag, name] of [
      ['path', `oci:${folder}/base:1`],
      ['host', `${other.host}/base:1`],
    ] as const) {
      await putBuilt(app, await index(['base-1', 'base-2', 'app'], { [BASE_NAME]: name, [BASE_DIGEST]: digest }), {
        tags: [tag],
      });
    }
    other.requests.length = 0;
    const path_ = await run('rebase REGISTRY/hostile:path -t REGISTRY/x:1');
    assert.equal(path_.code, 2);
    assert.match(path_.stderr, /REFERENCE_INVALID/);
    const host = await run('rebase --creds me:secret REGISTRY/hostile:host -t REGISTRY/x:1');
    assert.equal(host.code, 2);
    assert.match(host.stderr, /in a registry that nobody named.*--new-base/);
    assert.deepEqual(other.requests, []);
    assert.ok(!host.stderr.includes('secret'));
  });

  test('tells where the image and its base differ', async () => {
    const { code, stderr } = await run(
      'rebase --old-base REGISTRY/base:latest --new-base REGISTRY/base:old -t REGISTRY/x:1 REGISTRY/app:1',
    );
    assert.equal(code, 1);
    assert.match(stderr, /does not stand on sha256:.*: layer 0 unpacks to .*\(CONFLICT\)/);
  });

  test('results are as promised, as JSON; a dry run writes nothing', async () => {
    const line =
      'rebase --json --old-base REGISTRY/base:old --new-base REGISTRY/base:latest REGISTRY/app:1 -t OTHER/golden:1';
    const env = { SOURCE_DATE_EPOCH: '1767323045' };
    await done(`${line} --dry-run`, { env });
    assert.equal(await other.registry.repository('golden').resolve('1'), undefined);
    const told = JSON.parse(await done(line, { env })) as object;
    // The annotations name this very registry.
    const neutral = JSON.stringify(told, null, 2)
      .replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST')
      .replaceAll(/: \d+/g, ': 0');
    assertGolden('rebase.json', `${neutral}\n`);
    const [first] = (await viewIndex(other.registry.repository('golden'), '1')).manifests;
    const { config } = await viewImage(other.registry.repository('golden'), first ?? assert.fail());
    assert.equal(config.created, '2026-01-02T03:04:05Z');
  });
});
