/** Changes of indexes whose images differ in more than their platform, or of which only some are meant. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { changeImages } from '../../src/image/change/change.ts';
import { addToIndex, createIndex } from '../../src/image/index/image-index.ts';
import { mutate } from '../../src/image/change/mutate.ts';
import { BASE_DIGEST, BASE_NAME, rebase } from '../../src/image/change/rebase.ts';
import { setTimes } from '../../src/image/change/times.ts';
import type { Platform } from '../../src/model/platform.ts';
import { type Built, buildImage, buildIndex, type LayerSpec } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { viewImage, viewIndex } from '../support/image-view.ts';
import { digestsOf, imageFor, platform, stored } from '../support/images-to-change.ts';
import { storedConfig } from '../support/mutated.ts';

const windows = (version: string): Platform => ({ os: 'windows', architecture: 'amd64', 'os.version': version });
const layer = (name: string): LayerSpec => ({ files: { [name]: name } });

describe('CAP-G4: of several images for one platform', () => {
  const versions = ['10.0.17763.1', '10.0.20348.1', '10.0.20348.2'];
  const images = (): Promise<Built[]> =>
    Promise.all(versions.map((version) => buildImage({ layers: [layer('a')], platform: windows(version) })));

  test('all are changed, as all would be kept', async () => {
    const base = await stored(buildIndex({ manifests: [...(await images()), await imageFor('amd64')] }));
    const was = await viewIndex(base, '1');
    for (const [wanted, meant] of [
      [{ os: 'windows', architecture: 'amd64' }, [true, true, true, false]],
      [windows('10.0.20348'), [false, true, true, false]],
      [windows('10.0.20348.2'), [false, false, true, false]],
    ] as const) {
      const { source, root } = await mutate(base, '1', { env: { A: 'b' } }, { platforms: [wanted] });
      const now = digestsOf((await viewIndex(source, root)).manifests);
      assert.deepEqual(
        digestsOf(was.manifests).map((digest, at) => digest !== now[at]),
        meant,
      );
    }
  });

  test('none is made one more that an index has already', async () => {
    const base = await stored(buildIndex({ manifests: [await imageFor('amd64'), await imageFor('arm64')] }));
    const error = await rejection('USAGE', mutate(base, '1', { platform: platform('amd64') }));
    assert.match(error.message, /2 images cannot all be for the same platform/);
    const one = { platforms: [platform('arm64')] };
    const { source, root } = await mutate(base, '1', { platform: platform('s390x') }, one);
    const names = (await viewIndex(source, root)).manifests.map((entry) => entry.platform?.architecture);
    assert.deepEqual(names, ['amd64', 's390x']);
  });
});

test('a config with numbers that cannot be written again stays what it is while only the manifest changes', async () => {
  const text =
    '{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]},"n":12345678901234567890}';
  const base = await storedConfig(text);
  const { source, root } = await mutate(base, '1', { annotations: { a: 'b' } });
  const { configBytes, document } = await viewImage(source, root);
  assert.equal(new TextDecoder().decode(configBytes), text);
  assert.deepEqual(document.annotations, { a: 'b' });
  await rejection('UNSUPPORTED', mutate(base, '1', { env: { A: 'b' } }));
  const without = changeImages(base, '1', {}, ({ manifest, configDocument }) => ({
    manifest: manifest.document,
    config: Object.fromEntries(Object.entries(configDocument).filter(([name]) => name !== 'n')),
  }));
  assert.equal((await without).images.length, 1);
});

test('CAP-G9: the label of a time is not taken for one when it is a version, a day that there is not, or has no zone', async () => {
  for (const text of [
    '1.2',
    'v3',
    '5',
    '2024',
    '2024-02-30T00:00:00Z',
    '2024-05-06T07:08:09',
    '1969-12-31T23:59:59Z',
  ]) {
    const config = { config: { Labels: { told: text } } };
    const base = await stored(await buildImage({ layers: [layer('a')], config }));
    const error = await rejection('USAGE', setTimes(base, '1', { fromLabel: 'told' }));
    assert.match(error.message, /tells no time since 1970 in its label "told"/, text);
  }
});

test('CAP-H1 CAP-H2: a list of docker’s media types gets no annotations of entries', async () => {
  const source = await stored(await imageFor('amd64', 'docker'));
  const item = { source, reference: '1', annotations: { a: 'b' } };
  assert.match(
    (await rejection('UNSUPPORTED', createIndex([item], { family: 'docker' }))).message,
    /annotations of an entry/,
  );
  const list = await stored(buildIndex({ manifests: [await imageFor('arm64', 'docker')], family: 'docker' }));
  await rejection('UNSUPPORTED', addToIndex(list, '1', [item]));
  assert.equal((await addToIndex(list, '1', [{ source, reference: '1' }])).added.length, 1);
});

describe('CAP-G8: an index of which only some images are rebased', () => {
  const both = (names: readonly string[], more: readonly object[] = [{}, {}]): Promise<Built[]> =>
    Promise.all(
      ['amd64', 'arm64'].map((name, at) =>
        buildImage({ layers: names.map(layer), platform: platform(name), ...more[at] }),
      ),
    );
  const layersOf = async (
    source: Parameters<typeof viewIndex>[0],
    root: Parameters<typeof viewIndex>[1],
  ): Promise<number[]> =>
    Promise.all(
      (await viewIndex(source, root)).manifests.map(
        async (entry) => (await viewImage(source, entry)).document.layers.length,
      ),
    );

  test('goes on telling the base of the others, and can be rebased as a whole afterwards', async () => {
    const old = buildIndex({ manifests: await both(['old', 'older']) });
    const next = buildIndex({ manifests: await both(['new']) });
    const bases = await stored(buildIndex({ manifests: [old, next] }));
    const told = { [BASE_DIGEST]: old.descriptor.digest, [BASE_NAME]: 'registry.test/base:1' };
    const base = await stored(buildIndex({ manifests: await both(['old', 'older', 'app']), annotations: told }));
    const newBase = { source: bases, reference: next.descriptor.digest };
    const some = await rebase(base, '1', { newBase, platforms: [platform('amd64')] });
    assert.deepEqual((await viewIndex(some.source, some.root)).annotations, told);
    assert.deepEqual(await layersOf(some.source, some.root), [2, 3]);
    const all = await rebase(some.source, some.root, { newBase });
    assert.deepEqual(await layersOf(all.source, all.root), [2, 2]);
    assert.equal((await viewIndex(all.source, all.root)).annotations?.[BASE_DIGEST], next.descriptor.digest);
  });

  test('is taken off the bases that each of its images tells, wherever these are said to be', async () => {
    const [amd64, arm64] = await both(['old', 'older']);
    assert.ok(amd64 !== undefined && arm64 !== undefined);
    const place = await stored(buildIndex({ manifests: [amd64, arm64] }));
    const elsewhere = await stored(buildIndex({ manifests: await both(['new']) }));
    const annotated = [amd64, arm64].map(({ descriptor }) => ({ annotations: { [BASE_DIGEST]: descriptor.digest } }));
    const base = await stored(buildIndex({ manifests: await both(['old', 'older', 'app'], annotated) }));
    const newBase = { source: elsewhere, reference: '1' };
    await rejection('NOT_FOUND', rebase(base, '1', { newBase }));
    const { source, root } = await rebase(base, '1', { newBase, oldBase: { source: place } });
    assert.deepEqual(await layersOf(source, root), [2, 2]);
  });
});
