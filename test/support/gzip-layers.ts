/** Plain gzip layers that are worth an index, and a cache that a test looks into. */
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/bytes/hash.ts';
import type { TarFile } from '../../src/bytes/tar.ts';
import type { Digest } from '../../src/model/digest.ts';
import { OCI_LAYER_GZIP } from '../../src/model/media-types.ts';
import type { Cache } from '../../src/store/cache.ts';
import { type LayerSpec, seededBytes } from '../../src/testing/fixtures.ts';
import { directory, file, hardLink, tarOf, whiteout } from './layered.ts';

export type GzipLayer = LayerSpec & { readonly bytes: Uint8Array; readonly diffId: Digest };

export async function gzipLayer(files: readonly TarFile[]): Promise<GzipLayer> {
  const tar = await tarOf(files);
  return { bytes: new Uint8Array(gzipSync(tar, { level: 1 })), mediaType: OCI_LAYER_GZIP, diffId: digestOf(tar) };
}

/** Bytes of a file that no compression makes smaller. */
export const filler = (at: number): Uint8Array => seededBytes(900_000, at);
export const lower: GzipLayer = await gzipLayer([file('low', filler(1)), file('gone', 'gone')]);
export const upper: GzipLayer = await gzipLayer([
  directory('usr/'),
  file('usr/first', 'the first'),
  file('usr/filler-1', filler(2)),
  file('usr/middle', 'in the middle'),
  hardLink('usr/same', 'usr/middle'),
  whiteout('gone'),
  file('usr/filler-2', filler(3)),
  file('usr/last', 'the last'),
]);

/** A cache of which a test sees and changes what is kept. */
export function openCache(): Cache & { readonly kept: Map<string, Uint8Array> } {
  const kept = new Map<string, Uint8Array>();
  return {
    kept,
    get: async (key) => kept.get(key),
    put: async (key, bytes) => void kept.set(key, bytes),
  };
}
