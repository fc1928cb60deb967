/** The platforms that a name has images for. */
import { imageEntries } from '../graph/entries.ts';
import { platformOfImage } from '../graph/select.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { isIndex } from '../model/manifest.ts';
import type { Platform } from '../model/platform.ts';
import type { Source } from '../store/types.ts';
import { withPlatform } from './choose.ts';

export interface ImagePlatform {
  readonly platform: Platform;
  /** Of the image's manifest. */
  readonly descriptor: Descriptor;
}

/**
 * Those of an index, in its order; of a single image the one that its config states. None is made up: an artifact has none,
 * nor have entries that name none, and attestations (`unknown/unknown`) are no images.
 * @throws OciError `NOT_FOUND`
 */
export async function platformsOf(
  source: Source,
  reference: string | Descriptor,
  options: Call = {},
): Promise<readonly ImagePlatform[]> {
  const root = await source.manifest(reference, options);
  if (!isIndex(root)) {
    return stated(withPlatform(root.descriptor, await platformOfImage(source, root, options)));
  }
  const found: ImagePlatform[] = [];
  for await (const entry of imageEntries(source, root, options)) found.push(...stated(entry));
  return found;
}

function stated(descriptor: Descriptor): readonly ImagePlatform[] {
  const { platform } = descriptor;
  return platform ? [{ platform, descriptor }] : [];
}
