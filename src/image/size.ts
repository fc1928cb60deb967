/**
 * Sizes of images: their configs and layers, each digest once. Compressed they are told by the manifests alone; unpacked,
 * by reading the layers. Manifests are not counted.
 */
import { decompress } from '../bytes/decompress.ts';
import { OciError } from '../errors.ts';
import { imageEntries } from '../graph/entries.ts';
import { counted } from '../graph/progress.ts';
import { platformOfImage } from '../graph/select.ts';
import { withTasks } from '../graph/tasks.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { isIndex, type Link, type Manifest } from '../model/manifest.ts';
import type { Platform } from '../model/platform.ts';
import { isForeign } from '../store/links.ts';
import type { Source } from '../store/types.ts';
import { chooseImage } from './choose.ts';

/** One blob of an image. */
export interface SizePart {
  readonly digest: string;
  readonly isLayer: boolean;
  /** Bytes as they are stored. */
  readonly compressed: number;
  /** Bytes of the unpacked layer, where it was read. */
  readonly unpacked?: number | undefined;
}

export interface SizeTotal {
  readonly layers: number;
  /** Bytes of configs and layers as they are stored. */
  readonly compressed: number;
  /** Bytes of the unpacked layers, where they were read. */
  readonly unpacked?: number | undefined;
}

/** What one image weighs. */
export interface ImageSize extends SizeTotal {
  /** Of its manifest. */
  readonly descriptor: Descriptor;
  readonly platform?: Platform | undefined;
  /** Each blob once: several images are added up by them. */
  readonly parts: readonly SizePart[];
}

export interface ImageSizesOptions extends Call {
  /** Only the image for this platform. */
  readonly platform?: Platform | undefined;
  /** Read the layers, too, for their unpacked sizes. */
  readonly unpacked?: boolean | undefined;
  /** Layers read at a time; 4 unless told. */
  readonly concurrency?: number | undefined;
}

/**
 * The size of an image, or of each image of an index; {@link totalSize} adds them up.
 * @throws OciError `NOT_FOUND`, and with `unpacked` what reading a layer throws
 */
export async function* imageSizes(
  source: Source,
  reference: string | Descriptor,
  options: ImageSizesOptions = {},
): AsyncGenerator<ImageSize> {
  for await (const { manifest, platform } of imagesOf(source, reference, options)) {
    yield sizeOf(source, manifest, platform, options);
  }
}

interface Measured {
  readonly manifest: Manifest;
  /** As an index tells it. */
  readonly platform: Platform | undefined;
}

async function* imagesOf(
  source: Source,
  reference: string | Descriptor,
  { platform, signal, on }: ImageSizesOptions,
): AsyncGenerator<Measured> {
  const call: Call = { signal, on };
  if (platform !== undefined) {
    const { image, descriptor } = await chooseImage(source, reference, { ...call, platform });
    return yield { manifest: image, platform: descriptor.platform };
  }
  const root = await source.manifest(reference, call);
  if (!isIndex(root)) return yield { manifest: root, platform: undefined };
  for await (const entry of imageEntries(source, root, call)) {
    yield { manifest: await source.manifest(entry, call), platform: entry.platform };
  }
}

/** All images together: what they share counts once. */
export function totalSize(sizes: Iterable<ImageSize>): SizeTotal {
  return addUp([...sizes].flatMap(({ parts }) => parts));
}

/**
 * Bytes of the config and the layers of a manifest, compressed, each once. Of an artifact, those of its blobs.
 * @throws OciError `USAGE` for an index, whose images have to be read: {@link imageSizes}
 */
export function contentSize(manifest: Manifest): number {
  if (manifest.links.some(({ role }) => role === 'manifest')) {
    throw new OciError('USAGE', `${manifest.descriptor.digest} is an index: its size is that of its images`, {
      hint: 'imageSizes() tells the size of each, totalSize() of all together',
    });
  }
  return blobsSize(manifest);
}

/** The same of any manifest: what an index lists is not counted. */
export function blobsSize({ links }: Manifest): number {
  return addUp(links.filter(({ role }) => role !== 'manifest').map(partOf)).compressed;
}

async function sizeOf(
  source: Source,
  manifest: Manifest,
  told: Platform | undefined,
  { unpacked = false, concurrency = 4, signal, on }: ImageSizesOptions,
): Promise<ImageSize> {
  const { descriptor } = manifest;
  const platform = told ?? (await platformOfImage(source, manifest, { signal, on }));
  const links = [...new Map(manifest.links.map((link) => [link.descriptor.digest, link])).values()];
  const parts = unpacked
    ? await withTasks(concurrency, signal, (tasks) =>
        Promise.all(links.map((link) => tasks.run((own) => unpackedPart(source, link, { signal: own, on })))),
      )
    : links.map(partOf);
  return { descriptor, platform, ...addUp(parts), parts };
}

function partOf({ role, descriptor: { digest, size } }: Link): SizePart {
  return { digest, isLayer: role === 'layer', compressed: size };
}

/** Of what is no layer, or need not be there, nothing is read. */
async function unpackedPart(source: Source, link: Link, call: Call): Promise<SizePart> {
  const part = partOf(link);
  if (!part.isLayer || isForeign(link)) return part;
  return { ...part, unpacked: await unpackedSize(source, link.descriptor, call) };
}

async function unpackedSize(source: Source, layer: Descriptor, call: Call): Promise<number> {
  call.on?.({ type: 'start', descriptor: layer });
  let size = 0;
  for await (const chunk of decompress(counted(source.blob(layer), call.on).open(call), { signal: call.signal }))
    size += chunk.length;
  call.on?.({ type: 'done', descriptor: layer, outcome: 'exists' });
  return size;
}

function addUp(parts: readonly SizePart[]): SizeTotal {
  const once = [...new Map(parts.map((part) => [part.digest, part])).values()];
  const sum = (of: (part: SizePart) => number): number => once.reduce((total, part) => total + of(part), 0);
  const measured = once.some(({ unpacked }) => unpacked !== undefined);
  return {
    layers: once.filter(({ isLayer }) => isLayer).length,
    compressed: sum(({ compressed }) => compressed),
    ...(measured ? { unpacked: sum(({ unpacked = 0 }) => unpacked) } : {}),
  };
}
