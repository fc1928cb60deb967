/** Choosing one image where a name stands for many, and what is told of it. */
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { isIndex, type Manifest } from '../model/manifest.ts';
import { formatPlatform, matchPlatform, type Platform } from '../model/platform.ts';
import type { Source } from '../store/types.ts';
import { select } from '../graph/select.ts';

const usual: Platform = { os: 'linux', architecture: 'amd64' };

export interface Chosen {
  /** What the name stands for. */
  readonly root: Manifest;
  readonly image: Manifest;
  /** The platform that an index gives the image; undefined where there is no index. */
  readonly platform: Platform | undefined;
  /** The platforms that there are, each once. */
  readonly platforms: readonly string[];
}

/** The image for a platform. Without one an index gives linux/amd64, or else the first image that it has. */
export async function chooseImage(
  source: Source,
  reference: string | Descriptor,
  options: Call & { readonly platform?: Platform | undefined },
): Promise<Chosen> {
  const { platform, ...call } = options;
  const root = await source.manifest(reference, call);
  if (!isIndex(root)) {
    return {
      root,
      image: platform === undefined ? root : await select(source, root.descriptor, options),
      platform: undefined,
      platforms: [],
    };
  }
  const entries = runnable(root.document.manifests);
  const platforms = [
    ...new Set(entries.flatMap(({ platform }) => (platform === undefined ? [] : [formatPlatform(platform)]))),
  ];
  const entry =
    platform === undefined ? (matchPlatform(entries, usual, (one) => one.platform) ?? entries[0]) : undefined;
  const image =
    entry === undefined ? await select(source, root.descriptor, options) : await source.manifest(entry, call);
  return { root, image, platform: entry?.platform ?? platform, platforms };
}

/** The entries of an index that are images: attestations, whose platform is unknown/unknown, are not. */
export function runnable(entries: readonly Descriptor[]): Descriptor[] {
  return entries.filter(
    ({ platform, annotations }) =>
      platform?.os !== 'unknown' && annotations?.['vnd.docker.reference.type'] === undefined,
  );
}
