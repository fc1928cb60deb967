import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { removeLayers, type RemoveLayersOptions } from '../../src/image/change/remove-layers.ts';
import { manifestFromDocument } from '../../src/store/content.ts';
import { type Built, buildImage, buildIndex, type FileSpec } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { filesIn, type ImageView, viewImage, viewIndex } from '../support/image-view.ts';
import { platform, stored } from '../support/images-to-change.ts';
import { countedSpool, entriesIn, published } from '../support/relayered.ts';

const history = [
  { created_by: 'ADD base' },
  { created_by: 'ENV A=b', empty_layer: true },
  { created_by: 'COPY secret' },
  { created_by: 'COPY app' },
];
const files: readonly Readonly<Record<string, FileSpec>>[] = [
  { 'etc/name': 'base', 'root/.npmrc': 'token' },
  { 'root/': '', 'root/.npmrc': 'token', 'root/.ssh/id': 'key' },
  { app: 'app', 'root/.wh..npmrc': '' },
];

function image(more: object = {}): Promise<Built> {
  return buildImage({ layers: files.map((one) => ({ files: one })), config: { history }, ...more });
}

async function removed(built: Built, options: RemoveLayersOptions): Promise<ImageView & { files: object[] }> {
  const store = await published(removeLayers(await stored(built), '1', options));
  const view = await viewImage(store, '2');
  return { ...view, files: await Promise.all(view.document.layers.map((layer) => filesIn(store.blob(layer)))) };
}

const digestsOf = ({ document }: Pick<ImageView, 'document'>): readonly string[] =>
  document.layers.map(({ digest }) => digest);
const steps = ({ config }: ImageView): readonly (string | undefined)[] =>
  (config.history ?? []).map((step) => step.created_by);

/** A layer of these files, once something is taken out of it: a line an entry. */
async function stripped(
  layer: Readonly<Record<string, FileSpec>>,
  file: RemoveLayersOptions['file'],
): Promise<string[]> {
  const store = await published(
    removeLayers(await stored(await buildImage({ layers: [{ files: layer }] })), '1', { file }),
  );
  const [only] = (await viewImage(store, '2')).document.layers;
  assert.ok(only);
  return (await entriesIn(store.blob(only))).map(({ name, type, linkname, text }) =>
    [name, type === 'file' ? text : type, linkname].filter((part) => part !== undefined && part !== '').join(' '),
  );
}

describe('CAP-G6: layers are removed', () => {
  test('by their position, from the bottom or the top, with their step of the history', async () => {
    const built = await image();
    const [base, secret, app] = built.blobs.slice(1).map(({ descriptor }) => descriptor.digest);
    const middle = await removed(built, { at: [1] });
    assert.deepEqual(digestsOf(middle), [base, app]);
    assert.equal(middle.config.rootfs.diff_ids.length, 2);
    assert.deepEqual(steps(middle), ['ADD base', 'ENV A=b', 'COPY app']);
    const top = await removed(built, { at: [-1, 0, 2] });
    assert.deepEqual(digestsOf(top), [secret]);
    assert.deepEqual(steps(top), ['ENV A=b', 'COPY secret']);
    const error = await rejection('USAGE', removeLayers(await stored(built), '1', { at: [3] }));
    assert.match(`${error.message} ${error.hint}`, /no layer 3 it has 3/);
  });

  test('by what their step of the history says', async () => {
    const built = await image();
    const left = await removed(built, { createdBy: /copy (secret|other)/gi });
    assert.deepEqual(steps(left), ['ADD base', 'ENV A=b', 'COPY app']);
    assert.equal(left.document.layers.length, 2);
    const spool = countedSpool();
    await rejection('USAGE', removeLayers(await stored(built), '1', { createdBy: /ENV/, file: 'app', ...spool }));
    assert.equal(spool.open(), 0);
    const untold = await image({ config: {} });
    assert.equal((await removed(untold, { at: [0] })).config.history, undefined);
  });

  test('of every platform, of which one may not have such a layer', async () => {
    const arm64 = await image({ platform: platform('arm64'), config: { history: history.toReversed() } });
    const other = await image({ config: {} });
    const index = buildIndex({
      manifests: [await image(), arm64, { ...other, descriptor: other.manifest.descriptor }],
    });
    const changed = await removeLayers(await stored(index), '1', { createdBy: /secret/ });
    const { manifests } = await viewIndex(changed.source, changed.root);
    const views = await Promise.all(manifests.map((entry) => viewImage(changed.source, entry)));
    assert.deepEqual(
      views.map(({ document }) => document.layers.length),
      [2, 2, 3],
    );
  });
});

