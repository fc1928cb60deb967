/** The OCI descriptor (image-spec, "OCI Content Descriptors"), exactly as it stands on the wire. */
import { OciError } from '../errors.ts';
import { isDigest, type Digest } from './digest.ts';
import type { Platform } from './platform.ts';
import { quote } from './quote.ts';

export type Annotations = Readonly<Record<string, string>>;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly urls?: readonly string[];
  readonly annotations?: Annotations;
  /** The content itself, base64. */
  readonly data?: string;
  readonly artifactType?: string;
  readonly platform?: Platform;
}

/**
 * Checks a descriptor that came from outside.
 * @param where names its place in messages, e.g. `layers[3]`.
 * @throws OciError `DESCRIPTOR_INVALID`, `DIGEST_INVALID`
 */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  if (!isObject(value)) throw invalid(where, 'is not an object');
  if (typeof value.mediaType !== 'string' || value.mediaType === '') throw invalid(`${where}.mediaType`, 'is missing');
  if (!isHeaderText(value.mediaType))
    throw invalid(`${where}.mediaType`, `is not a media type: ${quote(value.mediaType)}`);
  if (!isDigest(value.digest)) {
    throw new OciError('DIGEST_INVALID', `${where}.digest is not a digest: ${quote(value.digest)}`);
  }
  if (!Number.isSafeInteger(value.size) || (value.size as number) < 0) throw invalid(`${where}.size`, 'is not a size');
  checkOptional(value, where);
  return value as unknown as Descriptor;
}

function checkOptional(value: Record<string, unknown>, where: string): void {
  for (const name of ['data', 'artifactType'] as const) {
    if (value[name] !== undefined && typeof value[name] !== 'string')
      throw invalid(`${where}.${name}`, 'is not a string');
  }
  const { urls, annotations, platform } = value;
  if (urls !== undefined && urls !== null && !isStrings(urls))
    throw invalid(`${where}.urls`, 'is not a list of strings');
  checkAnnotations(annotations, `${where}.annotations`);
  if (platform !== undefined && platform !== null) checkPlatform(platform, `${where}.platform`);
}

function checkPlatform(platform: unknown, where: string): void {
  if (!isObject(platform)) throw invalid(where, 'is not an object');
  for (const name of ['os', 'architecture'] as const) {
    if (typeof platform[name] !== 'string') throw invalid(`${where}.${name}`, 'is not a string');
  }
  for (const name of ['variant', 'os.version'] as const) {
    if (platform[name] !== undefined && typeof platform[name] !== 'string')
      throw invalid(`${where}.${name}`, 'is not a string');
  }
  const features = platform['os.features'];
  if (features !== undefined && features !== null && !isStrings(features))
    throw invalid(`${where}.os.features`, 'is not a list of strings');
}

/** A media type ends in a header, so that it is printable ASCII of a sane length (RFC 6838 allows 127 and 127). */
function isHeaderText(mediaType: string): boolean {
  return /^[!-~][ -~]{0,255}$/.test(mediaType);
}

/** Checks that annotations, where there are any, are a map of strings. */
export function checkAnnotations(value: unknown, where: string): void {
  if (value === undefined || value === null) return;
  if (!isObject(value) || !isStrings(Object.values(value))) throw invalid(where, 'is not a map of strings');
}

/** Is it a JSON object, neither null nor an array? */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function invalid(where: string, problem: string): OciError {
  return new OciError('DESCRIPTOR_INVALID', `${where} ${problem}`);
}

/** The part of a descriptor that names content: media type, digest, size. */
export function plainDescriptor({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}
