import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzip, gzip } from '../../src/bytes/compress.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import { drain, fromArray, readAll } from '../../src/bytes/read.ts';
import { readTar } from '../../src/bytes/tar.ts';
import { validate } from '../../src/graph/validate.ts';
import { parseImageConfig } from '../../src/model/image-config.ts';
import {
  DOCKER_CONFIG,
  DOCKER_LAYER_GZIP,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_EMPTY,
} from '../../src/model/media-types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Content } from '../../src/store/types.ts';
import {
  type Built,
  buildImage,
  buildIndex,
  putArtifact,
  putImage,
  putIndex,
  seededBytes,
  seededContent,
} from '../../src/testing/fixtures.ts';

const whole = (content: Content | undefined): Promise<Uint8Array> => {
  assert.ok(content);
  return readAll(content.open(), 1 << 24, 'content');
};
const files = {
  'etc/': { mode: 0o700 },
  'etc/motd': 'ahoy\n',
  'bin/sh': { type: 'symlink', linkname: 'busybox' },
} as const;

describe('seeded bytes', () => {
  test('are the same for the same seed, and incompressible', async () => {
    assert.deepEqual(seededBytes(1000, 'a'), seededBytes(1000, 'a'));
    assert.notDeepEqual(seededBytes(1000, 'a'), seededBytes(1000, 'b'));
    assert.deepEqual(seededBytes(1000, 7).subarray(0, 10), seededBytes(10, 7));
    const squeezed = await readAll(gzip(fromArray(seededBytes(10_000, 'a'))), 1 << 20, 'gzip');
    assert.ok(squeezed.length > 10_000);
    // head -c 100 /dev/zero | openssl enc -aes-256-ctr -K "$(printf lading | sha256sum | cut -c1-64)" -iv 00 | sha256sum
    const known = 'sha256:88940d5e1b247ffe6ac83585df98a7495dd057366c8f83b1d37f1a6fe638cb7c';
    assert.equal(digestOf(seededBytes(100, 'lading')), known);
  });

  test('are content that is made while it is read, from any byte on', async () => {
    const size = 600_001;
    const content = seededContent(size, 3);
    const bytes = seededBytes(size, 3);
    assert.equal(content.descriptor.digest, digestOf(bytes));
    assert.deepEqual(await whole(content), bytes);
    const window = await readAll(content.open({ start: 262_147, end: 524_299 }), size, 'window');
    assert.deepEqual(window, bytes.subarray(262_147, 524_299));
  });
});

describe('an image made for a test', () => {
  test('has layers that unpack to its files, and diff ids that agree', async () => {
    const { blobs, manifest } = await buildImage({ layers: [{ files }] });
    const [config, layer] = blobs;
    assert.ok(layer);
    const names: string[] = [];
    let motd = '';
    for await (const { name, body, type, mode, linkname } of readTar(gunzip(layer.open()))) {
      names.push(`${type} ${name} ${mode.toString(8)} ${linkname ?? ''}`.trim());
      if (name === 'etc/motd') motd = new TextDecoder().decode(await readAll(body, 100, name));
    }
    assert.deepEqual(names, ['directory etc/ 700', 'file etc/motd 644', 'symlink bin/sh 644 busybox']);
    assert.equal(motd, 'ahoy\n');
    const unpacked = await readAll(gunzip(layer.open()), 1 << 20, 'layer');
    assert.deepEqual(parseImageConfig(await whole(config)).rootfs?.diff_ids, [digestOf(unpacked)]);
    assert.deepEqual(
      manifest.links.map(({ descriptor }) => descriptor.digest),
      blobs.map(({ descriptor }) => descriptor.digest),
    );
  });

  test('is the same every time', async () => {
    const [one, two] = await Promise.all([buildImage({ layers: [{ files }] }), buildImage({ layers: [{ files }] })]);
    assert.equal(one.descriptor.digest, two.descriptor.digest);
  });

  test('is of the docker family where that is asked for', async () => {
    const image = await buildImage({ family: 'docker', layers: [{ files }] });
    assert.equal(image.manifest.descriptor.mediaType, DOCKER_MANIFEST);
    assert.deepEqual(
      image.blobs.map(({ descriptor }) => descriptor.mediaType),
      [DOCKER_CONFIG, DOCKER_LAYER_GZIP],
    );
    assert.equal(buildIndex({ family: 'docker', manifests: [image] }).descriptor.mediaType, DOCKER_LIST);
  });
});

describe('what is put', () => {
  const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
  const images = (): Promise<Built[]> =>
    Promise.all(
      platforms.map((platform) =>
        buildImage({ platform, layers: [{ files }, seededBytes(500, platform.architecture)] }),
      ),
    );

  test('is an index with its platforms, whole', async () => {
    const store = createMemoryStore();
    const index = await putIndex(store, { manifests: await images(), tags: ['1', 'latest'] });
    assert.equal((await store.resolve('latest'))?.digest, index.descriptor.digest);
    const { document } = await store.manifest('1');
    assert.ok('manifests' in document);
    assert.deepEqual(
      document.manifests.map(({ platform }) => platform),
      platforms,
    );
    assert.deepEqual((await validate(store, '1')).problems, []);
    for (const blob of index.children.flatMap(({ blobs }) => blobs)) await drain(store.blob(blob.descriptor).open());
  });

  test('is an artifact that is listed as a referrer of its subject', async () => {
    const store = createMemoryStore();
    const { descriptor: subject } = await putImage(store, { layers: [], tags: ['1'] });
    const artifact = await putArtifact(store, {
      artifactType: 'application/x-log',
      subject,
      blobs: [{ bytes: seededBytes(9, 1) }],
    });
    const empty = await putArtifact(store, { artifactType: 'application/x-mark', subject });
    const listed = [];
    for await (const { digest, artifactType } of store.referrers(subject)) listed.push([digest, artifactType]);
    assert.deepEqual(
      new Map(listed as [string, string][]),
      new Map([artifact, empty].map(({ descriptor }) => [descriptor.digest, descriptor.artifactType])),
    );
    assert.deepEqual(
      empty.manifest.links.map(({ descriptor }) => descriptor.mediaType),
      [OCI_EMPTY, OCI_EMPTY],
    );
  });
});
