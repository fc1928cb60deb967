/** What a comparison asks of a registry: by the registry's own record. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { DiffSection } from '../../../src/image/diff/diff-options.ts';
import { diffImages } from '../../../src/image/diff/image-diff.ts';
import { spoolToMemory } from '../../../src/store/spool.ts';
import type { LayerSpec } from '../../../src/testing/fixtures.ts';
import { diffed, type ImageOf, layer, lineOf, put } from '../../support/diffed.ts';
import { directory, file } from '../../support/layered.ts';
import { testRegistry } from '../../support/test-registry.ts';

const spool = spoolToMemory(1 << 26);
const shared: LayerSpec[] = [];

before(async () => {
  for (let at = 0; at < 9; at++) {
    shared.push(await layer([directory(`part${at}/`), file(`part${at}/file`, `${at}`.repeat(20_000))]));
  }
});

const tenth = (text: string, more: string): ImageOf => ({
  layers: [...shared, [directory('app/'), file('app/main', text), file(`app/${more}`)]],
});

test('CAP-N3: of two images that share nine of ten layers only the tenth of each is read, and once', async () => {
  const { image, asked } = await diffed(tenth('one', 'old'), tenth('two', 'new'), { spool });
  assert.deepEqual(image.files?.map(lineOf), ['~ app/main content', '+? app/new', '-? app/old']);
  assert.deepEqual([...asked].sort(), ['after 9', 'before 9', 'config', 'config', 'manifest', 'manifest']);
});

test('CAP-N2: without files and packages no layer is read, and no config where only manifests are compared', async () => {
  const asked = async (...sections: readonly DiffSection[]): Promise<readonly string[]> =>
    (await diffed(tenth('one', 'a'), tenth('two', 'a'), { sections })).asked;
  const documents = ['manifest', 'manifest', 'config', 'config'];
  assert.deepEqual(await asked('manifest', 'config', 'history', 'layers'), documents);
  assert.deepEqual(await asked('manifest'), ['manifest', 'manifest']);
});

test('CAP-N2: of one digest nothing is read', async () => {
  const { repository, registry, requests } = testRegistry();
  await put(registry.repository('team/app'), '1', tenth('one', 'a'));
  await put(registry.repository('team/app'), '2', tenth('one', 'a'));
  const ends = ['1', '2'].map((reference) => ({ source: repository, reference }));
  const diff = await diffImages(ends[0] ?? assert.fail(), ends[1] ?? assert.fail());
  assert.equal(diff.isDifferent, false);
  assert.deepEqual(diff.images, []);
  assert.deepEqual(
    requests.map(({ method, path }) => `${method} ${path}`).filter((line) => !line.endsWith('/v2/')),
    ['HEAD /v2/team/app/manifests/1', 'HEAD /v2/team/app/manifests/2'],
  );
});

test('CAP-N3: a layer is gone through once where what is told of its files says all', async () => {
  const own = (path: string, mode: number): ImageOf => ({
    layers: [[directory('a/'), file('a/empty', '', { mode }), file(path), file('a/size', '1'.repeat(mode))]],
  });
  const { image, asked } = await diffed(own('a/x', 0o600), own('a/y', 0o700));
  assert.deepEqual(image.files?.map(lineOf), ['~ a/empty mode', '~ a/size size content', '- a/x', '+ a/y']);
  assert.deepEqual([...asked].sort(), ['after 0', 'before 0', 'config', 'config', 'manifest', 'manifest']);
});

test('CAP-N3: a layer at another place is read once, one that both begin with not at all', async () => {
  const [a, b, c, d] = shared;
  const layers = [a, b, c, d].flatMap((one) => one ?? []);
  const { image, asked } = await diffed(
    { layers: [...layers.slice(0, 1), ...layers.slice(1, 3)] },
    { layers: [...layers.slice(0, 1), ...layers.slice(3), ...layers.slice(1, 3)] },
    { sections: ['files'] },
  );
  assert.deepEqual(image.files?.map(lineOf), ['+? part3', '+? part3/file']);
  assert.equal(asked.filter((what) => /^(before|after|both)/.test(what)).length, 3);
  assert.ok(!asked.includes('both 0'));
});

test('CAP-N3: an exact comparison reads shared layers from the highest down, until all is known', async () => {
  const before = { layers: shared };
  const after = { layers: [...shared, [directory('part7/'), file('part7/file', 'new')]] };
  const { image, asked } = await diffed(before, after, { sections: ['files'], exact: true });
  assert.deepEqual(image.files?.map(lineOf), ['~ part7/file size content']);
  assert.deepEqual(
    asked.filter((what) => /^(before|after|both)/.test(what)),
    ['after 9', 'both 8', 'both 7'],
  );
});

test('CAP-N3: the files are the same where only the layers are packed otherwise', async () => {
  const entries = [directory('a/'), file('a/b')];
  const { diff, asked } = await diffed({ layers: [entries] }, { layers: [await layer(entries, 'none')] });
  assert.deepEqual(diff.images[0]?.files, []);
  assert.deepEqual(
    diff.images[0]?.layers?.layers.map(({ kind }) => kind),
    ['repacked'],
  );
  assert.equal(diff.isDifferent, true);
  assert.deepEqual(asked, ['manifest', 'manifest', 'config']);
});
