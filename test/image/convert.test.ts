import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as zlib from 'node:zlib';
import { type Compression, compressionOf } from '../../src/bytes/decompress.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import { concat, readAll } from '../../src/bytes/read.ts';
import { compressLayer } from '../../src/image/layer/compress.ts';
import { convert, type Converted, type ConvertOptions } from '../../src/image/change/convert.ts';
import type { Annotations } from '../../src/model/descriptor.ts';
import type { ImageManifest } from '../../src/model/manifest.ts';
import * as types from '../../src/model/media-types.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import type { Store } from '../../src/store/types.ts';
import { type Built, buildImage, type Family, seededBytes } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { bytesOf, diffIdOf, type ImageView, viewImage } from '../support/image-view.ts';
import { stored } from '../support/images-to-change.ts';
import { countedSpool, published, publishedImage } from '../support/relayered.ts';
import { storedZstd } from '../support/stored-zstd.ts';

const writesZstd = 'createZstdCompress' in zlib;
const annotations: Annotations = { 'org.example.a': 'b' };

function image(family: Family, more: object = {}): Promise<Built> {
  const layers = [
    { files: { base: 'base'.repeat(1000) } },
    { files: { app: 'app'.repeat(1000) }, compression: 'none' as const },
  ];
  return buildImage({ layers, family, config: { 'x-own': 1 } as object, ...more });
}

/** An image whose first layer is compressed with zstd. */
async function zstdImage(family: Family = 'oci'): Promise<Built> {
  const plain = { files: { base: 'base'.repeat(1000) }, compression: 'none' as const };
  const built = await buildImage({ layers: [plain, { files: { app: 'app' } }], family });
  const [config, base, app] = built.blobs;
  assert.ok(config && base && app);
  const packed = contentFrom(storedZstd(await bytesOf(base)), types.OCI_LAYER_ZSTD);
  const layers = [packed.descriptor, app.descriptor];
  const manifest = manifestFromDocument({ ...built.manifest.document, layers });
  return { ...built, manifest, blobs: [config, packed, app] };
}

/** With a document of another kind. */
function withDocument(built: Built, change: (document: ImageManifest) => object): Built {
  return { ...built, manifest: manifestFromDocument(change(built.manifest.document as ImageManifest)) };
}

async function converted(base: Store, options: ConvertOptions): Promise<{ store: Store; view: ImageView }> {
  const store = await published(convert(base, '1', options));
  return { store, view: await viewImage(store, '2') };
}

/** What the bytes of the layers show, and what they unpack to. */
async function compressions(store: Store, { document, config }: ImageView): Promise<readonly Compression[]> {
  const seen: Compression[] = [];
  for (const [at, layer] of document.layers.entries()) {
    seen.push(compressionOf(await bytesOf(store.blob(layer))));
    assert.equal(await diffIdOf(store.blob(layer)), config.rootfs.diff_ids[at], 'the diff id is as it was');
  }
  return seen;
}

const mediaTypes = ({ document }: ImageView): readonly (string | undefined)[] => [
  document.mediaType,
  document.config.mediaType,
  ...document.layers.map(({ mediaType }) => mediaType),
];
const allOf = {
  oci: [types.OCI_MANIFEST, types.OCI_CONFIG, types.OCI_LAYER_GZIP, types.OCI_LAYER],
  docker: [types.DOCKER_MANIFEST, types.DOCKER_CONFIG, types.DOCKER_LAYER_GZIP, types.DOCKER_LAYER],
} as const;

