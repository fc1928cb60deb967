import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ToldAttached } from '../../src/cli/commands/referrers.ts';
import { putBuilt } from '../../src/testing/fixtures.ts';
import {
  artifactOn,
  attestedIndex,
  cosignTag,
  PROVENANCE,
  putCosign,
  SIGNATURE,
  SPDX,
} from '../support/attachments.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';

let world: World;

const { index, images } = await attestedIndex();
const subject = index.manifest.descriptor;
const SBOM = 'application/spdx+json';
const at = (time: string): Record<string, string> => ({ 'org.opencontainers.image.created': time, env: 'live' });
const old = artifactOn(subject, SBOM, at('2024-01-01T00:00:00Z'));
const young = artifactOn(subject, SBOM, at('2024-02-01T00:00:00Z'));
const review = artifactOn(young.manifest.descriptor, 'application/x.review', { by: 'a \u001b[31mred\u202e man' });

before(async () => {
  world = await openWorld();
  const repository = world.registry.repository('full');
  await putBuilt(repository, index, { tags: ['1'] });
  for (const one of [old, young, review]) await putBuilt(repository, one);
  await putCosign(repository, subject, 'sig');
  await putCosign(repository, young.manifest.descriptor, 'sig');
  const [, arm64] = images;
  if (arm64) await putBuilt(repository, artifactOn(arm64.manifest.descriptor, 'application/x.arm'));
});
after(() => world.close());

async function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const argv = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host));
  const result = await cli(argv, options);
  return { ...result, stdout: world.neutral(result.stdout), stderr: world.neutral(result.stderr) };
}

