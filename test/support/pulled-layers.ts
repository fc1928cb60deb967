/** Images as plain files in a directory, as a pull leaves them. */
import type { TestContext } from 'node:test';
import type { Digest } from '../../src/model/digest.ts';
import { pullLayers } from '../../src/node/layers/layer-files.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { type Built, buildImage, type Family, putBuilt } from '../../src/testing/fixtures.ts';
import { scratch } from './layouts.ts';

export const layers: readonly { readonly files: Readonly<Record<string, string>> }[] = ['one', 'two'].map((name) => ({
  files: { [name]: name.repeat(1000) },
}));

/** An image of two layers. */
export function platformImage(architecture: string, family: Family = 'oci'): Promise<Built> {
  return buildImage({ layers, platform: { os: 'linux', architecture }, family, config: { author: architecture } });
}

/** The config's digest, then those of the layers. */
export const digestsOf = (built: Built): Digest[] => built.blobs.map(({ descriptor }) => descriptor.digest);

/** Everything of an image as files, as a pull leaves them. */
export async function pulled(t: TestContext, built: Built): Promise<string> {
  const directory = await scratch(t, 'layers');
  const source = createMemoryStore();
  await putBuilt(source, built);
  await pullLayers(source, built.manifest, directory, { config: true });
  return directory;
}
