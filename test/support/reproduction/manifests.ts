/** The images that a tag stands for. */
import type { Descriptor } from '../../../src/model/descriptor.ts';
import { isIndex } from '../../../src/model/manifest.ts';
import type { Source } from '../../../src/store/types.ts';

/** That of the tag itself, or those of its index. */
export async function imageManifests(source: Source, tag: string): Promise<readonly Descriptor[]> {
  const manifest = await source.manifest(tag);
  return isIndex(manifest) ? manifest.document.manifests : [manifest.descriptor];
}