describe('CAP-G11: the media types of an image', () => {
  for (const [from, to] of [
    ['oci', 'docker'],
    ['docker', 'oci'],
  ] as const) {
    test(`become those of the other family, and all bytes stay (${from} to ${to})`, async () => {
      const built = await image(from);
      const base = await stored(built);
      const was = await viewImage(base, '1');
      const { view } = await converted(base, { family: to });
      assert.deepEqual(mediaTypes(was), allOf[from]);
      assert.deepEqual(mediaTypes(view), allOf[to]);
      assert.equal(view.manifest.descriptor.mediaType, allOf[to][0]);
      assert.deepEqual(view.configBytes, was.configBytes);
      assert.deepEqual(
        view.document.layers.map(({ digest }) => digest),
        was.document.layers.map(({ digest }) => digest),
      );
      const { view: back } = await converted(await stored({ ...built, manifest: view.manifest }), { family: from });
      assert.equal(back.manifest.descriptor.digest, built.descriptor.digest, 'and back again it is what it was');
    });
  }

  test('stay where they are so already: the digest does, too', async () => {
    const built = await image('oci', { annotations });
    const untold = withDocument(built, (document) => ({ ...document, mediaType: undefined }));
    for (const one of [built, untold]) {
      const same = await convert(await stored(one), '1', { family: 'oci', compression: undefined });
      assert.equal(same.root.digest, one.manifest.descriptor.digest);
      assert.deepEqual(same.images, []);
    }
    const typed = await publishedImage(convert(await stored(untold), '1', { family: 'docker' }));
    assert.equal(Object.keys(typed.document).indexOf('mediaType'), 1);
  });

  test('of docker have no place for annotations, which are told', async () => {
    const built = withDocument(await image('oci', { annotations }), (document) => ({
      ...document,
      layers: document.layers.map((layer) => ({ ...layer, annotations: { 'org.example.layer': '1' } })),
    }));
    const base = await stored(built);
    const change = await convert(base, '1', { family: 'docker' });
    assert.deepEqual(change.lostAnnotations, ['org.example.a', 'org.example.layer']);
    const { document } = await publishedImage(Promise.resolve(change));
    assert.ok(!JSON.stringify(document).includes('annotations'));
    assert.deepEqual((await convert(base, '1', { family: 'oci' })).lostAnnotations, []);
  });

  test('of docker have no place for a subject, artifact types, zstd and encrypted layers', async () => {
    const built = await image('oci');
    const { descriptor } = built.manifest;
    const encrypted = 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted';
    const refused = [
      withDocument(built, (document) => ({ ...document, subject: descriptor })),
      withDocument(built, (document) => ({ ...document, artifactType: 'application/x' })),
      withDocument(built, (document) => ({
        ...document,
        layers: document.layers.map((layer) => ({ ...layer, mediaType: encrypted })),
      })),
      await zstdImage(),
    ];
    for (const one of refused) {
      await rejection('UNSUPPORTED', convert(await stored(one), '1', { family: 'docker' }));
      assert.equal((await convert(await stored(one), '1', { family: 'oci' })).images.length, 0);
    }
    const error = await rejection('UNSUPPORTED', convert(await stored(await zstdImage()), '1', { family: 'docker' }));
    assert.match(`${error.message} ${error.hint}`, /zstd.*gzip/);
  });
});

