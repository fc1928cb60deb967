/** Changing one image: its documents are read, what shall become of them is asked, and that is made. Indexes are changed elsewhere. */
import { OciError } from '../../errors.ts';
import { readAll } from '../../bytes/read.ts';
import type { Call } from '../../model/call.ts';
import { type Descriptor, isObject } from '../../model/descriptor.ts';
import { type ImageConfig, MAX_CONFIG_BYTES, parseImageConfig } from '../../model/image-config.ts';
import { type ImageManifest, isIndex, type Manifest } from '../../model/manifest.ts';
import { isImageConfigType } from '../../model/media-types.ts';
import { type Platform, platformOf } from '../../model/platform.ts';
import { quote } from '../../model/quote.ts';
import { parseStrictJson } from '../../model/strict-json.ts';
import { contentFrom, manifestFrom } from '../../store/content.ts';
import type { Content, Source } from '../../store/types.ts';

/** An image that is to be changed. */
export interface ImageToChange {
  readonly manifest: Manifest & { readonly document: ImageManifest };
  /** The config to look at: checked, and without nulls. */
  readonly config: ImageConfig;
  /** The config to make another one of: as it stands, with all that this package does not know. */
  readonly configDocument: Readonly<Record<string, unknown>>;
  /** As an index says, or else the config. */
  readonly platform: Platform | undefined;
}

/** What becomes of an image. Documents are written compactly, in the order of their keys. */
export interface ImageChange {
  /** Digest and size of its `config` are filled in. */
  readonly manifest: ImageManifest;
  readonly config: Readonly<Record<string, unknown>>;
  /** Layers that the source does not have. */
  readonly blobs?: readonly Content[] | undefined;
}

/** Says what becomes of an image; undefined: it stays as it is. It is asked once for each manifest, for several at a time. */
export type Change = (image: ImageToChange, call: Call) => ImageChange | undefined | Promise<ImageChange | undefined>;

/** An image that became another one. */
export interface ChangedImage {
  readonly platform: Platform | undefined;
  readonly from: Descriptor;
  readonly to: Descriptor;
}

/** What was made of an image. */
export interface Made extends ChangedImage {
  readonly manifest: Manifest;
  /** The new config, and the new layers. */
  readonly blobs: readonly Content[];
  /** What the image is for now, where its config says something else than before. */
  readonly newPlatform?: Platform | undefined;
}

/** One call of `changeImages`. */
export interface ChangeRun {
  readonly source: Source;
  /** What errors call the image. */
  readonly name: string;
  readonly change: Change;
  readonly platforms: readonly Platform[];
  readonly concurrency: number;
  readonly call: Call;
}

/**
 * An image with its config; undefined for an artifact.
 * @throws OciError `MANIFEST_INVALID`, `UNSUPPORTED`, `TOO_LARGE`, and whatever the source throws
 */
export async function readImage(
  { source, call }: Pick<ChangeRun, 'source' | 'call'>,
  manifest: Manifest,
  platform?: Platform,
): Promise<ImageToChange | undefined> {
  if (!isImage(manifest)) return undefined;
  const { config: link } = manifest.document;
  const bytes = await readAll(source.blob(link).open(call), MAX_CONFIG_BYTES, `config ${link.digest}`);
  const config = parseImageConfig(bytes);
  const configDocument = parseStrictJson(bytes, 'image config') as Record<string, unknown>;
  return { manifest, config, configDocument, platform: platform ?? platformOf(config) };
}

function isImage(manifest: Manifest): manifest is ImageToChange['manifest'] {
  return !isIndex(manifest) && isImageConfigType((manifest.document as ImageManifest).config.mediaType);
}

/** Go writes integers that JSON.parse rounds. Written back, they would have changed without anybody's wish. */
function requireSafeNumbers(value: unknown, where: string): void {
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw new OciError('UNSUPPORTED', `${where} holds a number that cannot be kept exactly: ${value}`);
  }
  if (Array.isArray(value) || isObject(value)) {
    for (const one of Object.values(value)) requireSafeNumbers(one, where);
  }
}

/** Makes what shall become of an image; undefined: it stays as it is. */
export async function changeImage({ change, call }: ChangeRun, image: ImageToChange): Promise<Made | undefined> {
  const answer = await change(image, call);
  if (answer === undefined) return undefined;
  const { manifest: before, configDocument, platform } = image;
  const config = isSame(answer.config, configDocument) ? undefined : configFrom(answer, before);
  const document = config === undefined ? answer.manifest : withConfig(answer.manifest, config.descriptor);
  if (isSame(document, before.document)) return undefined;
  const manifest = manifestOf(document, before);
  const blobs = [...(config === undefined ? [] : [config]), ...(answer.blobs ?? [])];
  const newPlatform = config === undefined ? undefined : platformAfter(answer, image);
  return { platform, from: before.descriptor, to: manifest.descriptor, manifest, blobs, newPlatform };
}

/** A config that nobody could read, this package included, is not written. */
function platformAfter({ config }: ImageChange, image: ImageToChange): Platform | undefined {
  const platform = platformOf(parseImageConfig(encode(config)));
  return isSame([platform], [platformOf(image.config)]) ? undefined : platform;
}

function configFrom({ config, manifest }: ImageChange, { document }: ImageToChange['manifest']): Content {
  requireSafeNumbers(config, `config ${document.config.digest}`);
  return contentFrom(encode(config), manifest.config.mediaType);
}

function withConfig(manifest: ImageManifest, config: Descriptor): ImageManifest {
  return { ...manifest, config: leadingTo(manifest.config, config) };
}

/**
 * A changed document as a manifest: of the media type that it names, or else of that of the one before.
 * @throws OciError `UNSUPPORTED`, `LIMIT`
 */
export function manifestOf(document: { readonly mediaType?: string }, before: Manifest): Manifest {
  requireSafeNumbers(document, before.descriptor.digest);
  return manifestFrom(encode(document), document.mediaType ?? before.descriptor.mediaType);
}

/** A descriptor that leads to other content: all that it says beside stays, but for copies of the old content. */
export function leadingTo(descriptor: Descriptor, { mediaType, digest, size }: Descriptor): Descriptor {
  const { data: _, urls: __, ...rest } = descriptor;
  return { ...rest, mediaType, digest, size };
}

function encode(document: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}

function isSame(a: object, b: object): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** The error for what is no image, and holds none. */
export function noImage(manifest: Manifest): OciError {
  const { digest } = manifest.descriptor;
  if (isIndex(manifest)) return new OciError('USAGE', `the index ${digest} holds no image that could be changed`);
  const { artifactType, config } = manifest.document as ImageManifest;
  return new OciError(
    'USAGE',
    `${digest} is no image but an artifact of the type ${quote(artifactType ?? config.mediaType)}`,
    {
      hint: 'only images have layers and settings that can be changed',
    },
  );
}
