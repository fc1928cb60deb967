import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decompress } from '../../src/bytes/decompress.ts';
import { readTar, type TarFile, writeTar } from '../../src/bytes/tar.ts';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import { collect } from '../../src/graph/collect.ts';
import { copy } from '../../src/graph/copy.ts';
import { validate } from '../../src/graph/validate.ts';
import { append } from '../../src/image/change/append.ts';
import { layerFrom, type NewLayer } from '../../src/image/layer/layer.ts';
import type { ImageManifest } from '../../src/model/manifest.ts';
import { contentFrom } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { buildImage, buildIndex } from '../../src/testing/fixtures.ts';
import { stored } from '../support/images-to-change.ts';

const text = new TextEncoder().encode('hello');

async function layerOf(...files: readonly TarFile[]): Promise<NewLayer> {
  return layerFrom(contentFrom(await readAll(writeTar(files), 1 << 20, 'tar')));
}

const file = (name: string): TarFile => ({ name, size: text.length, body: fromArray(text) });

/** The layer on top of the image for each platform, once it was published. */
async function appended(layer: NewLayer): Promise<Record<string, { digest: string; entries: unknown[] }>> {
  const images = ['windows', 'linux'].map((os) =>
    buildImage({ layers: [{ files: { base: os } }], platform: { os, architecture: 'amd64' } }),
  );
  const base = await stored(buildIndex({ manifests: await Promise.all(images) }));
  const { source, root } = await append(base, '1', [layer]);
  const target = createMemoryStore();
  await copy(source, root, target, { tags: ['2'] });
  assert.deepEqual((await validate(target, '2')).problems, []);
  const index = await target.manifest('2');
  assert.ok('manifests' in index.document);
  const told = index.document.manifests.map(async (entry) => {
    const { layers } = (await target.manifest(entry)).document as ImageManifest;
    const top = target.blob(layers.at(-1) ?? assert.fail());
    const entries = await collect(readTar(decompress(top.open())));
    return [
      entry.platform?.os ?? '',
      {
        digest: top.descriptor.digest,
        entries: entries.map(({ name, type, linkname, pax }) => [name, type, linkname, pax?.['MSWINDOWS.rawsd']]),
      },
    ] as const;
  });
  return Object.fromEntries(await Promise.all(told));
}

test('CAP-G5: an image for Windows gets a layer as Windows takes it, others get it as it is', async () => {
  const layer = await layerOf(
    { name: './', type: 'directory' },
    { name: './app/', type: 'directory' },
    file('./app/run.exe'),
    { name: './app/also.exe', type: 'link', linkname: './app/run.exe' },
  );
  const { windows, linux } = await appended(layer);
  assert.equal(linux?.digest, layer.content.descriptor.digest);
  const users = 'AQAAgBQAAAAkAAAAAAAAAAAAAAABAgAAAAAABSAAAAAhAgAAAQIAAAAAAAUgAAAAIQIAAA==';
  assert.deepEqual(windows?.entries, [
    ['Files/', 'directory', undefined, undefined],
    ['Hives/', 'directory', undefined, undefined],
    ['Files/app/', 'directory', undefined, users],
    ['Files/app/run.exe', 'file', undefined, users],
    ['Files/app/also.exe', 'link', 'Files/app/run.exe', users],
  ]);
});

test('CAP-G5: a layer that was made for Windows stays what it is, and the same one always becomes the same', async () => {
  const made = await layerOf({ name: 'Files/', type: 'directory' }, file('Files/run.exe'), {
    name: 'Hives/',
    type: 'directory',
  });
  const kept = await appended(made);
  assert.equal(kept.windows?.digest, made.content.descriptor.digest);
  const plain = await layerOf(file('run.exe'));
  const [one, other] = [await appended(plain), await appended(await layerOf(file('run.exe')))];
  assert.equal(one.windows?.digest, other.windows?.digest);
  assert.notEqual(one.windows?.digest, plain.content.descriptor.digest);
});
