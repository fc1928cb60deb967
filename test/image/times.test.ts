import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimes, type TimeOptions } from '../../src/image/change/times.ts';
import type { ImageConfig } from '../../src/model/image-config.ts';
import { manifestFromDocument } from '../../src/store/content.ts';
import type { Store } from '../../src/store/types.ts';
import { type Built, buildImage, buildIndex, buildLayer } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { type ImageView, viewImage, viewIndex } from '../support/image-view.ts';
import { attestationOf, digestsOf, imageFor, platform, stored } from '../support/images-to-change.ts';
import { countedSpool, entriesIn, published, publishedImage } from '../support/relayered.ts';

const early = 1_600_000_000;
const late = 1_700_000_000;
const between = new Date(1_650_000_000_000);
const text = '2022-04-15T05:20:00Z';
const config: ImageConfig = {
  created: '2023-11-14T22:13:20.5Z',
  history: [
    { created: '2020-09-13T12:26:40.123456789Z', created_by: 'ADD base' },
    { created_by: 'ENV A=b', empty_layer: true },
    { created: '2023-11-14T22:13:20Z', created_by: 'COPY app' },
  ],
};

/** Two layers: the lower with early files only. */
function image(more: object = {}): Promise<Built> {
  const base = { files: { base: { content: 'base', mtime: early } } };
  const app = {
    files: {
      'app/': { mtime: late },
      'app/old': { content: 'old', mtime: early },
      'app/new': { content: 'new', mtime: late + 0.25, pax: { atime: '1800000000' } },
      'app/link': { type: 'symlink' as const, linkname: 'new', mtime: late },
    },
  };
  return buildImage({ layers: [base, app], config, ...more });
}

async function timesIn(store: Store, { document }: ImageView): Promise<readonly (readonly number[])[]> {
  const layers = document.layers.map((layer) => entriesIn(store.blob(layer)));
  return (await Promise.all(layers)).map((entries) => entries.map(({ mtime }) => mtime));
}

async function timed(base: Store, options: TimeOptions): Promise<{ store: Store; view: ImageView }> {
  const store = await published(setTimes(base, '1', options));
  return { store, view: await viewImage(store, '2') };
}

