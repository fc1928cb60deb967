/** A copy of some platforms only: of one it is that image, of several an index that holds just those. */
import { OciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { isIndex } from '../model/manifest.ts';
import { formatPlatform, matchPlatform, type Platform } from '../model/platform.ts';
import { manifestFromDocument } from '../store/content.ts';
import { overlay } from '../store/overlay.ts';
import type { Source } from '../store/types.ts';
import type { From } from './ends.ts';

/** What is to be copied, and from where. Without platforms, all that the name stands for. */
export async function choosePlatforms(
  from: From,
  platforms: readonly Platform[],
  call: Call,
): Promise<{ source: Source; root: Descriptor }> {
  const { source } = from;
  const [only] = platforms;
  if (only === undefined) return { source, root: await from.resolve() };
  if (platforms.length === 1) return { source, root: await from.resolve(only) };
  const index = await source.manifest(from.reference, call);
  if (!isIndex(index)) throw new OciError('USAGE', `${from.describe} is a single image: it has one platform only`);
  const entries = index.document.manifests;
  const wanted = new Set(platforms.map((platform) => entryFor(entries, platform, from)));
  const kept = entries.filter(
    (entry) => wanted.has(entry) || [...wanted].some((image) => isAttestationOf(entry, image)),
  );
  if (kept.length === entries.length) return { source, root: index.descriptor };
  const fewer = manifestFromDocument({ ...index.document, manifests: kept });
  return { source: overlay(source, { manifests: [fewer] }), root: fewer.descriptor };
}

function entryFor(entries: readonly Descriptor[], platform: Platform, { describe }: From): Descriptor {
  const entry = matchPlatform(entries, platform, (one) => one.platform);
  if (entry !== undefined) return entry;
  throw new OciError('NOT_FOUND', `${describe} has nothing for ${formatPlatform(platform)}`, {
    hint: 'see "lading inspect" for the platforms that there are',
  });
}

/** BuildKit keeps provenance and SBOMs beside the images of an index; each tells which one it is about. */
function isAttestationOf({ annotations }: Descriptor, image: Descriptor): boolean {
  return annotations?.['vnd.docker.reference.digest'] === image.digest;
}
