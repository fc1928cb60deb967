/**
 * The media types that a conversion claims: skopeo sees them in registries, layouts and archives, the real registry serves them, and the
 * bytes that skopeo fetches are what they say.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import type { ImageIndex, ImageManifest } from '../../src/model/manifest.ts';
import * as types from '../../src/model/media-types.ts';
import { cli } from '../support/cli.ts';
import { newerNode, NO_NEWER_NODE } from '../support/newer-node.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/real/docker-registry.ts';
import { needs } from '../support/real/find-tool.ts';
import { rawManifest } from '../support/real/raw-registry.ts';
import { run } from '../support/real/run.ts';
import { tarDirectory } from '../support/real/tar-files.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { umociMakeImage, umociNewLayout } from '../support/real/umoci.ts';
import { writeIndex } from '../support/real/write-index.ts';

interface Config {
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

let registry: DockerRegistry;
let work: TemporaryDirectory;
let config: Uint8Array;

const named = (word: string): string => word.replaceAll('REGISTRY', registry.host).replaceAll('WORK', work.path);
/** As skopeo calls it. */
const place = (image: string): string => named(image.startsWith('REGISTRY') ? `docker://${image}` : image);
const insecure = (image: string, flag = '--tls-verify=false'): string[] => (image.startsWith('REGISTRY') ? [flag] : []);

async function lading(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await cli(args.map(named), { cwd: work.path });
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
}

function inspect(image: string, ...flags: readonly string[]): Promise<Uint8Array> {
  return run('skopeo', ['inspect', '--raw', ...flags, ...insecure(image), place(image)]);
}

async function raw<T = ImageManifest>(image: string): Promise<T> {
  return JSON.parse(Buffer.from(await inspect(image)).toString()) as T;
}

/** What the registry says of what it serves, before anybody reads it. */
async function served(repository: string, reference: string): Promise<string | undefined> {
  const open = { base: registry.url, ca: undefined, authorization: async () => undefined };
  return (await rawManifest(open, repository, reference))?.descriptor.mediaType;
}

/** The layers as skopeo fetches them. */
async function layersOf(image: string, { layers }: ImageManifest): Promise<Buffer[]> {
  const folder = join(work.path, `fetched-${crypto.randomUUID().slice(0, 8)}`);
  const copying = ['--insecure-policy', 'copy', '--quiet', '--preserve-digests'];
  await run('skopeo', [...copying, ...insecure(image, '--src-tls-verify=false'), place(image), `dir:${folder}`]);
  return Promise.all(layers.map(({ digest }) => readFile(join(folder, digest.replace('sha256:', '')))));
}

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const mediaTypes = {
  docker: {
    manifest: types.DOCKER_MANIFEST,
    config: types.DOCKER_CONFIG,
    gzip: types.DOCKER_LAYER_GZIP,
    none: types.DOCKER_LAYER,
  },
  oci: { manifest: types.OCI_MANIFEST, config: types.OCI_CONFIG, gzip: types.OCI_LAYER_GZIP, none: types.OCI_LAYER },
} as const;