describe('CAP-G6: files are taken out of layers', () => {
  test('of all that have them; the others keep their digest', async () => {
    const built = await image();
    const left = await removed(built, { file: 'root/.npmrc' });
    assert.deepEqual(left.files, [
      { 'etc/name': 'base' },
      { 'root/.ssh/id': 'key' },
      { app: 'app', 'root/.wh..npmrc': '' },
    ]);
    assert.equal(digestsOf(left)[2], built.blobs[3]?.descriptor.digest);
    assert.deepEqual(
      steps(left),
      history.map((step) => step.created_by),
    );
    const both = await removed(built, { file: 'root/.npmrc', at: [0] });
    assert.deepEqual(both.files.length, 2);
    const same = await removeLayers(await stored(built), '1', { file: 'nothing' });
    assert.equal(same.root.digest, built.manifest.descriptor.digest);
  });

  test('with all that is below, by a path or by a function', async () => {
    const layer = { 'a/': '', 'a/b/': '', 'a/b/c': 'c', 'a/bc': 'bc', './a/b/./d': 'd', 'x/../a/b/e': 'e' };
    assert.deepEqual(await stripped(layer, '/a/b/'), ['a/ directory', 'a/bc bc']);
    assert.deepEqual(await stripped(layer, (path) => path.endsWith('c')), [
      'a/ directory',
      'a/b/ directory',
      './a/b/./d d',
      'x/../a/b/e e',
    ]);
    await rejection('USAGE', removeLayers(await stored(await image()), '1', { file: '/' }));
  });

  test('while another name of a file keeps its content', async () => {
    const link = (linkname: string): FileSpec => ({ type: 'link', linkname });
    assert.deepEqual(await stripped({ a: 'content', z: 'z', b: link('a'), c: link('./a'), d: link('b') }, 'a'), [
      'b content',
      'z z',
      'c link b',
      'd link b',
    ]);
    assert.deepEqual(await stripped({ a: 'content', b: link('a'), c: link('b') }, 'b'), ['a content', 'c link a']);
    assert.deepEqual(await stripped({ x: { type: 'symlink', linkname: 'y' }, b: link('x') }, 'x'), ['b symlink y']);
    const twice = (path: string): boolean => path === 'a' || path === 'b';
    assert.deepEqual(await stripped({ a: 'content', b: link('a'), c: link('b'), d: link('a') }, twice), [
      'c content',
      'd link c',
    ]);
    assert.deepEqual(await stripped({ a: 'content', b: link('a') }, twice), []);
  });

  test('but not when a link in another layer needs them', async () => {
    const layers = [{ files: { a: 'content' } }, { files: { b: { type: 'link' as const, linkname: 'a' } } }];
    const spool = countedSpool();
    const base = await stored(await buildImage({ layers }));
    const error = await rejection('UNSUPPORTED', removeLayers(base, '1', { file: 'a', ...spool }));
    assert.match(error.message, /"b" is a hard link to "a"/);
    assert.equal(spool.open(), 0);
  });

  test('but not out of layers that are kept elsewhere', async () => {
    const built = await image();
    const layers = built.blobs.slice(1).map(({ descriptor }) => ({ ...descriptor, urls: ['https://example.com/x'] }));
    const manifest = manifestFromDocument({ ...built.manifest.document, layers });
    const same = await removeLayers(await stored({ ...built, manifest }), '1', { file: 'app' });
    assert.equal(same.root.digest, manifest.descriptor.digest);
  });

  test('and what is removed is told', async () => {
    await rejection('USAGE', removeLayers(await stored(await image()), '1', {}));
  });
});
