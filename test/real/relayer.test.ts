/** Real images with their layers written anew: umoci unpacks them to the tree that they were, skopeo sees the media types that we claim. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import type { ChangedLayers } from '../../src/image/change/change-layers.ts';
import { removeLayers } from '../../src/image/change/remove-layers.ts';
import { setTimes } from '../../src/image/change/times.ts';
import type { ImageIndex, ImageManifest } from '../../src/model/manifest.ts';
import * as types from '../../src/model/media-types.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { spoolToDisk } from '../../src/node/files/spool.ts';
import { cli } from '../support/cli.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/real/docker-registry.ts';
import { assertSameTree, type FileFacts, fileFacts } from '../support/real/file-facts.ts';
import { needs } from '../support/real/find-tool.ts';
import { imageTools, realImages } from '../support/real/images.ts';
import { makeMergedImage } from '../support/real/merged-image.ts';
import { run, runText } from '../support/real/run.ts';
import { skopeoCopy, skopeoInspectRaw } from '../support/real/skopeo.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { umociUnpack } from '../support/real/umoci.ts';

type Tree = ReadonlyMap<string, FileFacts>;
type Family = 'oci' | 'docker';

let registry: DockerRegistry;
let work: TemporaryDirectory;
let layout: string;
let expected: Tree;

const place = (name: string): string =>
  join(work.path, `${name.replaceAll(/\W/g, '-')}-${crypto.randomUUID().slice(0, 8)}`);

/** The tree of an image in a layout, once umoci has checked every digest and diff id. */
async function treeOf(image: `${string}:${string}`): Promise<Tree> {
  const bundle = place('bundle');
  await umociUnpack(image, bundle);
  return fileFacts(join(bundle, 'rootfs'));
}

/** The tree of an image in the registry, which skopeo fetches, as OCI. */
async function pulledTree(reference: string, family: Family): Promise<Tree> {
  const pulled = place(reference);
  const convert = family === 'docker' ? ({ format: 'oci' } as const) : {};
  await skopeoCopy({ registry, reference }, `oci:${pulled}:1`, convert);
  return treeOf(`${pulled}:1`);
}

async function lading(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(args.map((word) => word.replaceAll('REGISTRY', registry.host)));
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** The document that skopeo gets. */
async function raw<T = ImageManifest>(reference: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await skopeoInspectRaw(registry, reference))) as T;
}

async function diffIds(reference: string): Promise<readonly string[]> {
  const name = `docker://${registry.host}/${reference}`;
  const config = await runText('skopeo', ['inspect', '--tls-verify=false', '--config', name]);
  return (JSON.parse(config) as { rootfs: { diff_ids: string[] } }).rootfs.diff_ids;
}

/** Keeps what came of a change in the layout. */
async function keep(tag: string, change: Promise<ChangedLayers>): Promise<`${string}:${string}`> {
  const { source, root, close } = await change;
  await copy(source, root, directoryStore(layout), { tags: [tag] });
  await close();
  return `${layout}:${tag}`;
}

