/** The image that has nothing in it, to begin with: `FROM scratch`. What it shall hold is added by changing it. */
import type { Descriptor } from '../../model/descriptor.ts';
import type { Manifest } from '../../model/manifest.ts';
import {
  DOCKER_CONFIG,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../model/media-types.ts';
import type { Platform } from '../../model/platform.ts';
import { contentFrom, manifestFromDocument } from '../../store/content.ts';
import { createMemoryStore } from '../../store/memory.ts';
import { overlay } from '../../store/overlay.ts';
import type { Content, Source } from '../../store/types.ts';

export interface ScratchOptions {
  /** One image for each, in an index when there are several; linux/amd64 unless told. */
  readonly platforms?: readonly Platform[] | undefined;
  /** The media types; `oci` unless told. */
  readonly family?: 'oci' | 'docker' | undefined;
}

const families = {
  oci: { manifest: OCI_MANIFEST, config: OCI_CONFIG, index: OCI_INDEX },
  docker: { manifest: DOCKER_MANIFEST, config: DOCKER_CONFIG, index: DOCKER_LIST },
} as const;
const usual: Platform = { os: 'linux', architecture: 'amd64' };

/**
 * An image without layers and settings, in no registry yet. The same platforms are the same digest.
 * @example
 * const empty = scratch();
 * const { source, root } = await append(empty.source, empty.root, [await readLayer('app.tar')]);
 */
export function scratch(options: ScratchOptions = {}): { readonly source: Source; readonly root: Descriptor } {
  const { platforms = [usual], family = 'oci' } = options;
  const images = platforms.map((platform) => emptyImage(platform, families[family]));
  const [only] = images;
  const index = manifestFromDocument({
    schemaVersion: 2,
    mediaType: families[family].index,
    manifests: images.map(({ manifest: { descriptor }, platform }) => ({ ...descriptor, platform })),
  });
  const isOne = only !== undefined && images.length === 1;
  const manifests = [...images.map(({ manifest }) => manifest), ...(isOne ? [] : [index])];
  const source = overlay(createMemoryStore(), { manifests, blobs: images.map(({ config }) => config) });
  return { source, root: isOne ? only.manifest.descriptor : index.descriptor };
}

function emptyImage(
  platform: Platform,
  types: { readonly manifest: string; readonly config: string },
): { readonly platform: Platform; readonly manifest: Manifest; readonly config: Content } {
  const { architecture, os, ...more } = platform;
  const document = { architecture, os, ...more, rootfs: { type: 'layers', diff_ids: [] } };
  const config = contentFrom(new TextEncoder().encode(JSON.stringify(document)), types.config);
  const manifest = manifestFromDocument({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: config.descriptor,
    layers: [],
  });
  return { platform, manifest, config };
}
