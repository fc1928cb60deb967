/** From a name and a platform to one manifest. */
import { OciError } from '../errors.ts';
import { readAll } from '../bytes/read.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type ImageConfig, parseImageConfig } from '../model/image-config.ts';
import { isIndex, type Manifest } from '../model/manifest.ts';
import { isImageConfigType } from '../model/media-types.ts';
import { formatPlatform, matchPlatform, type Platform, platformOf } from '../model/platform.ts';
import type { Source } from '../store/types.ts';

/** The largest image config that is read, in bytes. */
export const MAX_CONFIG_BYTES: number = 8 * 1024 * 1024;

/**
 * The manifest for a platform: the best match of an index, or a single image whose own config says that it fits.
 * Without a platform, whatever the reference names.
 * @throws OciError `NOT_FOUND` naming the platforms that there are
 */
export async function select(
  source: Source,
  reference: string | Descriptor,
  options: Call & { readonly platform?: Platform | undefined } = {},
): Promise<Manifest> {
  const { platform, ...call } = options;
  const manifest = await source.manifest(reference, call);
  if (platform === undefined) return manifest;
  if (!isIndex(manifest)) return single(source, manifest, platform, call);
  const entry = matchPlatform(manifest.document.manifests, platform, (descriptor) => descriptor.platform);
  if (entry !== undefined) return select(source, entry, call);
  throw noPlatform(
    platform,
    manifest.document.manifests.map((descriptor) => descriptor.platform),
  );
}

async function single(source: Source, manifest: Manifest, platform: Platform, call: Call): Promise<Manifest> {
  const own = await platformOfImage(source, manifest, call);
  if (own === undefined || matchPlatform([own], platform, (candidate) => candidate) !== undefined) return manifest;
  throw noPlatform(platform, [own]);
}

/** The platform that a single image's config states; undefined for an artifact. */
export async function platformOfImage(
  source: Source,
  manifest: Manifest,
  call: Call = {},
): Promise<Platform | undefined> {
  const config = await imageConfig(source, manifest, call);
  return config && platformOf(config);
}

/** The parsed config of a single image; undefined where the manifest has none (an index, an artifact). */
export async function imageConfig(
  source: Source,
  manifest: Manifest,
  call: Call = {},
): Promise<ImageConfig | undefined> {
  const link = manifest.links.find(({ role }) => role === 'config');
  if (link === undefined || !isImageConfigType(link.descriptor.mediaType)) return undefined;
  return parseImageConfig(
    await readAll(source.blob(link.descriptor).open(call), MAX_CONFIG_BYTES, `config ${link.descriptor.digest}`),
  );
}

function noPlatform(wanted: Platform, there: readonly (Platform | undefined)[]): OciError {
  const known = there
    .filter((platform) => platform !== undefined && platform.os !== 'unknown')
    .map((platform) => formatPlatform(platform as Platform));
  return new OciError('NOT_FOUND', `there is no ${formatPlatform(wanted)} in this image`, {
    hint: known.length === 0 ? 'its entries name no platform' : `it has ${[...new Set(known)].join(', ')}`,
  });
}