describe('media types', needs('docker-registry', 'skopeo', 'umoci', 'tar'), () => {
  before(async () => {
    work = await temporaryDirectory('media-types');
    registry = await startDockerRegistry();
    const layout = join(work.path, 'layout');
    await umociNewLayout(layout);
    const layers = await Promise.all(['one', 'two'].map(packed));
    for (const architecture of ['amd64', 'arm64']) {
      await umociMakeImage(`${layout}:${architecture}`, { architecture, layers });
    }
    const platforms = ['amd64', 'arm64'].map((architecture) => ({ tag: architecture, architecture }));
    await writeIndex(layout, 'all', platforms);
    config = await inspect('oci:WORK/layout:amd64', '--config');
  });
  after(async () => {
    await registry?.stop();
    await work?.remove();
  });

  for (const format of ['docker', 'oci'] as const) {
    for (const compression of ['none', 'gzip'] as const) {
      const how = ['--format', format, '--compression', compression];
      const name = `${format}-${compression}`;
      // By a name skopeo finds nothing but manifests of OCI in a layout: these have one image each.
      for (const image of [`REGISTRY/${format}:${compression}`, `oci:WORK/${name}`, `oci-archive:WORK/${name}.tar`]) {
        test(`CAP-G10 CAP-G11: ${image} is what ${how.join(' ')} says`, async () => {
          // What each comes from is of the other family, and compressed otherwise.
          const other = `oci:WORK/other-${crypto.randomUUID()}:1`;
          await lading('convert', ...otherwise(format, compression), 'oci:layout:amd64', '--tag', other);
          const verb = image.startsWith('oci-archive') ? ['convert', other, '--tag', image] : ['copy', other, image];
          await lading(...verb, ...how);
          const manifest = await raw(image);
          const { mediaType, config: own, layers } = manifest;
          const expected = mediaTypes[format];
          assert.deepEqual([mediaType, own.mediaType], [expected.manifest, expected.config]);
          assert.deepEqual([...new Set(layers.map((layer) => layer.mediaType))], [expected[compression]]);
          assert.equal(own.digest, sha256(config));
          assert.ok(Buffer.from(await inspect(image, '--config')).equals(config), 'the config is another one');
          const { rootfs } = JSON.parse(Buffer.from(config).toString()) as Config;
          const plain = (await layersOf(image, manifest)).map((bytes) =>
            compression === 'gzip' ? gunzipSync(bytes) : bytes,
          );
          assert.deepEqual(plain.map(sha256), rootfs.diff_ids);
          if (image.startsWith('REGISTRY')) assert.equal(await served(format, compression), expected.manifest);
        });
      }
    }

    test(`CAP-G11 CAP-G10: an index is one of ${format}, with all that is in it`, async () => {
      const indexes = { docker: types.DOCKER_LIST, oci: types.OCI_INDEX };
      const other = format === 'oci' ? 'docker' : 'oci';
      await lading('copy', '--format', other, 'oci:layout:all', `REGISTRY/index-of-${other}:1`);
      await lading(
        'copy',
        '--format',
        format,
        '--compression',
        'none',
        `REGISTRY/index-of-${other}:1`,
        'REGISTRY/all:1',
      );
      const { mediaType, manifests } = await raw<ImageIndex>('REGISTRY/all:1');
      assert.equal(mediaType, indexes[format]);
      assert.equal(await served('all', '1'), indexes[format]);
      assert.deepEqual(
        manifests.map(({ platform }) => platform?.architecture),
        ['amd64', 'arm64'],
      );
      for (const child of manifests) {
        assert.equal(child.mediaType, mediaTypes[format].manifest);
        assert.equal(await served('all', child.digest), child.mediaType);
        const { layers } = await raw(`REGISTRY/all@${child.digest}`);
        assert.deepEqual([...new Set(layers.map((layer) => layer.mediaType))], [mediaTypes[format].none]);
      }
    });
  }

  test('CAP-G10: zstd, written by a newer Node.js, is what skopeo sees and unpacks', async (t) => {
    const node = await newerNode();
    if (node === undefined) return t.skip(NO_NEWER_NODE);
    const command = ['--import', 'tsx', '-C', 'source', 'src/cli/main.ts', 'convert', '--quiet'];
    const newer = (...args: readonly string[]): Promise<unknown> =>
      promisify(execFile)(node, [...command, ...args.map(named)], { env: { PATH: process.env.PATH } });
    const [first, ...others] = ['REGISTRY/zstd:1', 'oci:WORK/zstd:1', 'oci-archive:WORK/zstd.tar:1'];
    await newer('--compression', 'zstd', 'oci:WORK/layout:amd64', '--tag', first);
    for (const image of others) await lading('copy', first, image);
    for (const image of [first, ...others]) {
      const { config: own, layers } = await raw(image);
      assert.equal(own.digest, sha256(config));
      assert.deepEqual([...new Set(layers.map(({ mediaType }) => mediaType))], [types.OCI_LAYER_ZSTD]);
    }
    const { rootfs } = JSON.parse(Buffer.from(config).toString()) as Config;
    const plain = join(work.path, 'unpacked');
    const copying = ['--insecure-policy', 'copy', '--quiet', '--src-tls-verify=false', '--dest-decompress'];
    await run('skopeo', [...copying, place(first), `dir:${plain}`]);
    for (const diffId of rootfs.diff_ids) {
      assert.equal(sha256(await readFile(join(plain, diffId.replace('sha256:', '')))), diffId);
    }
    await assert.rejects(
      newer('--compression', 'zstd', '--format', 'docker', 'oci:WORK/layout:amd64', '--tag', 'oci:WORK/no:1'),
      (error: Error & { code?: number; stderr?: string }) =>
        error.code === 7 && /docker's media types have none/.test(error.stderr ?? ''),
    );
  });
});

function otherwise(format: keyof typeof mediaTypes, compression: 'gzip' | 'none'): string[] {
  const other = { docker: 'oci', oci: 'docker', gzip: 'none', none: 'gzip' } as const;
  return ['--format', other[format], '--compression', other[compression]];
}

/** A layer with a file of that name. */
async function packed(name: string): Promise<string> {
  const folder = join(work.path, name);
  await mkdir(folder);
  await writeFile(join(folder, name), `${name}\n`.repeat(1000));
  await tarDirectory(folder, `${folder}.tar`);
  return `${folder}.tar`;
}
