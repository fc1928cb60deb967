/** What is in files of the layers: each layer is gone through once, and nothing is kept of a file but its hash and the packages it tells. */
import { createHasher } from '../../bytes/hash.ts';
import { fromArray, readAll } from '../../bytes/read.ts';
import type { Bytes, Call } from '../../model/call.ts';
import type { LayerEntry } from '../files/layer-entries.ts';
import type { LayerPool } from './layer-pool.ts';
import type { Package } from './package-formats.ts';

/** A file of a layer that is to be read. */
export interface Want {
  /** What the layer is known by. */
  readonly layer: string;
  readonly entry: LayerEntry;
  /** Reads it as a file that tells of packages. */
  readonly packagesIn?: ((text: string) => readonly Package[]) | undefined;
}

/** Files that tell of packages are read whole: larger ones are none. */
export const MAX_PACKAGE_FILE: number = 16 * 1024 * 1024;

export interface FileContent {
  readonly digest: string;
  readonly packages: readonly Package[];
}

/** By {@link contentKey}. */
export type Contents = ReadonlyMap<string, FileContent>;

/** The same for two names of one file. */
export function contentKey({ layer, entry }: Pick<Want, 'layer' | 'entry'>): string {
  return `${entry.index} ${layer}`;
}

export async function readContents(pool: LayerPool, wants: Iterable<Want>, call: Call): Promise<Contents> {
  const byLayer = new Map<string, Map<LayerEntry, Want>>();
  for (const want of wants) {
    const ofLayer = byLayer.get(want.layer) ?? new Map<LayerEntry, Want>();
    byLayer.set(want.layer, ofLayer);
    if (want.packagesIn !== undefined || !ofLayer.has(want.entry)) ofLayer.set(want.entry, want);
  }
  const contents = new Map<string, FileContent>();
  for (const [layer, ofLayer] of byLayer) {
    for await (const { entry, body } of pool.reader(layer).readMany([...ofLayer.keys()], call)) {
      const want = ofLayer.get(entry);
      if (want !== undefined) contents.set(contentKey(want), await contentOf(body, want));
    }
  }
  return contents;
}

async function contentOf(body: Bytes, { entry, packagesIn }: Want): Promise<FileContent> {
  if (packagesIn === undefined) return { digest: await hashOf(body), packages: [] };
  const bytes = await readAll(body, MAX_PACKAGE_FILE, entry.path);
  return { digest: await hashOf(fromArray(bytes)), packages: packagesIn(new TextDecoder().decode(bytes)) };
}

async function hashOf(body: Bytes): Promise<string> {
  const hasher = createHasher('sha256');
  for await (const chunk of body) hasher.update(chunk);
  return hasher.digest();
}
