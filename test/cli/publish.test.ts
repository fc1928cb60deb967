/** What commands tell of names that stand already, of what they would send, and of what does not come along. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Transferred } from '../../src/cli/transfer/transfer.ts';
import { BASE_DIGEST, BASE_NAME } from '../../src/image/change/rebase.ts';
import { manifestFromDocument } from '../../src/store/content.ts';
import { type Built, buildImage, buildIndex, putArtifact, putBuilt, putImage } from '../../src/testing/fixtures.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { viewImage, viewIndex } from '../support/image-view.ts';
import { attestationOf, imageFor, platform } from '../support/images-to-change.ts';

let world: World;
let other: World;
let folder: string;

before(async () => {
  world = await openWorld();
  other = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-publish-'));
  await mkdir(path.join(folder, 'rootfs'));
  await writeFile(path.join(folder, 'rootfs', 'hello'), 'hello');
});
after(async () => {
  await Promise.all([world.close(), other.close()]);
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  other.requests.length = 0;
});

async function run(line: string): Promise<CliResult> {
  const words = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host).replaceAll('OTHER', other.host));
  const result = await cli(words, { cwd: folder });
  const neutral = (text: string): string => world.neutral(text).replaceAll(other.host, 'OTHER');
  return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
}

async function done(line: string): Promise<CliResult> {
  const result = await run(line);
  assert.equal(result.code, 0, `${line}: ${result.stderr}`);
  return result;
}

async function told(line: string): Promise<Transferred> {
  return JSON.parse((await done(`${line} --json`)).stdout) as Transferred;
}

const isWrite = ({ method }: { readonly method: string }): boolean => method !== 'HEAD' && method !== 'GET';
const foreign = (): Promise<Built> => imageFor('amd64').then(keptElsewhere);

function keptElsewhere(built: Built): Built {
  const { document } = built.manifest;
  assert.ok('layers' in document);
  const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
  const layers = document.layers.map((layer) => ({ ...layer, mediaType, urls: ['http://127.0.0.1:1/layer'] }));
  return { ...built, manifest: manifestFromDocument({ ...document, layers }) };
}

describe('CAP-F7: --no-clobber', () => {
  test('tells for each tag what it goes on standing for', async () => {
    for (const place of ['OTHER/kept', 'oci:kept']) {
      const first = await told(`copy REGISTRY/team/app:1.0 ${place}:1`);
      const second = await done(`copy -n REGISTRY/team/single:1 ${place}:1,2`);
      assert.match(second.stderr, /left as they stand already: 1\n/);
      const { digest } = world.single.manifest.descriptor;
      assert.deepEqual(second.stdout.trimEnd().split('\n'), [`${place}:2@${digest}`]);
      const kept = await told(`copy -n REGISTRY/team/app:1.1 ${place}:1,2`);
      assert.equal(kept.outcome, 'kept');
      assert.deepEqual(kept.references, [`${place}:1@${first.digest}`, `${place}:2@${digest}`]);
      assert.equal(kept.digest, first.digest);
    }
  });

  test('tells it of an archive, too', async () => {
    const repository = world.registry.repository('two');
    const images = { a: await imageFor('amd64'), b: await imageFor('arm64') };
    for (const [tag, image] of Object.entries(images)) await putBuilt(repository, image, { tags: [tag] });
    await done('copy --all-tags REGISTRY/two oci-archive:kept.tar');
    const kept = await told('copy -n REGISTRY/team/app:1.1 oci-archive:kept.tar:b,a');
    assert.deepEqual(
      kept.references,
      (['b', 'a'] as const).map((tag) => `oci-archive:kept.tar:${tag}@${images[tag].manifest.descriptor.digest}`),
    );
  });
});

describe('a dry run counts', () => {
  test('the manifest that gets another name, as the copy does', async () => {
    await done('copy REGISTRY/team/app:1.0 OTHER/counted:1');
    for (const line of ['copy REGISTRY/team/app:1.0 OTHER/counted:2,3', 'copy REGISTRY/team/app:1.0 OTHER/counted:1']) {
      other.requests.length = 0;
      const planned = await told(`${line} --dry-run`);
      assert.deepEqual(other.requests.filter(isWrite), []);
      assert.equal(planned.outcome, 'planned');
      assert.deepEqual(planned.sent, (await told(line)).sent, line);
    }
  });

  test('layers that are kept elsewhere where they are copied, and not where they are not', async () => {
    await putBuilt(world.registry.repository('foreign'), await foreign(), { tags: ['1'] });
    for (const [tag, flag] of [
      ['without', ''],
      ['with', ' --foreign-layers'],
    ] as const) {
      const line = `copy REGISTRY/foreign:1 OTHER/foreign/${tag}:1${flag}`;
      assert.deepEqual((await told(`${line} --dry-run`)).sent, (await told(line)).sent, line);
    }
  });
});

test('CAP-F10: mutate takes layers that are kept elsewhere along when it is told to', async () => {
  const built = await foreign();
  await putBuilt(world.registry.repository('foreign'), built, { tags: ['1'] });
  const layer = built.blobs[1]?.descriptor.digest ?? assert.fail();
  const standing = async (name: string): Promise<string | undefined> =>
    (await other.registry.repository(name).stat(layer))?.digest;
  await done('mutate REGISTRY/foreign:1 -e A=b -t OTHER/mutated/without:1');
  assert.equal(await standing('mutated/without'), undefined);
  await done('mutate REGISTRY/foreign:1 -e A=b --foreign-layers -t OTHER/mutated/with:1');
  assert.equal(await standing('mutated/with'), layer);
});

describe('CAP-F6: --all-tags', () => {
  before(async () => {
    const repository = world.registry.repository('signed');
    const image = buildIndex({ manifests: [await imageFor('amd64'), await imageFor('arm64')] });
    await putBuilt(repository, image, { tags: ['1'] });
    const name = image.manifest.descriptor.digest.replace(':', '-');
    const subject = image.manifest.descriptor;
    const sbom = await putArtifact(repository, { artifactType: 'application/spdx+json', subject });
    await putBuilt(repository, buildIndex({ manifests: [sbom.descriptor] }), { tags: [name] });
    await putArtifact(repository, { artifactType: 'application/x.signature', tags: [`${name}.sig`] });
  });

  test('leaves out what is about other digests when images are changed on the way, and says so', async () => {
    for (const flags of ['--platform linux/amd64', '--format docker', '--compression none']) {
      const { stdout, stderr } = await done(`copy --all-tags ${flags} REGISTRY/signed OTHER/changed`);
      assert.match(stdout, /^OTHER\/changed:1@\S+\n$/);
      assert.equal(stderr.match(/left out: sha256-[0-9a-f]{64}/g)?.length, 2, flags);
      assert.equal((await done('tags OTHER/changed')).stdout, '1\n');
    }
    const { stdout } = await done('copy --all-tags REGISTRY/signed OTHER/whole');
    assert.equal(stdout.trimEnd().split('\n').length, 3);
  });

  test('is what a filter is for', async () => {
    const { code, stderr } = await run('copy --filter 1 REGISTRY/signed:1 OTHER/filtered:1');
    assert.equal(code, 2);
    assert.match(stderr, /--filter goes with --all-tags/);
  });
});

test('CAP-G14 CAP-G5: an image is made of nothing and a layer, for the platforms that are told', async () => {
  await done('append scratch rootfs -t REGISTRY/scratch:1 --platform linux/arm64 --platform linux/s390x');
  const store = world.registry.repository('scratch');
  const { manifests } = await viewIndex(store, '1');
  assert.deepEqual(
    manifests.map((entry) => entry.platform),
    [platform('arm64'), platform('s390x')],
  );
  for (const entry of manifests) assert.equal((await viewImage(store, entry)).document.layers.length, 1);
  await done('append scratch rootfs -t REGISTRY/scratch:2');
  assert.equal((await viewImage(store, '2')).config.architecture, 'amd64');
  const { code, stderr } = await run('append scratch rootfs --base-annotations -t REGISTRY/scratch:3');
  assert.equal(code, 2);
  assert.match(stderr, /scratch stands in no registry/);
});

test('CAP-J3 CAP-G4: of an index, the image that is changed for the chosen platform goes into a docker archive', async () => {
  for (const [at, line] of [
    'mutate -e A=b',
    'append -f rootfs',
    'flatten',
    'mutate --set-platform linux/riscv64',
  ].entries()) {
    const target = `docker-archive:saved-${at}.tar:team/app:2`;
    await done(`${line} --platform linux/arm64 REGISTRY/team/app:1.0 -t ${target}`);
    const { architecture } = JSON.parse((await done(`config ${target}`)).stdout) as { architecture: string };
    assert.equal(architecture, line.includes('--set-platform') ? 'riscv64' : 'arm64', line);
  }
  const { code, stderr } = await run('flatten REGISTRY/team/app:1.0 -t docker-archive:saved.tar:team/app:2');
  assert.equal(code, 2);
  assert.match(stderr, /choose a platform \(--platform\): linux\/amd64, linux\/arm64/);
});

test('CAP-G9: a time on the command line has a zone, and is a day that there is', async () => {
  for (const flag of ['--time-set', '--time-clamp', '--time-after']) {
    for (const time of ['2024-05-06T07:08:09', '2024-05-06T07:08', '2024-02-30T00:00:00Z', '2024-05-06T24:00:00Z']) {
      const { code, stderr } = await run(`mutate ${flag} ${time} -t OTHER/x:1 REGISTRY/team/single:1`);
      assert.equal(code, 2, `${flag} ${time}`);
      assert.match(stderr, /not a time like/);
    }
  }
});

test('CAP-H1: who makes an index of two images for one platform is warned', async () => {
  const repository = world.registry.repository('twice');
  const [amd64, arm64] = [await imageFor('amd64'), await imageFor('arm64')];
  await putBuilt(repository, buildIndex({ manifests: [amd64, attestationOf(amd64), arm64, attestationOf(arm64)] }), {
    tags: ['1'],
  });
  await putImage(repository, { layers: [], platform: platform('arm64', 'v8'), tags: ['arm64'] });
  const once = await done('index create REGISTRY/twice:2 REGISTRY/twice:1');
  assert.doesNotMatch(once.stderr, /more than once/);
  const { stderr } = await done('index create REGISTRY/twice:3 REGISTRY/twice:1 REGISTRY/twice:arm64');
  assert.equal(
    stderr.match(/warning: .*/g)?.join(),
    'warning: linux/arm64 is there more than once, and clients take the first',
  );
});

