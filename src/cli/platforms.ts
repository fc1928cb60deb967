/** A copy of some platforms only: of one it is that image, of several an index that holds just those. */
import { OciError } from '../errors.ts';
import { collect } from '../graph/collect.ts';
import { attestedDigest, imageEntries } from '../graph/entries.ts';
import { entryFor } from '../graph/select.ts';
import { manifestOf } from '../image/change-image.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type ImageIndex, isIndex } from '../model/manifest.ts';
import type { Platform } from '../model/platform.ts';
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
  const images = await collect(imageEntries(source, index, call));
  const wanted = new Set(platforms.map((platform) => entryFor(images, platform, from.describe)));
  const digests = new Set<string | undefined>([...wanted].map(({ digest }) => digest));
  const entries = index.document.manifests;
  const kept = entries.filter((entry) => wanted.has(entry) || digests.has(attestedDigest(entry)));
  if (kept.length === entries.length) return { source, root: index.descriptor };
  const nested = [...wanted].filter((image) => !entries.includes(image));
  const document: ImageIndex = { ...index.document, manifests: [...kept, ...nested] };
  const fewer = manifestOf(document, index);
  return { source: overlay(source, { manifests: [fewer] }), root: fewer.descriptor };
}
