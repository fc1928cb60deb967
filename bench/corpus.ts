/**
 * The images that are moved: real files of this machine, in an OCI layout that is kept between runs. Layers are gzip
 * without compression, so that their sizes are what they are said to be.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzip } from '../src/bytes/compress.ts';
import { readAll } from '../src/bytes/read.ts';
import { OCI_LAYER_GZIP } from '../src/model/media-types.ts';
import { directoryStore } from '../src/node/directory/directory.ts';
import type { Target } from '../src/store/types.ts';
import { buildLayer, putImage } from '../src/testing/fixtures.ts';

export const MIB: number = 1 << 20;

/** Tag and size of each image. */
export const images: Readonly<Record<string, number>> = { small: MIB, large: 1024 * MIB };
export const LAYERS = 8;

/** @returns the layout's directory; it is built when it is not there, which takes a minute. */
export async function buildCorpus(directory: string): Promise<string> {
  const layout = join(directory, 'corpus-v1');
  if (existsSync(layout)) return layout;
  const fresh = `${layout}.unfinished`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  for (const [tag, size] of Object.entries(images)) await putRealImage(directoryStore(fresh), tag, size);
  await rename(fresh, layout);
  return layout;
}

async function putRealImage(target: Target, tag: string, size: number): Promise<void> {
  const files = realFiles('/usr');
  const layers = [];
  for (let at = 0; at < LAYERS; at++) {
    const { content, diffId } = await buildLayer({ files: await take(files, size / LAYERS), compression: 'none' });
    const bytes = await readAll(gzip(content.open(), { level: 0 }), 2 * size, 'layer');
    layers.push({ bytes, mediaType: OCI_LAYER_GZIP, diffId });
  }
  await putImage(target, { layers, tags: [tag] });
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
