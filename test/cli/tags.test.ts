import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import { buildArtifact, putBuilt, putImage } from '../../src/testing/fixtures.ts';
import { buildSchema1, putSchema1Blobs, servesSchema1 } from '../../src/testing/schema1.ts';
import { answering } from '../../src/testing/wrap.ts';
import { cosignTag, putCosign } from '../support/attachments.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';
import { oldImage } from '../support/schema1.ts';
import { servedRegistry } from '../support/served-registry.ts';

let world: World;

const VERSIONS = ['1.9.0', '1.10.0', '2', 'v2.1', '2.2.0-rc1', '3.20-alpine', '3.21.3', '20240506', 'latest', 'edge'];

before(async () => {
  world = await openWorld();
  const versions = world.registry.repository('versions');
  await putBuilt(versions, world.single, { tags: VERSIONS });
  await putCosign(versions, world.single.manifest.descriptor, 'sig');
  await versions.putManifest(world.single.manifest, {
    tags: [world.single.manifest.descriptor.digest.replace(':', '-')],
  });
  const dated = world.registry.repository('dated');
  for (const [tag, created] of [
    ['second', '2024-02-02T00:00:00Z'],
    ['first', '2024-03-03T00:00:00+14:00'],
    ['third', '2023-01-01T00:00:00Z'],
  ] as const) {
    await putImage(dated, { layers: [], config: { created }, tags: [tag, `${tag}-again`] });
  }
  await putBuilt(dated, buildArtifact({ artifactType: 'application/x.timeless' }), { tags: ['artifact'] });
  await putBuilt(dated, world.app, { tags: ['index'] });
});
after(() => world.close());

async function run(line: string): Promise<CliResult> {
  const result = await cli(line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host)));
  return { ...result, stdout: world.neutral(result.stdout), stderr: world.neutral(result.stderr) };
}

async function tags(line: string): Promise<string[]> {
  const { code, stdout, stderr } = await run(`tags ${line}`);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout.trimEnd().split('\n');
}

const requests = (): string[] => world.requests.map(({ method, path }) => `${method} ${path.split('/').slice(-2)[0]}`);

describe('CAP-E4: tags are chosen', () => {
  test('by patterns, of which one has to match', async () => {
    assert.deepEqual(await tags('--regex ^v?2 REGISTRY/versions'), ['2', '2.2.0-rc1', '20240506', 'v2.1']);
    assert.deepEqual(await tags('--regex ^2$ --regex st$ REGISTRY/versions'), ['2', 'latest']);
    assert.deepEqual(await tags('--regex 2 --filter !2* REGISTRY/versions --limit 2'), ['3.20-alpine', '3.21.3']);
    assert.equal((await run('tags --regex ( REGISTRY/versions')).code, 2);
  });

  test('by versions of a range, as npm writes it; prereleases where the range names one', async () => {
    assert.deepEqual(await tags('--semver ^2 REGISTRY/versions'), ['2', 'v2.1']);
    assert.deepEqual(await tags('--semver >=2.0.0-0 REGISTRY/versions --sort semver'), [
      '3.21.3',
      '3.20-alpine',
      '2.2.0-rc1',
      'v2.1',
      '2',
    ]);
    assert.deepEqual(await tags('--semver 1.x --sort semver REGISTRY/versions'), ['1.10.0', '1.9.0']);
    const wrong = await run('tags --semver newest REGISTRY/versions');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /"newest" is not a range of versions/);
  });

  test('without those that tools have made of digests', async () => {
    const digestTags = [cosignTag(world.single.manifest.descriptor, 'sig')];
    const all = await tags('REGISTRY/versions');
    assert.equal(all.length, VERSIONS.length + 2);
    assert.ok(digestTags.every((tag) => all.includes(tag)));
    for (const flag of ['--exclude-digest-tags', '-O']) {
      assert.deepEqual((await tags(`${flag} REGISTRY/versions`)).sort(), VERSIONS.toSorted());
    }
  });

  test('by the digest in the name', async () => {
    const { digest } = world.app.manifest.descriptor;
    assert.deepEqual(await tags(`REGISTRY/dated@${digest}`), ['index']);
    assert.deepEqual(await tags(`REGISTRY/team/app@${digest}`), ['1.0', '1.1', 'latest']);
  });
});

describe('CAP-E5: tags by their time', () => {
  test('come newest first, those without one last; an image that has many tags is read once', async () => {
    world.requests.length = 0;
    const lines = await tags('--sort created REGISTRY/dated');
    assert.deepEqual(
      lines.map((line) => line.split('  ').at(-1)),
      ['index', 'first', 'first-again', 'second', 'second-again', 'third', 'third-again', 'artifact'],
    );
    assert.equal(lines[1], '2024-03-03T00:00:00+14:00  first');
    const all = requests();
    assert.equal(all.filter((line) => line === 'HEAD manifests').length, 8, 'these count against no pull limit');
    assert.equal(all.filter((line) => line === 'GET manifests').length, 6, 'five tags and one image of the index');
    assert.deepEqual((await tags('--sort created --limit 2 REGISTRY/dated')).length, 2);
  });

  test('are not kept back by what is retired, broken or gone', async () => {
    const old = await buildSchema1({ ...oldImage, created: '2025-01-01T00:00:00Z' });
    const gone = answering(
      (request) => request.url.endsWith('/manifests/gone'),
      () => new Response('', { status: 404 }),
    );
    const served = await servedRegistry([servesSchema1(old), gone]);
    try {
      const repository = served.registry.repository('team/app');
      await putSchema1Blobs(repository, old);
      const image = await putImage(repository, {
        layers: [],
        config: { created: '2024-01-01T00:00:00Z' },
        tags: ['new', 'gone', 'old'],
      });
      const missing = manifestFromDocument({
        ...image.manifest.document,
        config: contentFrom(new Uint8Array(3), image.manifest.links[0]?.descriptor.mediaType).descriptor,
      });
      await repository.putBlob(contentFrom(new Uint8Array(3)));
      await repository.putManifest(missing, { tags: ['odd'] });
      const { code, stdout, stderr } = await cli(['tags', '--long', '--sort', 'created', `${served.host}/team/app`]);
      assert.equal(code, 0, stderr);
      const rows = stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/));
      assert.deepEqual(
        rows.slice(1).map(([tag, , created, platforms]) => [tag, created, platforms]),
        [
          ['old', '2025-01-01T00:00:00Z', 'linux/amd64'],
          ['new', '2024-01-01T00:00:00Z', 'linux/amd64'],
          ['odd', '-', '-'],
        ],
      );
    } finally {
      await served.close();
    }
  });
});

describe('CAP-E3 CAP-E5: --long', () => {
  test('is one table of digests, dates and platforms', async () => {
    const { stdout } = await run('tags --long --sort semver --exclude-digest-tags --limit 3 REGISTRY/versions');
    assertGolden('tags-long.txt', stdout);
    assertGolden('tags-long.json', (await run('tags --long --json REGISTRY/dated')).stdout);
    assert.equal(
      (await run('tags -l REGISTRY/team/app')).stdout.split('\n')[1]?.split(/ {2,}/)[3],
      'linux/amd64,linux/arm64',
    );
  });

  test('asks about the wanted tags only, so many at a time', async () => {
    world.requests.length = 0;
    await tags('--long --filter 1.* --concurrency 1 REGISTRY/versions');
    assert.deepEqual(requests(), ['GET tags', 'HEAD manifests', 'GET manifests', 'GET blobs', 'HEAD manifests']);
  });
});