test('CAP-G8: each image of an index is taken off the base that it tells itself', async () => {
  const both = (name: string, more: readonly object[] = [{}, {}]): Promise<Built[]> =>
    Promise.all(
      ['amd64', 'arm64'].map((architecture, at) =>
        buildImage({ layers: [{ files: { [name]: architecture } }], platform: platform(architecture), ...more[at] }),
      ),
    );
  const bases = world.registry.repository('bases');
  const old = await both('old');
  await putBuilt(bases, buildIndex({ manifests: old }), { tags: ['old'] });
  await putBuilt(bases, buildIndex({ manifests: await both('new') }), { tags: ['latest'] });
  const annotated = await both(
    'old',
    old.map(({ descriptor }) => ({
      annotations: { [BASE_DIGEST]: descriptor.digest, [BASE_NAME]: `${world.host}/bases:latest` },
    })),
  );
  await putBuilt(world.registry.repository('standing'), buildIndex({ manifests: annotated }), { tags: ['1'] });
  await done('rebase REGISTRY/standing:1 -t REGISTRY/standing:2');
  assert.match((await done('rebase REGISTRY/standing:2 -t REGISTRY/standing:3')).stderr, /stands on that base already/);
  const store = world.registry.repository('standing');
  for (const entry of (await viewIndex(store, '2')).manifests) {
    const digest = (await bases.resolve('latest'))?.digest;
    assert.equal((await viewImage(store, entry)).document.annotations?.[BASE_DIGEST], digest);
  }
});

