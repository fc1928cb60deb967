import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as zlib from 'node:zlib';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Published } from '../../src/cli/transfer/changed.ts';
import type { Transferred } from '../../src/cli/transfer/transfer.ts';
import * as types from '../../src/model/media-types.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { manifestFromDocument } from '../../src/store/content.ts';
import { buildArtifact, putBuilt, putImage } from '../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';
import { diffIdOf, viewImage, viewIndex } from '../support/image-view.ts';

let world: World;
let other: World;
let folder: string;

before(async () => {
  world = await openWorld();
  other = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-convert-'));
});
after(async () => {
  await Promise.all([world.close(), other.close()]);
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  world.requests.length = 0;
  other.requests.length = 0;
});

async function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const words = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host).replaceAll('OTHER', other.host));
  const result = await cli(words, { cwd: folder, ...options });
  const neutral = (text: string): string => world.neutral(text).replaceAll(other.host, 'OTHER');
  return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
}

async function done(line: string): Promise<string> {
  const { code, stdout, stderr } = await run(line);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

const isRead = ({ method }: { readonly method: string }): boolean => method === 'HEAD' || method === 'GET';

describe('CAP-G10 CAP-G11: lading convert', () => {
  test('puts an image in other media types, compressed otherwise, under another name', async () => {
    const stdout = await done(
      'convert --format docker --compression none REGISTRY/team/single:1 -t OTHER/single:docker',
    );
    const repository = other.registry.repository('single');
    const { manifest, document, config } = await viewImage(repository, 'docker');
    assert.equal(stdout, `OTHER/single:docker@${manifest.descriptor.digest}\n`);
    assert.equal(manifest.descriptor.mediaType, types.DOCKER_MANIFEST);
    for (const [at, layer] of document.layers.entries()) {
      assert.equal(layer.mediaType, types.DOCKER_LAYER);
      assert.equal(await diffIdOf(repository.blob(layer)), config.rootfs.diff_ids[at]);
    }
    const back = await done(
      'convert OTHER/single:docker --format oci --compression gzip --tag REGISTRY/team/single:back',
    );
    assert.equal(back.split('@')[1], `${world.single.manifest.descriptor.digest}\n`, 'and back it is what it was');
  });

  test('takes every platform, or one; results are as promised, as JSON', async () => {
    assertGolden(
      'convert.json',
      await done('convert --json --format docker REGISTRY/team/app:1.0 -t OTHER/golden/app:1,2'),
    );
    const index = await viewIndex(other.registry.repository('golden/app'), '1');
    assert.equal(index.mediaType, types.DOCKER_LIST);
    assert.ok(index.manifests.every(({ mediaType }) => mediaType === types.DOCKER_MANIFEST));
    await done('convert --compression none --platform linux/arm64 REGISTRY/team/app:1.0 -t OTHER/one:1');
    const [amd64] = (await viewIndex(other.registry.repository('one'), '1')).manifests;
    assert.equal(amd64?.digest, world.app.children[0]?.descriptor.digest);
  });

  test('tells of annotations that are left out', async () => {
    const { stderr } = await run('convert --format docker REGISTRY/team/app:1.0 -t OTHER/noted:1');
    assert.match(stderr, /left out, because docker's media types have no place.*org\.opencontainers\.image\.title/);
  });

  test('sends nothing that is there already, and a dry run nothing at all', async () => {
    await done('convert --dry-run --compression none REGISTRY/team/single:1 -t OTHER/dry:1');
    assert.ok([...world.requests, ...other.requests].every(isRead));
    const told = JSON.parse(
      await done('convert --json --format docker REGISTRY/team/single:1 -t REGISTRY/types:1'),
    ) as Published;
    assert.equal(told.sent.objects, 1, 'the manifest alone');
    assert.equal(told.reused.objects, 3);
  });

  test('CAP-F10: makes ordinary layers of those that are kept elsewhere', async () => {
    const repository = world.registry.repository('foreign');
    const built = await putImage(repository, { layers: [{ files: { a: 'a' } }] });
    const layers = built.manifest.links
      .slice(1)
      .map(({ descriptor }) => ({ ...descriptor, urls: ['http://127.0.0.1:1/x'] }));
    await repository.putManifest(manifestFromDocument({ ...built.manifest.document, layers }), { tags: ['1'] });
    assert.equal(
      await done('convert --rm-urls REGISTRY/foreign:1 -t OTHER/foreign:1'),
      `OTHER/foreign:1@${built.manifest.descriptor.digest}\n`,
    );
  });

  test('says what is missing or cannot be', async () => {
    await putBuilt(world.registry.repository('artifact'), buildArtifact({ artifactType: 'application/x' }), {
      tags: ['1'],
    });
    for (const [line, code, message] of [
      ['REGISTRY/team/single:1 -t x', 2, /not said what .* is to become.*hint: add --format or --compression/],
      ['REGISTRY/team/single:1 --format oci', 2, /not said where.*add --tag/],
      ['REGISTRY/team/single:1 --format v2s1 -t x', 2, /Allowed choices are oci, docker/],
      ['REGISTRY/team/single:1 --compression gzip --compression-level 10 -t x', 2, /10 is no level/],
      ['REGISTRY/artifact:1 --format docker -t x', 2, /no image but an artifact/],
      ['REGISTRY/team/single:9 --format docker -t x', 3, /NOT_FOUND/],
    ] as const) {
      const result = await run(`convert ${line}`);
      assert.match(result.stderr, message);
      assert.equal(result.code, code, result.stderr);
    }
  });

  test('with zstd tells which Node.js can write it', { skip: 'createZstdCompress' in zlib }, async () => {
    const line = 'convert --compression zstd REGISTRY/team/single:1 -t OTHER/x:1';
    const { code, stderr } = await run(line, { here: true });
    assert.equal(code, 7);
    assert.match(stderr, /cannot compress with zstd.*Node\.js 22\.15/);
  });
});

describe('CAP-G10 CAP-G11: copy, pull and push convert on the way', () => {
  test('one image, all of its platforms, some of them', async () => {
    const told = JSON.parse(
      await done('copy --json --format docker --compression none REGISTRY/team/app:1.0 OTHER/copied:1'),
    ) as Transferred;
    assert.equal(told.convertedFrom, world.app.manifest.descriptor.digest);
    const repository = other.registry.repository('copied');
    const index = await viewIndex(repository, '1');
    assert.equal(index.mediaType, types.DOCKER_LIST);
    for (const entry of index.manifests) {
      const { document } = await viewImage(repository, entry);
      assert.deepEqual([...new Set(document.layers.map(({ mediaType }) => mediaType))], [types.DOCKER_LAYER]);
    }
    await done('copy --format docker --platform linux/arm64 REGISTRY/team/app:1.0 OTHER/copied:arm64');
    assert.equal((await repository.resolve('arm64'))?.mediaType, types.DOCKER_MANIFEST);
    await done('copy --all-tags --format docker REGISTRY/team/single OTHER/copied/tags');
    assert.equal((await other.registry.repository('copied/tags').resolve('1'))?.mediaType, types.DOCKER_MANIFEST);
  });

  test('to the disk and from it', async () => {
    await done('pull --compression none REGISTRY/team/single:1 pulled');
    const { document } = await viewImage(directoryStore(path.join(folder, 'pulled')), '1');
    assert.deepEqual([...new Set(document.layers.map(({ mediaType }) => mediaType))], [types.OCI_LAYER]);
    await done('push --compression gzip oci:pulled:1 OTHER/pushed:1');
    const pushed = await other.registry.repository('pushed').resolve('1');
    assert.equal(pushed?.digest, world.single.manifest.descriptor.digest);
  });

  test('and keep the digest of what is so already', async () => {
    const told = JSON.parse(
      await done('copy --json --format oci --compression gzip REGISTRY/team/app:1.0 OTHER/same:1'),
    ) as Transferred;
    assert.equal(told.digest, world.app.manifest.descriptor.digest);
    assert.equal(told.convertedFrom, undefined);
  });

  test('but not what is attached to an image: it is about another digest', async () => {
    const { code, stderr } = await run('copy --referrers --format docker REGISTRY/team/app:1.0 OTHER/x:1');
    assert.equal(code, 2);
    assert.match(stderr, /leave out --referrers/);
    assert.equal((await run('pull --layers dir --format docker REGISTRY/team/single:1')).code, 2);
  });

  test('and what goes with a compression is refused without one', async () => {
    for (const line of [
      'copy --compression-level 3 REGISTRY/team/app:1.0 OTHER/x:1',
      'copy --format docker --compression-level 3 REGISTRY/team/app:1.0 OTHER/x:1',
      'convert --format docker --force REGISTRY/team/app:1.0 -t OTHER/x:1',
    ]) {
      const { code, stderr } = await run(line);
      assert.equal(code, 2, line);
      assert.match(stderr, /go with a compression \(--compression\)/);
    }
  });
});
