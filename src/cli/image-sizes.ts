/** Sizes of images: compressed from the manifests alone, unpacked by reading the layers. */
import { decompress } from '../bytes/decompress.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { isIndex, type Manifest } from '../model/manifest.ts';
import { formatPlatform, type Platform } from '../model/platform.ts';
import { counted } from '../graph/progress.ts';
import { platformOfImage } from '../graph/select.ts';
import { isForeign } from '../store/links.ts';
import type { Source } from '../store/types.ts';
import { mapLimited } from '../graph/collect.ts';
import type { From } from './ends.ts';
import { runnable } from './images.ts';

/** One blob or manifest, for adding up without counting twice. */
interface Part {
  readonly digest: string;
  readonly isLayer: boolean;
  readonly compressed: number;
  readonly unpacked: number | undefined;
}

export interface ImageSize {
  /** As the user named it. */
  readonly image: string;
  readonly digest: string;
  readonly platform?: string;
  readonly layers: number;
  /** Bytes of manifest, config and layers. */
  readonly compressed: number;
  /** Bytes of the unpacked layers. */
  readonly unpacked?: number;
  readonly parts: readonly Part[];
}

export interface SizeTotal {
  readonly layers: number;
  readonly compressed: number;
  readonly unpacked?: number;
}

export interface MeasureOptions extends Call {
  readonly image: string;
  readonly platform?: Platform | undefined;
  readonly unpacked?: true | undefined;
  readonly concurrency?: number | undefined;
}

/** The size of an image, or of each platform of an index. */
export async function* measureImages(from: From, options: MeasureOptions): AsyncGenerator<ImageSize> {
  const { image, platform, unpacked, concurrency = 4, signal, on } = options;
  const call: Call = { signal, on };
  const root = await from.manifest(platform);
  const entries = isIndex(root) ? runnable(root.document.manifests) : [undefined];
  for (const entry of entries) {
    const manifest = entry === undefined ? root : await from.source.manifest(entry, call);
    const known = entry?.platform ?? (await platformOfImage(from.source, manifest, call));
    const { digest } = manifest.descriptor;
    const parts = await partsOf(from.source, manifest, { call, unpacked: unpacked === true, concurrency });
    yield {
      image,
      digest,
      ...(known === undefined ? {} : { platform: formatPlatform(known) }),
      ...addUpParts(parts),
      parts,
    };
  }
}

/** All images together: what they share counts once. */
export function addUp(sizes: readonly ImageSize[]): SizeTotal {
  return addUpParts(sizes.flatMap(({ parts }) => parts));
}

function addUpParts(parts: readonly Part[]): SizeTotal {
  const once = [...new Map(parts.map((part) => [part.digest, part])).values()];
  const sum = (of: (part: Part) => number): number => once.reduce((total, part) => total + of(part), 0);
  const measured = once.some(({ unpacked }) => unpacked !== undefined);
  return {
    layers: once.filter(({ isLayer }) => isLayer).length,
    compressed: sum(({ compressed }) => compressed),
    ...(measured ? { unpacked: sum(({ unpacked = 0 }) => unpacked) } : {}),
  };
}

interface PartOptions {
  readonly call: Call;
  readonly unpacked: boolean;
  readonly concurrency: number;
}

async function partsOf(
  source: Source,
  manifest: Manifest,
  { call, unpacked, concurrency }: PartOptions,
): Promise<Part[]> {
  const own: Part = {
    digest: manifest.descriptor.digest,
    isLayer: false,
    compressed: manifest.bytes.length,
    unpacked: undefined,
  };
  const parts = [own];
  const links = mapLimited(manifest.links, concurrency, async (link): Promise<Part> => {
    const { role, descriptor } = link;
    const read = unpacked && role === 'layer' && !isForeign(link);
    const size = read ? await unpackedSize(source, descriptor, call) : undefined;
    return { digest: descriptor.digest, isLayer: role === 'layer', compressed: descriptor.size, unpacked: size };
  });
  for await (const part of links) parts.push(part);
  return parts;
}

async function unpackedSize(source: Source, layer: Descriptor, call: Call): Promise<number> {
  call.on?.({ type: 'start', descriptor: layer });
  let size = 0;
  for await (const chunk of decompress(counted(source.blob(layer), call.on).open(call), { signal: call.signal }))
    size += chunk.length;
  call.on?.({ type: 'done', descriptor: layer, outcome: 'exists' });
  return size;
}