describe('real images with their layers written anew', needs('docker-registry', 'skopeo', ...imageTools), () => {
  before(async () => {
    work = await temporaryDirectory('relayer');
    layout = join(work.path, 'layout');
    await makeMergedImage(layout, '1', work.path);
    expected = await treeOf(`${layout}:1`);
    registry = await startDockerRegistry();
    await skopeoCopy(`oci:${layout}:1`, { registry, reference: 'base/oci:1' });
    await skopeoCopy(`oci:${layout}:1`, { registry, reference: 'base/docker:1' }, { format: 'v2s2' });
  });
  after(async () => {
    await registry?.stop();
    await work?.remove();
  });

  for (const family of ['oci', 'docker'] as const) {
    test(`CAP-G7: flattened, an image of one layer unpacks to the same tree (${family})`, async () => {
      await lading('flatten', `REGISTRY/base/${family}:1`, '--tag', `REGISTRY/flat/${family}:1`);
      const [before, flat] = [await raw(`base/${family}:1`), await raw(`flat/${family}:1`)];
      assert.equal(flat.layers.length, 1);
      assert.equal(flat.mediaType, before.mediaType);
      assert.equal(flat.layers[0]?.mediaType, before.layers[0]?.mediaType);
      assertSameTree(await pulledTree(`flat/${family}:1`, family), expected, 'flattened');
    });
  }

  for (const [from, to, compression, mediaTypes] of [
    ['oci', 'docker', 'none', [types.DOCKER_MANIFEST, types.DOCKER_CONFIG, types.DOCKER_LAYER]],
    ['oci', 'docker', 'gzip', [types.DOCKER_MANIFEST, types.DOCKER_CONFIG, types.DOCKER_LAYER_GZIP]],
    ['docker', 'oci', 'none', [types.OCI_MANIFEST, types.OCI_CONFIG, types.OCI_LAYER]],
    ['docker', 'oci', 'gzip', [types.OCI_MANIFEST, types.OCI_CONFIG, types.OCI_LAYER_GZIP]],
  ] as const) {
    test(`CAP-G10 CAP-G11: converted, it unpacks to the same tree (${from} to ${to}, ${compression})`, async () => {
      const target = `converted/${to}-${compression}:1`;
      const how = ['--format', to, '--compression', compression];
      await lading('convert', ...how, `REGISTRY/base/${from}:1`, '--tag', `REGISTRY/${target}`);
      const { mediaType, config, layers } = await raw(target);
      assert.deepEqual([mediaType, config.mediaType, ...new Set(layers.map((layer) => layer.mediaType))], mediaTypes);
      assert.deepEqual(await diffIds(target), await diffIds(`base/${from}:1`));
      // umoci reads gzip alone, or plain archives of OCI's media types.
      assertSameTree(await pulledTree(target, to), expected, 'converted');
    });
  }

  test('CAP-G10: what skopeo compressed with zstd is compressed with gzip', async () => {
    const [plain, packed] = [place('plain'), place('zstd')];
    await lading('copy', '--compression', 'none', `oci:${layout}:1`, `oci:${plain}:1`);
    const how = ['--dest-compress', '--dest-compress-format', 'zstd'];
    await run('skopeo', ['--insecure-policy', 'copy', '--quiet', ...how, `oci:${plain}:1`, `oci:${packed}:1`]);
    const store = directoryStore(packed);
    const { document } = await store.manifest('1');
    assert.ok((document as ImageManifest).layers.every(({ mediaType }) => mediaType === types.OCI_LAYER_ZSTD));
    await lading('copy', '--compression', 'gzip', `oci:${packed}:1`, `oci:${packed}:gzip`);
    assertSameTree(await treeOf(`${packed}:gzip`), expected, 'from zstd to gzip');
  });

  test('CAP-G11: an index is converted with all of its images', async () => {
    const { layout: images } = await realImages();
    await lading('copy', '--format', 'docker', `oci:${images}:platforms`, 'REGISTRY/index:docker');
    await lading('copy', '--format', 'oci', 'REGISTRY/index:docker', 'REGISTRY/index:oci');
    const [before, list, index] = [
      JSON.parse(await runText('skopeo', ['inspect', '--raw', `oci:${images}:platforms`])) as ImageIndex,
      await raw<ImageIndex>('index:docker'),
      await raw<ImageIndex>('index:oci'),
    ];
    assert.equal(list.mediaType, types.DOCKER_LIST);
    assert.deepEqual([...new Set(list.manifests.map(({ mediaType }) => mediaType))], [types.DOCKER_MANIFEST]);
    assert.equal(index.mediaType, types.OCI_INDEX);
    const platforms = before.manifests.map(({ platform }) => platform);
    assert.deepEqual(
      list.manifests.map(({ platform }) => platform),
      platforms,
    );
    assert.deepEqual(
      index.manifests.map(({ platform }) => platform),
      platforms,
    );
  });

  test('CAP-G9: with its times held to a latest one it is the same tree, and nothing in it is later', async () => {
    const clamp = new Date(1_620_000_000_000);
    const image = await keep('clamped', setTimes(directoryStore(layout), '1', { clamp, spool: spoolToDisk() }));
    const early = (tree: Tree): Tree =>
      new Map([...tree].map(([path, facts]) => [path, { ...facts, mtime: Math.min(facts.mtime, clamp.getTime()) }]));
    const tree = await treeOf(image);
    assertSameTree(tree, early(expected), 'clamped');
    assert.ok([...expected.values()].some(({ mtime }) => mtime > clamp.getTime()));
  });

  test('CAP-G6: without a file it is the tree without that file', async () => {
    const gone = 'usr/share/keep';
    const options = { file: gone, spool: spoolToDisk() };
    const tree = await treeOf(await keep('stripped', removeLayers(directoryStore(layout), '1', options)));
    const left = [...expected].filter(([path]) => path !== gone && !path.startsWith(`${gone}/`));
    assert.ok(left.length < expected.size);
    assertSameTree(tree, new Map(left), 'stripped');
  });

  test('CAP-G8: on another base it has that one’s files, and its own', async () => {
    const { layout: images } = await realImages();
    const own = join(work.path, 'third.tar');
    const [old, next] = ['platforms-amd64', 'busybox'].map((tag) => `oci:${images}:${tag}`);
    await lading('append', old ?? '', own, '--tag', `oci:${layout}:app`);
    await lading(
      'rebase',
      '--old-base',
      old ?? '',
      '--new-base',
      next ?? '',
      '--tag',
      `oci:${layout}:rebased`,
      `oci:${layout}:app`,
    );
    const bundle = place('rebased');
    await umociUnpack(`${layout}:rebased`, bundle);
    const files = await fileFacts(join(bundle, 'rootfs'));
    assert.ok(files.has('bin/busybox') && !files.has('architecture'), 'which only the old one had');
    assert.equal(await readFile(join(bundle, 'rootfs/usr/bin/busybox'), 'utf8'), 'another one');
  });
});