describe('CAP-G10: the compression of layers', () => {
  test('changes where it is another, and what they unpack to never does', async () => {
    const built = await image('oci');
    const [, first, second] = built.blobs;
    for (const [compression, kept] of [
      ['gzip', first],
      ['none', second],
    ] as const) {
      const base = await stored(built);
      const { store, view } = await converted(base, { compression });
      assert.deepEqual(await compressions(store, view), [compression, compression]);
      assert.deepEqual(view.configBytes, await bytesOf(built.blobs[0] ?? assert.fail()));
      assert.ok(
        view.document.layers.some(({ digest }) => digest === kept?.descriptor.digest),
        'one was so already',
      );
    }
    const { store, view } = await converted(await stored(await zstdImage()), { compression: 'none', family: 'docker' });
    assert.deepEqual(await compressions(store, view), ['none', 'none']);
    assert.deepEqual(mediaTypes(view).slice(2), [types.DOCKER_LAYER, types.DOCKER_LAYER]);
  });

  test('is the same every time, and by its level', async () => {
    const base = await stored(await image('oci'));
    const digests = [];
    for (const level of [1, 1, 9]) {
      digests.push(
        (await converted(base, { compression: 'gzip', level, force: true })).view.manifest.descriptor.digest,
      );
    }
    assert.equal(digests[0], digests[1]);
    assert.notEqual(digests[1], digests[2]);
    const unforced = await convert(base, '1', { compression: 'gzip', level: 9 });
    assert.equal(
      (await viewImage(unforced.source, unforced.root)).document.layers[0]?.digest,
      (await image('oci')).blobs[1]?.descriptor.digest,
    );
    await rejection('USAGE', convert(base, '1', { compression: 'gzip', level: 10 }));
    await rejection('USAGE', convert(base, '1', { compression: 'none', level: 1 }));
  });

  test('is the same however the archive comes in pieces', async () => {
    const archive = concat([seededBytes(300_000, 'a'), new Uint8Array(300_000), seededBytes(700_000, 'b')]);
    for (const compression of writesZstd ? (['gzip', 'zstd'] as const) : (['gzip'] as const)) {
      const digests = new Set<string>();
      for (const size of [511, 65_537, archive.length]) {
        const pieces = async function* (): AsyncGenerator<Uint8Array> {
          for (let at = 0; at < archive.length; at += size) yield archive.subarray(at, at + size);
        };
        digests.add(digestOf(await readAll(compressLayer(pieces(), compression), 1 << 24, 'layer')));
      }
      assert.equal(digests.size, 1, compression);
    }
  });

  test('leaves no annotation that tells of the bytes that were', async () => {
    const told = { 'io.github.containers.zstd-chunked.manifest-checksum': 'x', 'org.example.keep': 'y' };
    const built = withDocument(await zstdImage(), (document) => ({
      ...document,
      layers: document.layers.map((layer) => ({ ...layer, annotations: told })),
    }));
    const { view } = await converted(await stored(built), { compression: 'gzip' });
    assert.deepEqual(view.document.layers[0]?.annotations, { 'org.example.keep': 'y' });
    assert.deepEqual(view.document.layers[1]?.annotations, told, 'that layer is what it was');
  });

  test('is not changed of layers that are not what the config says', async () => {
    const built = await image('oci');
    const [config, first, second] = built.blobs;
    assert.ok(config && first && second);
    const crossed = withDocument(built, (document) => ({ ...document, layers: document.layers.toReversed() }));
    const spool = countedSpool();
    await rejection('DIGEST_MISMATCH', convert(await stored(crossed), '1', { compression: 'gzip', ...spool }));
    assert.equal(spool.open(), 0);
  });

  test('with zstd needs a newer Node.js, which is told before anything is read', { skip: writesZstd }, async () => {
    const built = await image('oci');
    const store = await stored(built);
    const source: Store = { ...store, manifest: () => assert.fail('read') };
    const error = await rejection('UNSUPPORTED', convert(source, '1', { compression: 'zstd' }));
    assert.match(error.hint ?? '', /Node\.js 22\.15/);
  });

  test('with zstd is written where the runtime can, for OCI only', { skip: !writesZstd }, async () => {
    const { store, view } = await converted(await stored(await image('docker')), {
      compression: 'zstd',
      family: 'oci',
    });
    assert.deepEqual(await compressions(store, view), ['zstd', 'zstd']);
    assert.deepEqual(mediaTypes(view).slice(2), [types.OCI_LAYER_ZSTD, types.OCI_LAYER_ZSTD]);
    await rejection('UNSUPPORTED', convert(await stored(await image('docker')), '1', { compression: 'zstd' }));
  });
});

describe('CAP-F10: layers that are kept elsewhere', () => {
  const urls = ['https://example.com/base'];

  /** The first layer is foreign, and the store has it all the same. */
  async function foreignImage(family: Family): Promise<Built> {
    const mediaType =
      family === 'docker' ? types.DOCKER_FOREIGN_LAYER : 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
    return withDocument(await image(family), (document) => ({
      ...document,
      layers: document.layers.map((layer, at) => (at === 0 ? { ...layer, mediaType, urls } : layer)),
    }));
  }

  test('stay so in the other family, and keep their bytes', async () => {
    for (const [from, to] of [
      ['oci', 'docker'],
      ['docker', 'oci'],
    ] as const) {
      const built = await foreignImage(from);
      const { view } = await converted(await stored(built), { family: to, compression: 'none' });
      assert.deepEqual(view.document.layers[0], (await foreignImage(to)).manifest.links[1]?.descriptor);
    }
  });

  test('become ordinary ones, which a copy takes along', async () => {
    const built = await foreignImage('oci');
    const base = await stored(built);
    const change: Converted = await convert(base, '1', { removeUrls: true });
    const { document } = await publishedImage(Promise.resolve(change));
    assert.deepEqual(
      document.layers,
      (await image('oci')).manifest.links.slice(1).map(({ descriptor }) => descriptor),
    );
    const { store, view } = await converted(base, { removeUrls: true, compression: 'none', family: 'docker' });
    assert.deepEqual(await compressions(store, view), ['none', 'none']);
    assert.deepEqual(mediaTypes(view).slice(2), [types.DOCKER_LAYER, types.DOCKER_LAYER]);
    assert.ok(view.document.layers.every((layer) => layer.urls === undefined));
  });
});