describe('CAP-G9: the times of an image', () => {
  test('are held to a latest one: what is earlier stays, text for text', async () => {
    const base = await stored(await image());
    const was = await viewImage(base, '1');
    const { store, view } = await timed(base, { clamp: between });
    assert.equal(view.config.created, text);
    assert.deepEqual(view.config.history, [
      config.history?.[0],
      config.history?.[1],
      { created: text, created_by: 'COPY app' },
    ]);
    const seconds = between.getTime() / 1000;
    assert.deepEqual(await timesIn(store, view), [[early], [seconds, early, seconds, seconds]]);
    assert.deepEqual(view.document.layers[0], was.document.layers[0], 'a layer without a change keeps its digest');
    assert.equal(view.config.rootfs.diff_ids[0], was.config.rootfs.diff_ids[0]);
    assert.notEqual(view.config.rootfs.diff_ids[1], was.config.rootfs.diff_ids[1]);
    assert.deepEqual(
      { ...view.config, created: 0, history: 0, rootfs: 0 },
      { ...was.config, created: 0, history: 0, rootfs: 0 },
    );
  });

  test('are set, all of them: those that are told', async () => {
    const base = await stored(await image());
    const { store, view } = await timed(base, { set: between });
    const seconds = between.getTime() / 1000;
    assert.deepEqual(await timesIn(store, view), [[seconds], [seconds, seconds, seconds, seconds]]);
    assert.deepEqual(
      view.config.history?.map(({ created }) => created),
      [text, undefined, text],
    );
    const untold = await publishedImage(setTimes(await stored(await imageFor('amd64')), '1', { set: new Date(1500) }));
    assert.equal(untold.config.created, '1970-01-01T00:00:01.500Z');
    assert.equal(untold.config.history, undefined);
  });

  test('are set to what a label of each image tells, or those alone that are later than one', async () => {
    const labelled = (name: string, time: string): Promise<Built> =>
      image({ platform: platform(name), config: { ...config, config: { Labels: { built: time } } } });
    const images = await Promise.all([labelled('amd64', text), labelled('arm64', '2022-04-15T07:21:00+02:00')]);
    const store = await published(
      setTimes(await stored(buildIndex({ manifests: images })), '1', { fromLabel: 'built' }),
    );
    const [amd64, arm64] = await Promise.all(
      (await viewIndex(store, '2')).manifests.map((entry) => viewImage(store, entry)),
    );
    assert.ok(amd64 !== undefined && arm64 !== undefined);
    const seconds = between.getTime() / 1000;
    assert.deepEqual((await timesIn(store, amd64))[1], [seconds, seconds, seconds, seconds]);
    assert.deepEqual((await timesIn(store, arm64))[0], [seconds + 60], 'the same layer, of another image');
    assert.equal(arm64.config.created, '2022-04-15T05:21:00Z');
    const some = await timed(await stored(await image()), { set: new Date(0), after: new Date(early * 1000) });
    assert.deepEqual(await timesIn(some.store, some.view), [[early], [0, early, 0, 0]]);
    const untold = setTimes(await stored(await image()), '1', { fromLabel: 'built' });
    assert.match((await rejection('USAGE', untold)).message, /has no label "built"/);
  });

  test('of the layers of a base stay, for each platform those of its own', async () => {
    const images = await Promise.all(['amd64', 'arm64'].map((name) => image({ platform: platform(name) })));
    const base = { files: { base: { content: 'base', mtime: early } } };
    const bases = await Promise.all(
      ['amd64', 'arm64'].map((name) => buildImage({ layers: [base], platform: platform(name) })),
    );
    const below = { source: await stored(buildIndex({ manifests: bases })), reference: '1' };
    const on = await stored(buildIndex({ manifests: images }));
    const store = await published(setTimes(on, '1', { set: between, base: below }));
    for (const entry of (await viewIndex(store, '2')).manifests) {
      assert.deepEqual((await timesIn(store, await viewImage(store, entry)))[0], [early]);
    }
    const other = { source: await stored(await imageFor('amd64')), reference: '1' };
    await rejection('CONFLICT', setTimes(await stored(await image()), '1', { set: between, base: other }));
  });

  test('are the same when they were so already: the image keeps its digest', async () => {
    for (const how of [{ clamp: between }, { set: between }]) {
      const { store, view } = await timed(await stored(await image()), how);
      const again = await setTimes(store, '2', how);
      assert.equal(again.root.digest, view.manifest.descriptor.digest);
      assert.deepEqual(again.images, []);
      await again.close();
    }
  });

  test('make one image of two that differ in nothing else', async () => {
    const digests = new Set<string>();
    for (const mtime of [late, late + 86_400.5]) {
      const built = await buildImage({
        layers: [{ files: { 'a/': { mtime }, 'a/b': { content: 'b', mtime } } }],
        config: { created: new Date(mtime * 1000).toISOString() },
      });
      digests.add((await timed(await stored(built), { clamp: between })).view.manifest.descriptor.digest);
    }
    assert.equal(digests.size, 1);
  });

  test('are those of every platform, or of the ones that are meant; what was attested goes', async () => {
    const [amd64, arm64] = [await image(), await image({ platform: platform('arm64') })];
    const base = await stored(buildIndex({ manifests: [amd64, arm64, attestationOf(amd64)] }));
    const spool = countedSpool();
    const all = await setTimes(base, '1', { clamp: between, ...spool });
    assert.equal(all.images.length, 2);
    assert.equal(all.dropped.length, 1);
    assert.equal(spool.open(), 1, 'a layer that both have is written once');
    const { manifests } = await viewIndex(all.source, all.root);
    const layers = await Promise.all(manifests.map(async (one) => (await viewImage(all.source, one)).document.layers));
    assert.deepEqual(layers[0], layers[1]);
    await all.close();
    assert.equal(spool.open(), 0);
    const one = await setTimes(base, '1', { clamp: between, platforms: [platform('arm64')] });
    assert.deepEqual((await viewIndex(one.source, one.root)).manifests[0], amd64.descriptor);
    assert.deepEqual(digestsOf(one.images.map(({ from }) => from)), [arm64.descriptor.digest]);
  });

  test('of the lowest layers may be left, and so are layers that are kept elsewhere', async () => {
    const base = await stored(await image());
    const was = await viewImage(base, '1');
    const { view } = await timed(base, { set: between, keepLayers: 1 });
    assert.deepEqual(view.document.layers[0], was.document.layers[0]);
    assert.notDeepEqual(view.document.layers[1], was.document.layers[1]);
    const built = await image();
    const [lower, upper] = was.document.layers;
    const elsewhere = [{ ...lower, urls: ['https://example.com/layer'] }, upper];
    const manifest = manifestFromDocument({ ...built.manifest.document, layers: elsewhere });
    const foreign = await publishedImage(setTimes(await stored({ ...built, manifest }), '1', { set: between }));
    assert.deepEqual(foreign.document.layers[0], elsewhere[0]);
  });

  test('cannot be changed where layers and config do not agree', async () => {
    const built = await image();
    const other = await buildLayer({ files: { other: 'x' } });
    const [configBlob, lower] = built.blobs;
    assert.ok(configBlob && lower);
    const layers = [lower.descriptor, other.content.descriptor];
    const swapped = { ...built, manifest: manifestFromDocument({ ...built.manifest.document, layers }) };
    const blobs = [...built.blobs, other.content];
    const spool = countedSpool();
    await rejection(
      'DIGEST_MISMATCH',
      setTimes(await stored({ ...swapped, blobs }), '1', { clamp: between, ...spool }),
    );
    assert.equal(spool.open(), 0);
    const fewer = manifestFromDocument({ ...built.manifest.document, layers: [lower.descriptor] });
    await rejection('MANIFEST_INVALID', setTimes(await stored({ ...built, manifest: fewer }), '1', { set: between }));
  });

  test('are one thing or the other', async () => {
    const base = await stored(await image());
    await rejection('USAGE', setTimes(base, '1', {}));
    await rejection('USAGE', setTimes(base, '1', { set: between, clamp: between }));
    await rejection('USAGE', setTimes(base, '1', { set: new Date(Number.NaN) }));
    await rejection('USAGE', setTimes(base, '1', { set: between, compression: 'gzip', level: 10 }));
  });
});
