/** From a name and a platform to one manifest. */
import { OciError } from '../errors.ts';
import { readAll } from '../bytes/read.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { isDigest } from '../model/digest.ts';
import { type ImageConfig, MAX_CONFIG_BYTES, parseImageConfig } from '../model/image-config.ts';
import { isIndex, type Manifest } from '../model/manifest.ts';
import { isImageConfigType } from '../model/media-types.ts';
import { formatPlatform, matchPlatform, type Platform, platformOf } from '../model/platform.ts';
import type { Source } from '../store/types.ts';
import { collect } from './collect.ts';
import { imageEntries } from './entries.ts';

export { MAX_CONFIG_BYTES };

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
  const name = nameOf(source, manifest, reference);
  if (isIndex(manifest)) {
    const entries = await collect(imageEntries(source, manifest, call));
    return source.manifest(entryFor(entries, platform, name), call);
  }
  await requirePlatform(source, manifest, platform, name, call);
  return manifest;
}

/** How messages name an image: `docker.io/library/php:7.3`, or as much of that as is known. */
export function nameOf(source: Source, { descriptor }: Manifest, reference: string | Descriptor): string {
  const text = typeof reference === 'string' ? reference : reference.digest;
  const { origin } = source.blob(descriptor);
  return origin === undefined ? text : `${origin.registry}/${origin.repository}${isDigest(text) ? '@' : ':'}${text}`;
}

/** The entry that fits a platform best. @throws OciError `NOT_FOUND` naming the platforms that there are */
export function entryFor(entries: readonly Descriptor[], platform: Platform, name: string = 'this image'): Descriptor {
  const entry = matchPlatform(entries, platform, (descriptor) => descriptor.platform);
  if (entry !== undefined) return entry;
  const there = entries.map((descriptor) => descriptor.platform);
  throw noPlatform(name, platform, there);
}

/**
 * Fails when a single image is for another platform. An artifact is for none, and fits every one.
 * @returns the platform that the image's config states
 * @throws OciError `NOT_FOUND`
 */
export async function requirePlatform(
  source: Source,
  manifest: Manifest,
  platform: Platform,
  name: string,
  call: Call,
): Promise<Platform | undefined> {
  const own = await platformOfImage(source, manifest, call);
  if (own === undefined || matchPlatform([own], platform, (candidate) => candidate) !== undefined) return own;
  throw noPlatform(name, platform, [own]);
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

/** Platforms that a hint names. */
const MAX_NAMED = 30;

/** Names the image, and all that was asked for: system, architecture, variant, version, features. */
function noPlatform(name: string, wanted: Platform, there: readonly (Platform | undefined)[]): OciError {
  const known = there.flatMap((platform) => (platform ? [formatPlatform(platform)] : []));
  const { 'os.features': features = [] } = wanted;
  const needed = features.length === 0 ? '' : ` with ${features.join(', ')}`;
  return new OciError('NOT_FOUND', `there is no ${formatPlatform(wanted)}${needed} in ${name}`, {
    hint:
      known.length === 0
        ? 'its entries name no platform'
        : `it has ${[...new Set(known)].slice(0, MAX_NAMED).join(', ')}`,
  });
}
