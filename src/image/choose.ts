/** Choosing one image where a name may stand for many. */
import { collect } from '../graph/collect.ts';
import { imageEntries } from '../graph/entries.ts';
import { entryFor, nameOf, requirePlatform } from '../graph/select.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { isIndex, type Manifest } from '../model/manifest.ts';
import { matchPlatform, type Platform } from '../model/platform.ts';
import type { Source } from '../store/types.ts';

const usual: Platform = { os: 'linux', architecture: 'amd64' };

export interface Chosen {
  /** What the name stands for. */
  readonly root: Manifest;
  /** The image; an index that has no images is given itself. */
  readonly image: Manifest;
  /** Of the image, with its platform where that is known. */
  readonly descriptor: Descriptor;
  /** The images of an index; none where there is no index. */
  readonly entries: readonly Descriptor[];
}

/**
 * The image for a platform. Without one an index gives linux/amd64, or else the first image that it has.
 * @throws OciError `NOT_FOUND` naming the platforms that there are
 */
export async function chooseImage(
  source: Source,
  reference: string | Descriptor,
  options: Call & { readonly platform?: Platform | undefined } = {},
): Promise<Chosen> {
  const { platform, ...call } = options;
  const root = await source.manifest(reference, call);
  if (!isIndex(root)) {
    const own =
      platform === undefined
        ? undefined
        : await requirePlatform(source, root, platform, nameOf(source, root, reference), call);
    return { root, image: root, descriptor: withPlatform(root.descriptor, own), entries: [] };
  }
  const entries = await collect(imageEntries(source, root, call));
  const entry =
    platform === undefined
      ? (matchPlatform(entries, usual, (one) => one.platform) ?? entries[0])
      : entryFor(entries, platform, nameOf(source, root, reference));
  if (entry === undefined) return { root, image: root, descriptor: root.descriptor, entries };
  return { root, image: await source.manifest(entry, call), descriptor: entry, entries };
}

/** Where it is not known, the descriptor stays as it is. */
export function withPlatform(descriptor: Descriptor, platform: Platform | undefined): Descriptor {
  return platform === undefined ? descriptor : { ...descriptor, platform };
}
