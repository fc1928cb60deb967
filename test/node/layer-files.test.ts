import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import type { Digest } from '../../src/model/digest.ts';
import type { Manifest } from '../../src/model/manifest.ts';
import { keepManifest, keptManifest } from '../../src/node/layers/kept-manifest.ts';
import { pullLayers, pushLayers } from '../../src/node/layers/layer-files.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { overlay } from '../../src/store/overlay.ts';
import type { Source } from '../../src/store/types.ts';
import { type Built, buildIndex, putArtifact, putBuilt } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { filesBelow, scratch } from '../support/layouts.ts';
import { digestsOf, platformImage, pulled } from '../support/pulled-layers.ts';
import { testRegistry } from '../support/test-registry.ts';
import { damaged, endlessContent } from '../support/watched-content.ts';

const bytesAt = async (source: Source, reference: string): Promise<Buffer> =>
  Buffer.from((await source.manifest(reference)).bytes);

const wanted: Readonly<Record<string, () => Promise<Built>>> = {
  'an OCI image': () => platformImage('amd64'),
  'a docker image': () => platformImage('amd64', 'docker'),
  'an OCI index': async () => buildIndex({ manifests: [await platformImage('amd64'), await platformImage('arm64')] }),
  'a docker manifest list': async () =>
    buildIndex({ manifests: [await platformImage('amd64', 'docker')], family: 'docker' }),
};

for (const [what, build] of Object.entries(wanted)) {
  test(`RUBY-52 RUBY-53 F1 WRITE-5: ${what} that is pulled as files and pushed elsewhere has the same digests there`, async (t) => {
    const built = await build();
    const from = testRegistry();
    await putBuilt(from.repository, built, { tags: ['1'] });
    const directory = join(await scratch(t), 'made/by/the/pull');
    const manifest = await from.repository.manifest('1');
    await pullLayers(from.repository, manifest, directory, { config: true });
    const to = testRegistry();
    const pushed = await pushLayers(manifest, directory, to.repository, { tags: ['1', 'latest'] });
    assert.deepEqual(pushed, built.manifest.descriptor);
    const store = to.registry.repository('team/app');
    for (const tag of ['1', 'latest']) assert.deepEqual(await bytesAt(store, tag), Buffer.from(built.manifest.bytes));
    for (const one of [built, ...built.children]) {
      assert.deepEqual(await bytesAt(store, one.manifest.descriptor.digest), Buffer.from(one.manifest.bytes));
      for (const digest of digestsOf(one)) assert.equal((await store.stat(digest))?.digest, digest);
    }
  });
}

