import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { type ArtifactOptions, describedAs, packArtifact, TITLE, UNPACK } from '../../src/image/attached/artifact.ts';
import { artifactFiles } from '../../src/image/attached/artifact-files.ts';
import { cleanTitle } from '../../src/image/attached/artifact-title.ts';
import type { ImageManifest } from '../../src/model/manifest.ts';
import type { Content } from '../../src/store/types.ts';
import { contentFrom } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { buildArtifact, buildImage, buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import { all } from '../../src/testing/samples.ts';
import { failure, rejection } from '../support/failure.ts';

const EMPTY = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function file(title: string, content = title, mediaType = 'text/plain'): Content {
  return contentFrom(text(content), mediaType, { annotations: { [TITLE]: title } });
}

describe('CAP-I1: files as an artifact', () => {
  test('are the layers of a manifest that says what it is', () => {
    const { manifest, root } = packArtifact([file('b'), file('a')], {
      artifactType: 'application/vnd.example',
      annotations: { z: '1', a: '2' },
    });
    const [b, a] = [file('b'), file('a')];
    assert.deepEqual(JSON.parse(new TextDecoder().decode(manifest.bytes)), {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactType: 'application/vnd.example',
      config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: EMPTY, size: 2 },
      layers: [b.descriptor, a.descriptor],
      annotations: { a: '2', z: '1' },
    });
    assert.equal(root.digest, manifest.descriptor.digest);
    assert.equal(root.artifactType, 'application/vnd.example');
  });

  test('are published by a copy, and attached to what they name', async () => {
    const store = createMemoryStore();
    const image = await putBuilt(store, await buildImage({ layers: [] }));
    const { source, root } = packArtifact([file('a')], { subject: { ...image.descriptor, annotations: { x: 'y' } } });
    await copy(source, root, store, { tags: ['files'] });
    const manifest = await store.manifest('files');
    assert.deepEqual(manifest.subject, image.manifest.descriptor, 'nothing but what names the content');
    assert.deepEqual(await all(store.referrers(image.descriptor)), [root]);
  });

  test('that are none are the empty layer, and of no type the one of oras', async () => {
    const { manifest, source, root } = packArtifact([], { annotations: { a: 'b' } });
    const { config, layers, artifactType } = manifest.document as ImageManifest;
    assert.deepEqual(layers, [config]);
    assert.equal(artifactType, 'application/vnd.unknown.artifact.v1');
    await copy(source, root, createMemoryStore());
  });

  test('with a config of their own need no type', () => {
    const config = contentFrom(text('{"a":1}'), 'application/vnd.example.config');
    const { manifest, root } = packArtifact([file('a')], { config });
    assert.equal('artifactType' in manifest.document, false);
    assert.equal(root.artifactType, undefined);
    assert.equal(manifest.links[0]?.descriptor.mediaType, 'application/vnd.example.config');
  });

  test('are the same digest whenever they are packed, and whatever order annotations come in', () => {
    const annotated = (annotations: Record<string, string>): Content => describedAs(file('a'), { annotations });
    const one = packArtifact([annotated({ y: '1', b: '2' })], { annotations: { y: '1', b: '2' } });
    const other = packArtifact([annotated({ b: '2', y: '1' })], { annotations: { b: '2', y: '1' } });
    assert.equal(one.root.digest, other.root.digest);
    assert.doesNotMatch(new TextDecoder().decode(one.manifest.bytes), /created/);
    const created = '2024-05-06T07:08:09Z';
    const { document } = packArtifact([], { created }).manifest;
    assert.deepEqual(document.annotations, { 'org.opencontainers.image.created': created });
  });

  test('are refused where nobody could pull them, or a registry would refuse them', () => {
    const cases: readonly (readonly [readonly Content[], ArtifactOptions])[] = [
      [[file('a', 'x', 'text')], {}],
      [[file('a', 'x', 'text/plain; charset=utf-8')], {}],
      [[], { artifactType: 'sbom' }],
      [[], { artifactType: '' }],
      [[], { created: 'today' }],
      [[file('a'), file('./a')], {}],
      [[file('../a')], {}],
      [[file('.')], {}],
      [[], { config: contentFrom(text('{}'), 'json') }],
    ];
    for (const [files, options] of cases) failure('USAGE', () => packArtifact(files, options));
    const directory = describedAs(file('.'), { annotations: { [UNPACK]: 'true' } });
    assert.equal(packArtifact([directory]).manifest.links.length, 2);
  });

  test('have titles that are relative paths, cleaned, and nothing else', () => {
    for (const [title, path] of [
      ['a', 'a'],
      ['./a//b/', 'a/b'],
      ['a/./b', 'a/b'],
      ['.', ''],
      ['..a/b..', '..a/b..'],
      ['a\\b', 'a\\b'],
      ['日本/ß', '日本/ß'],
    ]) {
      assert.equal(cleanTitle(title ?? ''), path);
    }
    const bad = [
      '',
      '/',
      '/a',
      '..',
      '../a',
      'a/..',
      'a/../b',
      'a/../../b',
      './..',
      'a\0b',
      'x'.repeat(5000),
      'é'.repeat(128),
    ];
    for (const title of bad) assert.equal(cleanTitle(title), undefined, title);
  });
});

describe('CAP-I1: the files of an artifact', () => {
  test('are its layers but the empty one, titled or not', async () => {
    const store = createMemoryStore();
    const { source, root } = packArtifact([file('a'), contentFrom(text('x'), 'text/plain')]);
    await copy(source, root, store, { tags: ['1'] });
    const { files } = await artifactFiles(store, '1');
    assert.deepEqual(
      files.map(({ title, descriptor }) => [title, descriptor.size]),
      [
        ['a', 1],
        [undefined, 1],
      ],
    );
    const empty = packArtifact([]);
    assert.deepEqual((await artifactFiles(empty.source, empty.root)).files, []);
  });

  test('are those of all in an index, or of the one for a platform', async () => {
    const store = createMemoryStore();
    const artifacts = ['amd64', 'arm64'].map((architecture) => {
      const annotations = { [TITLE]: architecture };
      const built = buildArtifact({ artifactType: 'x/y', blobs: [{ bytes: text(architecture), annotations }] });
      return { ...built, descriptor: { ...built.descriptor, platform: { os: 'linux', architecture } } };
    });
    await putBuilt(store, buildIndex({ manifests: artifacts }), { tags: ['1'] });
    const titles = async (options?: Parameters<typeof artifactFiles>[2]): Promise<unknown[]> =>
      (await artifactFiles(store, '1', options)).files.map(({ title }) => title);
    assert.deepEqual(await titles(), ['amd64', 'arm64']);
    assert.deepEqual(await titles({ platform: { os: 'linux', architecture: 'arm64' } }), ['arm64']);
  });

  test('are those of what it is attached to, too, where that is wanted; not without end', async () => {
    const store = createMemoryStore();
    let packed = packArtifact([file('0')]);
    for (let at = 1; at <= 9; at++) {
      await copy(packed.source, packed.root, store, { tags: [String(at)] });
      packed = packArtifact([file(String(at))], { subject: packed.root });
    }
    const { files } = await artifactFiles(store, '3', { includeSubject: true });
    assert.deepEqual(
      files.map(({ title }) => title),
      ['2', '1', '0'],
    );
    assert.equal((await artifactFiles(store, '3')).files.length, 1);
    await copy(packed.source, packed.root, store, { tags: ['last'] });
    await rejection('LIMIT', artifactFiles(store, 'last', { includeSubject: true }));
    await rejection('NOT_FOUND', artifactFiles(store, 'absent'));
  });
});
