/** An image as people see it: a read view over a source. Nothing of it is kept but its manifest and, once read, its config. */
import { OciError } from '../errors.ts';
import { imageConfig } from '../graph/select.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type HistoryEntry, type ImageConfig } from '../model/image-config.ts';
import { isIndex, type Manifest } from '../model/manifest.ts';
import { type Platform, platformOf } from '../model/platform.ts';
import type { Source } from '../store/types.ts';
import { type Chosen, chooseImage } from './choose.ts';
import { blobsSize } from './size.ts';

/** One image, for one platform. */
export interface Image {
  readonly manifest: Manifest;
  /** Of the manifest. */
  readonly descriptor: Descriptor;
  /** As the index says, or else the image's own config; undefined for an artifact. */
  readonly platform?: Platform | undefined;
  /** The lowest first; a layer stands as often as the manifest has it. */
  readonly layers: readonly Descriptor[];
  /** Bytes of the config and the layers, compressed, each once. */
  readonly size: number;
  /** Verified and parsed; undefined for an artifact. @throws OciError `MANIFEST_INVALID`, `DIGEST_MISMATCH` */
  config(options?: Call): Promise<ImageConfig | undefined>;
  /** How it was made, the oldest step first; empty where the config tells none. */
  history(options?: Call): Promise<readonly HistoryEntry[]>;
}

/**
 * Opens an image for reading. Of an index it is the image for the platform; without one linux/amd64, or else the first.
 * @throws OciError `NOT_FOUND`, naming the platforms that there are
 * @example
 * const image = await openImage(client.repository('alpine'), '3', { platform: parsePlatform('linux/arm64') });
 * console.log(image.size, (await image.config())?.config?.Cmd);
 */
export async function openImage(
  source: Source,
  reference: string | Descriptor,
  options: Call & { readonly platform?: Platform | undefined } = {},
): Promise<Image> {
  const chosen = await chooseImage(source, reference, options);
  if (!isIndex(chosen.image)) return viewOf(source, chosen, { signal: options.signal, on: options.on });
  throw new OciError('NOT_FOUND', `${chosen.root.descriptor.digest} is an index without images`);
}

/** The view on an image that was chosen. */
export async function viewOf(
  source: Source,
  { image: manifest, descriptor: { platform: told } }: Chosen,
  call: Call,
): Promise<Image> {
  let read: { readonly config: ImageConfig | undefined } | undefined;
  const config = async (options: Call = {}): Promise<ImageConfig | undefined> => {
    read ??= { config: await imageConfig(source, manifest, options) };
    return read.config;
  };
  return {
    manifest,
    descriptor: manifest.descriptor,
    platform: told ?? platformOf((await config(call)) ?? {}),
    layers: manifest.links.flatMap(({ role, descriptor }) => (role === 'layer' ? [descriptor] : [])),
    size: blobsSize(manifest),
    config,
    history: async (options) => (await config(options))?.history ?? [],
  };
}