async function done(line: string): Promise<string> {
  const { code, stdout, stderr } = await run(line);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

async function told(line: string): Promise<readonly ToldAttached[]> {
  const { attached } = JSON.parse(await done(`referrers --json ${line}`)) as { attached: readonly ToldAttached[] };
  return attached;
}

describe('CAP-I9 CAP-E14: referrers', () => {
  test('are shown as a tree, by all schemes', async () => {
    const tree = await done('referrers REGISTRY/full:1');
    assertGolden('referrers.txt', tree);
    assert.equal(await done('tree REGISTRY/full:1'), tree);
    assert.equal(await done('discover REGISTRY/full:1'), tree);
    assertGolden('referrers-long.txt', await done('referrers --long --depth 1 REGISTRY/full:1'));
    assertGolden('referrers-flat.txt', await done('referrers --flat REGISTRY/full:1'));
    assertGolden('referrers.json', await done('referrers --json --depth 2 REGISTRY/full:1'));
  });

  test('are none, and the image is shown all the same', async () => {
    const { digest } = world.single.manifest.descriptor;
    assert.equal(await done('referrers REGISTRY/team/single:1'), `REGISTRY/team/single:1@${digest}\n`);
    assert.deepEqual(await told('REGISTRY/team/single:1'), []);
    assert.equal((await run('referrers REGISTRY/team/single:9')).code, 3);
  });

  test('hold nothing that a terminal would obey', async () => {
    const text = await done('referrers --long REGISTRY/full:1');
    assert.match(text, /by: a \\x1b\[31mred\\u202e man/);
    assert.doesNotMatch(text, /[\u001b\u202e]/);
  });

  test('CAP-E16 CAP-I5: tell by what they are known, and what is attested', async () => {
    const list = await told('REGISTRY/full:1');
    const signature = list.find(({ tag }) => tag === cosignTag(subject, 'sig'));
    assert.deepEqual([signature?.scheme, signature?.artifactType], ['cosign', SIGNATURE]);
    const attestations = list.filter(({ scheme }) => scheme === 'buildkit');
    assert.deepEqual(
      attestations.map(({ platform, predicateTypes }) => [platform, predicateTypes]),
      [
        ['linux/amd64', [PROVENANCE, SPDX]],
        ['linux/arm64', [PROVENANCE, SPDX]],
      ],
    );
  });

  test('are chosen by type, annotation, platform and depth; what leads to them is shown in the tree', async () => {
    const types = async (line: string): Promise<unknown[]> =>
      (await told(line)).map(({ artifactType }) => artifactType);
    assert.deepEqual(await types(`--artifact-type ${SBOM} REGISTRY/full:1`), [SBOM, SBOM]);
    assert.equal((await told(`--artifact-type ${SPDX} REGISTRY/full:1`)).length, 2);
    assert.deepEqual(await types('--annotation by REGISTRY/full:1'), ['application/x.review']);
    assert.deepEqual(await types('--annotation env=test REGISTRY/full:1'), []);
    assert.deepEqual(await types('--platform linux/arm64 REGISTRY/full:1'), [
      'application/x.arm',
      'application/vnd.in-toto+json',
    ]);
    assert.ok(!(await types('--depth 1 REGISTRY/full:1')).includes('application/x.review'));
    const tree = await done('tree --artifact-type application/x.review REGISTRY/full:1');
    const lines = tree.trimEnd().split('\n');
    assert.equal(lines.length, 3, tree);
    assert.ok(lines[1]?.startsWith(`└── ${SBOM}  ${young.manifest.descriptor.digest}`), tree);
    assert.match(lines[2] ?? '', /^ {4}└── application\/x\.review/);
  });

  test('CAP-I4: an annotation tells their order, and which is the newest', async () => {
    const repository = world.registry.repository('versions');
    const image = images[0]?.manifest ?? assert.fail();
    await putBuilt(repository, images[0] ?? assert.fail(), { tags: ['1'] });
    const versions = ['1.9', '1.10', '1.2'].map((version) => artifactOn(image.descriptor, SBOM, { version }));
    for (const one of versions) await putBuilt(repository, one);
    const order = async (flags: string): Promise<unknown[]> =>
      (await told(`${flags} REGISTRY/versions:1`)).map(({ annotations }) => annotations?.version);
    assert.deepEqual(await order('--sort-annotation version'), ['1.10', '1.9', '1.2']);
    assert.deepEqual(await order('--sort-annotation version --latest'), ['1.10']);
    const tree = await done('tree --sort-annotation version REGISTRY/versions:1');
    const digests = [1, 0, 2].map((at) => versions[at]?.manifest.descriptor.digest ?? '');
    assert.deepEqual(tree.match(/sha256:[0-9a-f]{64}(?=\n|$)/g)?.slice(-3), digests);
  });

  test('CAP-I4: of each type only the newest, where that is wanted', async () => {
    const list = await told(`--latest --artifact-type ${SBOM} REGISTRY/full:1`);
    assert.deepEqual(
      list.map(({ digest }) => digest),
      [young.manifest.descriptor.digest],
    );
    assert.ok(!(await done('tree --latest REGISTRY/full:1')).includes(old.manifest.descriptor.digest));
  });
});

describe('CAP-F8: copy takes along', () => {
  test('all that is attached, by every scheme', async () => {
    await done('copy --referrers REGISTRY/full:1 REGISTRY/copied:1');
    const digests = async (name: string): Promise<string[]> => (await told(name)).map(({ digest }) => digest).sort();
    assert.deepEqual(await digests('REGISTRY/copied:1'), await digests('REGISTRY/full:1'));
    const tags = await done('tags REGISTRY/copied');
    assert.deepEqual(
      tags.trim().split('\n').sort(),
      ['1', cosignTag(subject, 'sig'), cosignTag(young.manifest.descriptor, 'sig')].sort(),
    );
  });

  test('what is of a type', async () => {
    await done(`copy --referrer-type ${SBOM} REGISTRY/full:1 REGISTRY/sboms:1`);
    const list = await told('REGISTRY/sboms:1');
    const own = list.filter(({ scheme }) => scheme !== 'buildkit');
    assert.deepEqual(new Set(own.map(({ artifactType }) => artifactType)), new Set([SBOM]));
    assert.equal(own.length, 2);
    await done(`copy --referrer-type ${SIGNATURE} REGISTRY/full:1 REGISTRY/signed:1`);
    assert.deepEqual((await done('tags REGISTRY/signed')).trim().split('\n').length, 2);
  });
});
