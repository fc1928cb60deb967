import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BASE_DIGEST, BASE_NAME, rebase, type RebaseOptions } from '../../src/image/change/rebase.ts';
import type { Changed } from '../../src/image/change/change.ts';
import * as types from '../../src/model/media-types.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { IngestRegistry, Store } from '../../src/store/types.ts';
import {
  type Built,
  buildImage,
  buildIndex,
  type Family,
  type ImageSpec,
  type LayerSpec,
  putBuilt,
} from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { type ImageView, viewImage, viewIndex } from '../support/image-view.ts';
import { platform } from '../support/images-to-change.ts';
import { published, publishedImage } from '../support/relayered.ts';

const created = '2024-05-06T07:08:09Z';
const layer = (name: string, compression: 'gzip' | 'none' = 'gzip'): LayerSpec => ({
  files: { [name]: name },
  compression,
});
const step = (text: string): object => ({ created, created_by: text });
const empty = (text: string): object => ({ ...step(text), empty_layer: true });

const oldLayers = [layer('old/1'), layer('old/2')];
const oldHistory = [step('ADD old 1'), empty('ENV OLD=1'), step('ADD old 2'), empty('CMD sh')];
const newHistory = [step('ADD new'), empty('CMD bash')];
const appHistory = [empty('ENV APP=1'), step('COPY app')];

function oldBase(more: Partial<ImageSpec> = {}): Promise<Built> {
  return buildImage({ layers: oldLayers, config: { history: oldHistory, config: { Env: ['OLD=1'] } }, ...more });
}
function newBase(more: Partial<ImageSpec> = {}): Promise<Built> {
  return buildImage({
    layers: [layer('new', 'none')],
    config: { history: newHistory, config: { Env: ['NEW=1'] } },
    ...more,
  });
}
function app(more: Partial<ImageSpec> = {}): Promise<Built> {
  const config = {
    created,
    history: [...oldHistory, ...appHistory],
    config: { Env: ['OLD=1', 'APP=1'], Cmd: ['app'] },
  };
  return buildImage({ layers: [...oldLayers, layer('app')], config, ...more });
}

/** `base`: tags old and new; `app`: tag 1. */
async function world(
  own: Built,
  old?: Built,
  next?: Built,
): Promise<{ registry: IngestRegistry; base: Store; app: Store }> {
  const registry = createMemoryRegistry();
  const [base, image] = [registry.repository('base'), registry.repository('app')];
  await putBuilt(base, old ?? (await oldBase()), { tags: ['old'] });
  await putBuilt(base, next ?? (await newBase()), { tags: ['new'] });
  await putBuilt(image, own, { tags: ['1'] });
  return { registry, base, app: image };
}

function bases(base: Store): Pick<RebaseOptions, 'oldBase' | 'newBase'> {
  return { oldBase: { source: base, reference: 'old' }, newBase: { source: base, reference: 'new' } };
}

async function rebased(own: Built, more: Partial<RebaseOptions> = {}, next?: Built): Promise<ImageView> {
  const { base, app: image } = await world(own, undefined, next);
  return publishedImage(rebase(image, '1', { ...bases(base), ...more }));
}

const digests = (built: Built): readonly string[] => built.blobs.slice(1).map(({ descriptor }) => descriptor.digest);

