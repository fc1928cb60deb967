/** How little of an image of 300 MB goes over the wire for a question, by the log of the registry that sent it. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/bytes/hash.ts';
import type { TarFile } from '../../src/bytes/tar.ts';
import { openFileSystem } from '../../src/image/files/file-system.ts';
import { OCI_LAYER_GZIP } from '../../src/model/media-types.ts';
import { createClient } from '../../src/node/client.ts';
import { directoryRegistry } from '../../src/node/directory/directory-registry.ts';
import { memoryCache } from '../../src/store/cache.ts';
import { type LayerSpec, seededBytes } from '../../src/testing/fixtures.ts';
import { cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { type PutLayer, putLayer, putLayers } from '../support/large-image.ts';
import { directory, file, tarOf, textOf } from '../support/layered.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { tocLayer } from '../support/toc-layers.ts';

const LAYERS = 10;
const LAYER_BYTES = 30_000_000;
/** Of the image, which nothing makes smaller. */
const WHOLE = LAYERS * LAYER_BYTES;

let world: World;
let work: TemporaryDirectory;
let tops: Readonly<Record<'before' | 'after', PutLayer>>;

const filesOf = (at: number, version: string): TarFile[] => [
  directory(`part-${at}/`),
  file(`part-${at}/first`, `the first of ${at}`),
  file(`part-${at}/version`, version),
  file(`part-${at}/random`, seededBytes(LAYER_BYTES, `part ${at}`)),
  file(`part-${at}/last`, `the last of ${at}`),
];

async function gzipLayer(at: number, version: string = '1'): Promise<LayerSpec> {
  const tar = await tarOf(filesOf(at, version));
  // The lower ones are not read: that they are stored saves time.
  const level = at < LAYERS - 2 ? 0 : 1;
  return { bytes: new Uint8Array(gzipSync(tar, { level })), mediaType: OCI_LAYER_GZIP, diffId: digestOf(tar) };
}

before(async () => {
  work = await temporaryDirectory('bytes-on-the-wire');
  world = await openWorld({ registry: directoryRegistry(join(work.path, 'registry')) });
  const repository = world.registry.repository('team/large');
  const layers: Record<'zstd' | 'gzip', PutLayer[]> = { zstd: [], gzip: [] };
  for (let at = 0; at < LAYERS; at++) {
    const chunked = await tocLayer('zstd:chunked', filesOf(at, '1'), { chunkSize: 1 << 20 });
    layers.zstd.push(await putLayer(repository, chunked));
    layers.gzip.push(await putLayer(repository, await gzipLayer(at)));
  }
  const other = await putLayer(repository, await gzipLayer(LAYERS - 1, '2'));
  tops = { before: layers.gzip[LAYERS - 1] ?? other, after: other };
  for (const size of [
    await putLayers(repository, 'zstd', layers.zstd),
    await putLayers(repository, 'gzip', layers.gzip),
    await putLayers(repository, 'after', [...layers.gzip.slice(0, -1), other]),
  ]) {
    assert.ok(size >= WHOLE);
  }
});
after(async () => {
  await world?.close();
  await work?.remove();
});

/** Runs a command. @returns what it printed, and the bytes of all bodies that the registry has sent for it. */
async function wire(...args: string[]): Promise<{ stdout: string; bytes: number; blobs: readonly string[] }> {
  world.requests.length = 0;
  const { code, stdout, stderr } = await cli(args.map((arg) => arg.replace('IMAGE', `${world.host}/team/large`)));
  assert.equal(code, 0, stderr);
  const blobs = world.requests.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/'));
  return { stdout, bytes: sent(), blobs: blobs.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)) };
}

const sent = (): number => world.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0);

test('CAP-E11: a file near the top of a zstd:chunked image takes less than 1 % of it', async () => {
  const { stdout, bytes } = await wire('cat', 'IMAGE:zstd', 'part-8/last');
  assert.equal(stdout, 'the last of 8');
  assert.ok(bytes > 0 && bytes < WHOLE / 100, `${bytes} of ${WHOLE} bytes`);
});

test('CAP-E12: the files of a zstd:chunked image are listed with less than 1 % of it', async () => {
  const { stdout, bytes } = await wire('files', '--recursive', 'IMAGE:zstd');
  assert.equal(stdout.trimEnd().split('\n').length, 5 * LAYERS);
  assert.ok(bytes > 0 && bytes < WHOLE / 100, `${bytes} of ${WHOLE} bytes`);
});

test('CAP-E11: a file of a plain gzip image takes the layers above it, and then less than 5 %', async () => {
  const cache = join(work.path, 'cache');
  const first = await wire('cat', '--cache', cache, 'IMAGE:gzip', 'part-8/first');
  assert.equal(first.stdout, 'the first of 8');
  assert.ok(first.bytes > 2 * LAYER_BYTES && first.bytes < 2.1 * LAYER_BYTES, `${first.bytes} bytes: two layers`);
  assert.equal((await readdir(cache)).length, 2, 'an index of each');
  for (const name of ['first', 'last']) {
    const { stdout, bytes } = await wire('cat', '--cache', cache, 'IMAGE:gzip', `part-8/${name}`);
    assert.equal(stdout, `the ${name} of 8`);
    assert.ok(bytes > 0 && bytes < WHOLE / 20, `${bytes} of ${WHOLE} bytes`);
  }
  const { bytes } = await wire('cat', '--cache', 'none', 'IMAGE:gzip', 'part-9/first');
  assert.ok(bytes > LAYER_BYTES, 'without the cache it is the layer again');
});

test('CAP-E11: the same through the library, with a cache in memory', async () => {
  const client = createClient({ credentials: async () => undefined });
  try {
    const repository = client.repository(`${world.host}/team/large`);
    const manifest = await repository.manifest('gzip');
    const cache = memoryCache();
    const read = async (path: string): Promise<string> => {
      const files = openFileSystem(repository, manifest, { cache });
      try {
        return await textOf(files.read(path));
      } finally {
        await files.close();
      }
    };
    assert.equal(await read('part-9/first'), 'the first of 9');
    world.requests.length = 0;
    assert.equal(await read('part-9/last'), 'the last of 9');
    assert.ok(sent() > 0 && sent() < WHOLE / 20, `${sent()} of ${WHOLE} bytes`);
  } finally {
    await client.close();
  }
});

test('CAP-E11 CAP-N3: of two images that share nine of ten layers a diff takes the tenth of each', async () => {
  const args = ['diff', '--files', '--cache', 'none', 'IMAGE:gzip', 'IMAGE:after'];
  const { stdout, bytes, blobs } = await wire(...args);
  assert.match(stdout, /part-9\/version/);
  const { before, after } = tops;
  const layers = blobs.filter((digest) =>
    world.requests.some(({ path, bytesOut }) => path.endsWith(digest) && bytesOut > 1e6),
  );
  assert.deepEqual(layers.sort(), [before.descriptor.digest, after.descriptor.digest].sort());
  assert.ok(bytes < before.descriptor.size + after.descriptor.size + 100_000, `${bytes} bytes`);
});
