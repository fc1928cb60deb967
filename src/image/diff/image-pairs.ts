/** Which images of two names are to be compared with each other: those for the same platform. */
import { OciError } from '../../errors.ts';
import { collect } from '../../graph/collect.ts';
import { imageEntries } from '../../graph/entries.ts';
import { platformOfImage } from '../../graph/select.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { isIndex, type Manifest } from '../../model/manifest.ts';
import { normalizePlatform, type Platform } from '../../model/platform.ts';
import type { Source } from '../../store/types.ts';
import { chooseImage, withPlatform } from '../choose.ts';

/** An image, an index of images, or an artifact, and where it is. */
export interface DiffEnd {
  readonly source: Source;
  /** Its tag or digest there. */
  readonly reference: string | Descriptor;
}

/** What a name stands for. */
export interface OpenEnd {
  readonly source: Source;
  readonly root: Manifest;
  /** Those that are to be compared. */
  readonly images: readonly Descriptor[];
  /** Of one of the images; what was read before is not read again. */
  manifest(image: Descriptor, call: Call): Promise<Manifest>;
}

/** Two images for one platform; at least one of them is there. */
export interface ImagePair {
  /** As an index tells it; undefined where both names stand for one image each. */
  readonly platform?: Platform | undefined;
  readonly before?: Descriptor | undefined;
  readonly after?: Descriptor | undefined;
}

/** @throws OciError `NOT_FOUND` */
export async function resolveEnd({ source, reference }: DiffEnd, call: Call): Promise<Descriptor> {
  if (typeof reference !== 'string') return reference;
  const descriptor = await source.resolve(reference, call);
  if (descriptor !== undefined) return descriptor;
  throw new OciError('NOT_FOUND', `${reference} is not there`, { missing: 'manifest' });
}

/** @throws OciError `NOT_FOUND` naming the platforms that there are */
export async function openEnd(
  source: Source,
  descriptor: Descriptor,
  platform: Platform | undefined,
  call: Call,
): Promise<OpenEnd> {
  if (platform !== undefined) {
    const { root, image, descriptor: chosen } = await chooseImage(source, descriptor, { ...call, platform });
    return endOf(source, root, [chosen], [image]);
  }
  const root = await source.manifest(descriptor, call);
  const images = isIndex(root) ? await collect(imageEntries(source, root, call)) : [root.descriptor];
  return endOf(source, root, images, [root]);
}

function endOf(source: Source, root: Manifest, images: readonly Descriptor[], read: readonly Manifest[]): OpenEnd {
  const manifest: OpenEnd['manifest'] = async (image, call) =>
    read.find(({ descriptor }) => descriptor.digest === image.digest) ?? source.manifest(image, call);
  return { source, root, images, manifest };
}

/** The images of both, in the order of the first; what only the second has comes after them. */
export async function pairsOfImages(
  before: OpenEnd,
  after: OpenEnd,
  platform: Platform | undefined,
  call: Call,
): Promise<readonly ImagePair[]> {
  if (platform !== undefined || (!isIndex(before.root) && !isIndex(after.root))) {
    return [{ platform, before: before.images[0], after: after.images[0] }];
  }
  const old = keyed(await withPlatforms(before, call));
  const current = keyed(await withPlatforms(after, call));
  return [...new Set([...old.keys(), ...current.keys()])].map((key) => {
    const [own, other] = [old.get(key), current.get(key)];
    return { platform: own?.platform ?? other?.platform, before: own, after: other };
  });
}

/** Of a single image, its own config tells the platform. */
async function withPlatforms({ source, root, images }: OpenEnd, call: Call): Promise<readonly Descriptor[]> {
  return isIndex(root) ? images : [withPlatform(root.descriptor, await platformOfImage(source, root, call))];
}

/** Several for one platform, as some indexes have them, are told apart by their order. */
function keyed(images: readonly Descriptor[]): ReadonlyMap<string, Descriptor> {
  const byKey = new Map<string, Descriptor>();
  for (const image of images) {
    const { platform } = image;
    const name = platform ? JSON.stringify(normalizePlatform(platform)) : '';
    let key = name;
    for (let copy = 2; byKey.has(key); copy++) key = `${name} ${copy}`;
    byKey.set(key, image);
  }
  return byKey;
}
