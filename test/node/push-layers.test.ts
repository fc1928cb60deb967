import assert from 'node:assert/strict';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Digest } from '../../src/model/digest.ts';
import { DOCKER_FOREIGN_LAYER } from '../../src/model/media-types.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { keptManifest } from '../../src/node/layers/kept-manifest.ts';
import { pushLayers } from '../../src/node/layers/layer-files.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { buildImage, buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { scratch } from '../support/layouts.ts';
import { digestsOf, layers, platformImage, pulled } from '../support/pulled-layers.ts';
import { needs } from '../support/real/find-tool.ts';
import { skopeoCopy } from '../support/real/skopeo.ts';
import { recordingStore } from '../support/recording-store.ts';
import { testRegistry } from '../support/test-registry.ts';

const hexOf = (digest: string): string => digest.slice('sha256:'.length);

describe('pushing files', () => {
  test('RUBY-54 F3 WRITE-5: what is missing is told with every digest, before a byte is sent', async (t) => {
    const arm = await platformImage('arm64');
    const index = buildIndex({ manifests: [await platformImage('amd64'), arm] });
    const directory = await pulled(t, index);
    const [config = '', layer = ''] = digestsOf(arm);
    await rm(join(directory, config));
    await rm(join(directory, layer));
    const made = testRegistry();
    const error = await rejection('LAYER_MISSING', pushLayers(index.manifest, directory, made.repository));
    assert.deepEqual([...error.digests].sort(), [config, layer].sort());
    for (const digest of [config, layer]) assert.ok(error.message.includes(digest));
    assert.deepEqual(
      made.lines().sort(),
      [config, layer].map((digest) => `HEAD /v2/team/app/blobs/${digest} 404`).sort(),
    );
  });

  test('F3: a manifest of an index that is missing is told as well', async (t) => {
    const image = await platformImage('amd64');
    const index = buildIndex({ manifests: [image] });
    const directory = await pulled(t, index);
    const { digest } = image.manifest.descriptor;
    await rm(join(directory, digest));
    const target = recordingStore();
    const error = await rejection('LAYER_MISSING', pushLayers(index.manifest, directory, target));
    assert.deepEqual(error.digests, [digest]);
    await putBuilt(target.inner, image);
    await pushLayers(index.manifest, directory, target, { tags: ['1'] });
    assert.equal((await target.inner.resolve('1'))?.digest, index.manifest.descriptor.digest);
  });

  test('what is there already needs no file', async (t) => {
    const built = await platformImage('amd64');
    const made = testRegistry();
    for (const blob of built.blobs) await made.registry.repository('team/app').putBlob(blob);
    const directory = await scratch(t);
    assert.equal(
      (await pushLayers(built.manifest, directory, made.repository)).digest,
      built.manifest.descriptor.digest,
    );
    assert.deepEqual(
      made.lines().filter((line) => /^(POST|PATCH|PUT) .*blobs/.test(line)),
      [],
    );
    assert.equal(
      made.requests.reduce((sum, { sent }) => sum + sent, 0),
      built.manifest.bytes.length,
    );
  });

  test('a layer that is kept elsewhere needs no file', async (t) => {
    const config = contentFrom(Buffer.from('{"os":"windows"}'));
    const foreign = contentFrom(Buffer.from('a base layer'), DOCKER_FOREIGN_LAYER);
    const document = { schemaVersion: 2, config: config.descriptor, layers: [foreign.descriptor] };
    const directory = await scratch(t);
    await writeFile(join(directory, config.descriptor.digest), '{"os":"windows"}');
    const target = createMemoryStore();
    const manifest = manifestFromDocument(document);
    await pushLayers(manifest, directory, target, { tags: ['1'] });
    assert.equal((await target.resolve('1'))?.digest, manifest.descriptor.digest);
    assert.equal(await target.stat(foreign.descriptor.digest), undefined);
  });

  const names: readonly ((digest: string) => string)[] = [
    (digest) => digest,
    (digest) => digest.replace(':', '-'),
    hexOf,
    (digest) => `${hexOf(digest)}.tar.gz`,
    (digest) => `${hexOf(digest)}.manifest.json`,
  ];
  for (const name of names) {
    test(`files may be named like ${name('sha256:ab12')}`, async (t) => {
      const index = buildIndex({ manifests: [await platformImage('amd64')] });
      const directory = await pulled(t, index);
      for (const file of await readdir(directory)) await rename(join(directory, file), join(directory, name(file)));
      const target = createMemoryStore();
      await pushLayers(index.manifest, directory, target, { tags: ['1'] });
      assert.equal((await target.resolve('1'))?.digest, index.manifest.descriptor.digest);
    });
  }

  test('a wrong byte ends it, and there is neither blob nor manifest', async (t) => {
    const built = await platformImage('amd64');
    const directory = await pulled(t, built);
    const [, layer = ''] = digestsOf(built);
    const file = join(directory, layer);
    await writeFile(file, (await readFile(file)).fill(0, 0, 10));
    const made = testRegistry();
    const error = await rejection(
      'DIGEST_MISMATCH',
      pushLayers(built.manifest, directory, made.repository, { tags: ['1'] }),
    );
    assert.deepEqual(error.digests, [layer]);
    assert.ok(!made.requests.some(({ method, path }) => method === 'PUT' && path.includes('/manifests/')));
    const store = made.registry.repository('team/app');
    assert.equal(await store.stat(layer as Digest), undefined);
    assert.equal(await store.resolve('1'), undefined);
  });

  test('a file of the wrong size is refused before a byte is sent', async (t) => {
    const built = await platformImage('amd64');
    const directory = await pulled(t, built);
    const [, layer = ''] = digestsOf(built);
    await writeFile(join(directory, layer), 'short');
    const made = testRegistry();
    const error = await rejection('SIZE_MISMATCH', pushLayers(built.manifest, directory, made.repository));
    assert.deepEqual(error.digests, [layer]);
    assert.deepEqual(new Set(made.requests.map(({ method }) => method)), new Set(['HEAD']));
    await putBuilt(made.registry.repository('team/app'), built);
    await pushLayers(built.manifest, directory, made.repository, { tags: ['1'] });
  });

  test('F11: the length of a config is told in bytes, whatever is written in it', async (t) => {
    const author = 'Zoë Ångström 日本語 🚢';
    const built = await buildImage({ layers, config: { author } });
    const [config] = built.blobs;
    const directory = await pulled(t, built);
    const made = testRegistry();
    await pushLayers(built.manifest, directory, made.repository, { tags: ['1'] });
    const put = made.requests.find(
      ({ method, path }) => method === 'PUT' && decodeURIComponent(path).includes(config?.descriptor.digest ?? '?'),
    );
    const bytes = await readFile(join(directory, config?.descriptor.digest ?? ''));
    assert.ok(bytes.length > bytes.toString().length);
    assert.deepEqual([put?.sent, put?.status, config?.descriptor.size], [bytes.length, 201, bytes.length]);
  });

  test('ends with the signal of its caller', async (t) => {
    const built = await platformImage('amd64');
    const directory = await pulled(t, built);
    const signal = AbortSignal.abort();
    const target = recordingStore();
    await rejection('ABORTED', pushLayers(built.manifest, directory, target, { signal }));
    assert.deepEqual(target.calls, []);
  });
});

test('what skopeo leaves in a directory is pushed as it is', needs('skopeo'), async (t) => {
  const folder = await scratch(t);
  const layout = directoryStore(join(folder, 'layout'));
  const index = buildIndex({ manifests: [await platformImage('amd64'), await platformImage('arm64')] });
  await putBuilt(layout, index, { tags: ['1'] });
  await skopeoCopy(`oci:${folder}/layout:1`, `dir:${folder}/dir`);
  const target = createMemoryStore();
  await pushLayers(await keptManifest(join(folder, 'dir')), join(folder, 'dir'), target, { tags: ['1'] });
  assert.equal((await target.resolve('1'))?.digest, index.manifest.descriptor.digest);
});