describe('pulling layers', () => {
  test('RUBY-44 RUBY-45: keeps the layers alone, each once, unless the config is wanted', async (t) => {
    const directory = await scratch(t);
    const built = await platformImage('amd64');
    const [config, one, two] = built.blobs.map(({ descriptor }) => descriptor);
    assert.ok(config !== undefined && one !== undefined && two !== undefined);
    const source = createMemoryStore();
    await putBuilt(source, built);
    const kept = await pullLayers(source, built.manifest, directory);
    const { mediaType } = one;
    const { digest, size } = two;
    const file = join(directory, digest);
    assert.deepEqual(kept[1], { digest, size, mediaType, file, outcome: 'written' });
    assert.deepEqual((await readdir(directory)).sort(), [one.digest, two.digest].sort());
    const again = await pullLayers(source, [one, one, two], directory);
    assert.deepEqual(
      again.map(({ outcome }) => outcome),
      ['exists', 'exists'],
    );
    const all = await pullLayers(source, built.manifest, directory, { config: true });
    assert.deepEqual([all[0]?.digest, all[0]?.outcome], [config.digest, 'written']);
    for (const name of await readdir(directory)) assert.equal(digestOf(await readFile(join(directory, name))), name);
  });

  test('F2: fetches a file with other bytes anew, and no other', async (t) => {
    const built = await platformImage('amd64');
    const [, damaged, right] = digestsOf(built);
    const directory = await pulled(t, built);
    const file = join(directory, damaged ?? '');
    for (const wrong of [(await readFile(file)).fill(0), Buffer.from('too short'), Buffer.alloc(9999)]) {
      await writeFile(file, wrong);
      const made = testRegistry();
      await putBuilt(made.registry.repository('team/app'), built);
      await pullLayers(made.repository, built.manifest, directory);
      assert.deepEqual(made.lines(), [`GET /v2/team/app/blobs/${damaged} 200`]);
      assert.equal(digestOf(await readFile(file)), damaged);
      assert.equal(digestOf(await readFile(join(directory, right ?? ''))), right);
    }
  });

  test('ends at once when one of them is wrong, with all that it had begun', async (t) => {
    const built = await platformImage('amd64');
    const [, one, two] = built.blobs;
    assert.ok(one !== undefined && two !== undefined);
    const endless = endlessContent(one.descriptor);
    const source = overlay(createMemoryStore(), { blobs: [endless, damaged(two, 5)] });
    const directory = await scratch(t);
    await rejection('DIGEST_MISMATCH', pullLayers(source, built.manifest, directory));
    assert.equal(endless.isOpen(), false);
    assert.deepEqual(await filesBelow(directory), [`.lading/${one.descriptor.digest}.partial`]);
  });

  test('makes the directory even for what has no layers', async (t) => {
    const directory = join(await scratch(t), 'empty');
    const manifest = manifestFromDocument({
      schemaVersion: 2,
      config: contentFrom(new Uint8Array()).descriptor,
      layers: [],
    });
    assert.deepEqual(await pullLayers(createMemoryStore(), manifest, directory), []);
    assert.deepEqual(await readdir(directory), []);
  });

  test('E5: takes no digest for a path', async (t) => {
    const directory = join(await scratch(t), 'layers');
    const layer = { mediaType: 'x/y', size: 1, digest: 'sha256:../../x' as Digest };
    await rejection('DIGEST_INVALID', pullLayers(createMemoryStore(), [layer], directory));
    await rejection('DIGEST_INVALID', pullLayers(testRegistry().repository, [layer], directory));
    assert.deepEqual(await filesBelow(join(directory, '..')), []);
  });
});

const imposters: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'a link': (path) => symlink('/etc/hostname', path),
  'a link to nowhere': (path) => symlink('/nowhere/at/all', path),
  'a fifo': async (path) => execFileSync('mkfifo', [path]),
  'a directory': (path) => mkdir(path),
};
for (const [what, place] of Object.entries(imposters)) {
  test(`${what} in the place of a file is neither read nor written through`, async (t) => {
    const built = await platformImage('amd64');
    const source = createMemoryStore();
    await putBuilt(source, built);
    const directory = await pulled(t, built);
    const [, layer = ''] = digestsOf(built);
    await rm(join(directory, layer));
    await place(join(directory, layer));
    await rejection('LAYOUT_INVALID', pullLayers(source, built.manifest, directory));
    await rejection('LAYOUT_INVALID', pushLayers(built.manifest, directory, createMemoryStore()));
    await place(join(directory, 'manifest.json'));
    await rejection('LAYOUT_INVALID', keepManifest(built.manifest, directory));
    await rejection('LAYOUT_INVALID', keptManifest(directory));
  });
}

test('the manifest is kept beside the files, byte for byte', async (t) => {
  const directory = await scratch(t);
  const { manifest: first } = await platformImage('amd64');
  const { manifest: second } = await putArtifact(createMemoryStore(), { artifactType: 'a/b' });
  for (const manifest of [first, second] as readonly Manifest[]) {
    assert.equal(await keepManifest(manifest, directory), join(directory, 'manifest.json'));
    const { bytes, descriptor } = await keptManifest(directory);
    assert.deepEqual([Buffer.from(bytes), descriptor], [Buffer.from(manifest.bytes), manifest.descriptor]);
  }
  assert.deepEqual(await readdir(directory), ['manifest.json']);
  await rejection('NOT_FOUND', keptManifest(join(directory, 'nowhere')));
});