test('CAP-E3: tags lists those of a repository, and says so where one tag is named', async () => {
  await done('copy REGISTRY/team/single:1 oci:tagged:1');
  for (const [name, tags] of [
    ['REGISTRY/team/app:1.0', '1.0\n1.1\nlatest\n'],
    ['oci:tagged:1', '1\n'],
  ] as const) {
    const { code, stdout, stderr } = await run(`tags ${name}`);
    assert.deepEqual([code, stdout], [0, tags]);
    assert.match(stderr, /names one tag; those of all of the repository are listed/);
  }
  const { digest } = world.app.manifest.descriptor;
  assert.equal((await done(`tags REGISTRY/team/app:1.0@${digest}`)).stdout, '1.0\n1.1\nlatest\n');
});

test('CAP-G6: a file to be taken out that no layer holds is told, whatever else changes', async () => {
  const line = 'mutate REGISTRY/team/single:1 -t OTHER/stripped:1 -e A=b --strip-file /root/.npmrc --strip-file etc/*';
  const { stderr } = await done(line);
  assert.deepEqual(stderr.match(/warning: .*/g), ['warning: no layer that was read holds "root/.npmrc"']);
  assert.doesNotMatch((await done(`${line} --strip-file app --rm-layer 0 --dry-run`)).stderr, /holds "app"/);
});
