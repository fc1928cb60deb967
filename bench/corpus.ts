/**
 * The images that are moved: real files of this machine, each image in an OCI layout of its own that is kept between runs. Layers are
 * gzip without compression, so that their sizes are what they are said to be.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzip } from '../src/bytes/compress.ts';
import { readAll } from '../src/bytes/read.ts';
import { OCI_LAYER_GZIP } from '../src/model/media-types.ts';
import { directoryStore } from '../src/node/directory/directory.ts';
import { type Built, buildImage, buildIndex, buildLayer, type LayerSpec, putBuilt } from '../src/testing/fixtures.ts';
import type { Image } from './works.ts';

export const MIB: number = 1 << 20;
export const LAYERS = 8;
/** The architectures of `platforms`: an index of four images, each as large as `small`. */
const ARCHITECTURES = ['amd64', 'arm64', 's390x', 'ppc64le'];

/** @returns the directory with a layout for each image, named by it; it is built when it is not there, which takes a minute. */
export async function buildCorpus(cache: string, largeMib: number): Promise<string> {
  const directory = join(cache, `corpus-v2-${largeMib}`);
  if (existsSync(directory)) return directory;
  const fresh = `${directory}.unfinished`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  const files = realFiles('/usr');
  const keep = async (image: Image, built: Built): Promise<void> => {
    await putBuilt(directoryStore(join(fresh, image)), built, { tags: [image] });
  };
  await keep('small', await realImage(files, MIB, 'amd64'));
  const platforms = [];
  for (const architecture of ARCHITECTURES) platforms.push(await realImage(files, MIB, architecture));
  await keep('platforms', buildIndex({ manifests: platforms }));
  await keep('large', await realImage(files, largeMib * MIB, 'amd64'));
  await rename(fresh, directory);
  return directory;
}

async function realImage(files: AsyncGenerator<string>, size: number, architecture: string): Promise<Built> {
  const layers: LayerSpec[] = [];
  for (let at = 0; at < LAYERS; at++) {
    const { content, diffId } = await buildLayer({ files: await take(files, size / LAYERS), compression: 'none' });
    const bytes = await readAll(gzip(content.open(), { level: 0 }), 2 * size, 'layer');
    layers.push({ bytes, mediaType: OCI_LAYER_GZIP, diffId });
  }
  return buildImage({ layers, platform: { os: 'linux', architecture } });
}

/** Files of about so many bytes altogether; the last one is cut. */
async function take(files: AsyncGenerator<string>, size: number): Promise<Record<string, Uint8Array>> {
  const taken: Record<string, Uint8Array> = {};
  for (let left = size; left > 0; ) {
    const { done, value: path } = await files.next();
    if (done === true) throw new Error('this machine has too few files for the corpus');
    const bytes = (await readFile(path)).subarray(0, left);
    taken[path.slice(1)] = bytes;
    left -= bytes.length + 1024;
  }
  return taken;
}

async function* realFiles(directory: string): AsyncGenerator<string> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* realFiles(path);
    else if (entry.isFile() && (await stat(path)).size < 256 * MIB) yield path;
  }
}