describe('CAP-G8: an image on another base', () => {
  test('has the new base’s layers and history below its own, and its own settings', async () => {
    const [own, next] = [await app(), await newBase()];
    const { document, config, manifest } = await rebased(own);
    assert.deepEqual(
      document.layers.map(({ digest }) => digest),
      [...digests(next), digests(own)[2]],
    );
    assert.deepEqual(config.history, [...newHistory, ...appHistory]);
    assert.deepEqual(config.config, { Env: ['OLD=1', 'APP=1'], Cmd: ['app'] });
    assert.equal(config.created, created);
    assert.deepEqual(document.annotations, { [BASE_DIGEST]: next.manifest.descriptor.digest });
    assert.equal(manifest.descriptor.mediaType, types.OCI_MANIFEST);
    assert.equal((await rebased(own)).manifest.descriptor.digest, manifest.descriptor.digest, 'each time');
    const later = await rebased(own, { created: '2025-01-01T00:00:00Z', baseName: 'docker.io/library/base:new' });
    assert.equal(later.config.created, '2025-01-01T00:00:00Z');
    assert.equal(later.document.annotations?.[BASE_NAME], 'docker.io/library/base:new');
  });

  test('runs on what the new base runs on', async () => {
    const windows = (version: string): Partial<ImageSpec> => ({
      platform: { os: 'windows', architecture: 'amd64', 'os.version': version },
    });
    const own = await app(windows('10.0.17763.1000'));
    const [old, next] = [await oldBase(windows('10.0.17763.1000')), await newBase(windows('10.0.17763.2000'))];
    const { base, app: image } = await world(buildIndex({ manifests: [own] }), old, buildIndex({ manifests: [next] }));
    const store = await published(rebase(image, '1', bases(base)));
    const [entry] = (await viewIndex(store, '2')).manifests;
    assert.ok(entry);
    assert.equal(entry.platform?.['os.version'], '10.0.17763.2000');
    assert.equal((await viewImage(store, entry)).config['os.version'], '10.0.17763.2000');
  });

  test('that stands on another one is refused, and where they differ is told', async () => {
    const other = await buildImage({ layers: [layer('old/1'), layer('other'), layer('app')] });
    const short = await buildImage({ layers: [layer('old/1')] });
    for (const [own, problem] of [
      [other, /does not stand on sha256:.*: layer 1 unpacks to sha256:.*, that of the base to sha256:/],
      [short, /it has 1 of the 2 layers of the base/],
    ] as const) {
      const { base, app: image } = await world(own);
      assert.match((await rejection('CONFLICT', rebase(image, '1', bases(base)))).message, problem);
    }
  });

  test('is recognised by what its layers unpack to, however they are compressed', async () => {
    const own = await buildImage({ layers: [layer('old/1', 'none'), layer('old/2', 'none'), layer('app')] });
    const { document } = await rebased(own);
    assert.deepEqual(
      document.layers.map(({ digest }) => digest),
      [...digests(await newBase()), digests(own)[2]],
    );
  });

  test('gets a history that fits its layers, whatever the three told', async () => {
    const untold = await rebased(await app({ config: {} }));
    assert.deepEqual(untold.config.history, newHistory);
    const bare = await rebased(await app(), {}, await newBase({ config: {} }));
    assert.deepEqual(bare.config.history, [{}, ...appHistory]);
    const squashed = [step('all of the base'), step('ADD old 2'), ...appHistory];
    const other = await rebased(await app({ config: { history: squashed } }));
    assert.deepEqual(other.config.history, [...newHistory, ...appHistory]);
  });

  test('is of the same family of media types as before', async () => {
    for (const family of ['oci', 'docker'] as const satisfies readonly Family[]) {
      const other = family === 'oci' ? 'docker' : 'oci';
      const { document } = await rebased(await app({ family }), {}, await newBase({ family: other }));
      const expected =
        family === 'oci' ? [types.OCI_LAYER, types.OCI_LAYER_GZIP] : [types.DOCKER_LAYER, types.DOCKER_LAYER_GZIP];
      assert.deepEqual(
        document.layers.map(({ mediaType }) => mediaType),
        expected,
      );
      assert.equal(document.annotations === undefined, family === 'docker');
    }
  });

  test('finds its old base by its annotations, and the index tells on', async () => {
    const old = await oldBase();
    const annotations = {
      [BASE_DIGEST]: old.manifest.descriptor.digest,
      [BASE_NAME]: 'example.com/base:1',
      other: 'x',
    };
    const { base, app: image } = await world(await app({ annotations }), old);
    const { newBase: next } = bases(base);
    const { document } = await publishedImage(rebase(image, '1', { newBase: next }));
    const digest = (await newBase()).manifest.descriptor.digest;
    assert.deepEqual(document.annotations, { ...annotations, [BASE_DIGEST]: digest });
    const index = await world(buildIndex({ manifests: [await app()], annotations }), old);
    const store = await published(rebase(index.app, '1', { newBase: { source: index.base, reference: 'new' } }));
    assert.deepEqual((await viewIndex(store, '2')).annotations, { ...annotations, [BASE_DIGEST]: digest });
    const untold = await world(await app());
    const error = await rejection('USAGE', rebase(untold.app, '1', { newBase: next }));
    assert.match(error.hint ?? '', /org\.opencontainers\.image\.base\.digest/);
  });

  test('is put on it for each of its platforms', async () => {
    const forPlatforms = async (
      make: (more: Partial<ImageSpec>) => Promise<Built>,
      ...names: string[]
    ): Promise<Built> =>
      buildIndex({ manifests: await Promise.all(names.map((name) => make({ platform: platform(name) }))) });
    const [own, old] = [await forPlatforms(app, 'amd64', 'arm64'), await forPlatforms(oldBase, 'arm64', 'amd64')];
    const next = await forPlatforms(newBase, 'arm64', 'amd64');
    const { base, app: image } = await world(own, old, next);
    const store = await published(rebase(image, '1', bases(base)));
    for (const [at, entry] of (await viewIndex(store, '2')).manifests.entries()) {
      const { config, document } = await viewImage(store, entry);
      assert.equal(config.architecture, ['amd64', 'arm64'][at]);
      assert.equal(document.annotations?.[BASE_DIGEST], next.manifest.descriptor.digest, 'the index, as it was named');
    }
    const one = await rebase(image, '1', { ...bases(base), platforms: [platform('arm64')] });
    assert.deepEqual((await viewIndex(one.source, one.root)).manifests[0], own.children[0]?.descriptor);
    const { base: poor } = await world(own, old, await forPlatforms(newBase, 'amd64'));
    const error = await rejection('NOT_FOUND', rebase(image, '1', { ...bases(base), newBase: bases(poor).newBase }));
    assert.match(error.message, /no linux\/arm64/);
  });

  test('gets the layers of its base from where that is', async () => {
    const { registry, base, app: image } = await world(await app());
    const changed: Changed = await rebase(image, '1', bases(base));
    const outcomes: string[] = [];
    const { copy } = await import('../../src/graph/copy.ts');
    await copy(changed.source, changed.root, registry.repository('other'), {
      on: (activity) => activity.type === 'done' && outcomes.push(activity.outcome),
    });
    assert.deepEqual(outcomes.toSorted(), ['mounted', 'mounted', 'written', 'written']);
  });
});
