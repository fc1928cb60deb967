/**
 * Manifests: exact bytes, the parsed document, and the edges to other content. A manifest is never re-serialised on its
 * way through. Parsing is strict, because a document that two tools read differently is an attack (CVE-2021-41190).
 */
import { OciError } from '../errors.ts';
import type { WireResponse } from './call.ts';
import { type Annotations, checkAnnotations, type Descriptor, isObject, parseDescriptor } from './descriptor.ts';
import { DOCKER_LIST, DOCKER_MANIFEST, isIndexType, isManifestType, OCI_INDEX, OCI_MANIFEST } from './media-types.ts';
import { quote } from './quote.ts';
import { parseStrictJson } from './strict-json.ts';

/** The largest manifest that is read, in bytes; the largest that every registry must take is 4 MiB. */
export const MAX_MANIFEST_BYTES: number = 8 * 1024 * 1024;
const MAX_LINKS = 10_000;

/** Where an edge stands in a manifest: this, not the media type, says whether a manifest or a blob is at its end. */
export type LinkRole = 'manifest' | 'config' | 'layer';

/** An edge of the graph. */
export interface Link {
  readonly role: LinkRole;
  readonly descriptor: Descriptor;
}

/** An image or artifact manifest (image-spec, "Image Manifest"). */
export interface ImageManifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Annotations;
}

/** An image index, or docker's manifest list (image-spec, "Image Index"). */
export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Annotations;
}

export interface Manifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly document: ImageManifest | ImageIndex;
  /** What it consists of, in the order of the document; a digest stands as often as the document has it. */
  readonly links: readonly Link[];
  /** What it is attached to: an edge that a copy of the image does not follow. */
  readonly subject?: Descriptor | undefined;
  /** The answer that brought it, where it came from a registry. */
  readonly response?: WireResponse | undefined;
}

/** Is it a manifest of manifests? */
export function isIndex(manifest: Manifest): manifest is Manifest & { readonly document: ImageIndex } {
  return 'manifests' in manifest.document;
}

/**
 * Reads the document of a manifest.
 * @param contentType the media type that was announced for it, if any; it must agree with the document's own.
 * @throws OciError `MANIFEST_INVALID`, `DESCRIPTOR_INVALID`, `DIGEST_INVALID`, `VERSION_UNSUPPORTED` (schema 1)
 */
export function parseManifestDocument(
  bytes: Uint8Array,
  contentType?: string,
): Pick<Manifest, 'document' | 'links' | 'subject'> & { readonly mediaType: string } {
  const json = parseStrictJson(bytes);
  if (!isObject(json)) throw invalid('it is not a JSON object');
  if (json.schemaVersion === 1 || 'fsLayers' in json) throw schema1Refused('this');
  if (json.schemaVersion !== 2) throw invalid('schemaVersion is not 2');
  const mediaType = mediaTypeOf(json, contentType);
  checkAnnotations(json.annotations, 'annotations');
  const links = isIndexType(mediaType) ? indexLinks(json) : imageLinks(json);
  const subject =
    json.subject === undefined || json.subject === null ? undefined : parseDescriptor(json.subject, 'subject');
  return { mediaType, document: json as unknown as ImageManifest | ImageIndex, links, subject };
}

/** The error for a schema 1 manifest where one of today is needed. */
export function schema1Refused(name: string): OciError {
  return new OciError('VERSION_UNSUPPORTED', `${name} is a schema 1 manifest, which docker retired in 2017`, {
    hint: 'convert the image: "lading copy" does it on the way, in programs schema1() and convertSchema1()',
  });
}

function mediaTypeOf(json: Record<string, unknown>, contentType: string | undefined): string {
  const isIndexDocument = 'manifests' in json;
  if (isIndexDocument && ('layers' in json || 'config' in json)) throw invalid('it has both manifests and layers');
  const own = json.mediaType;
  if (own !== undefined && typeof own !== 'string') throw invalid('mediaType is not a string');
  const announced = contentType !== undefined && isKnown(contentType) ? contentType : undefined;
  if (own !== undefined && announced !== undefined && own !== announced) {
    throw invalid(`it says ${quote(own)}, but was announced as ${announced}`);
  }
  const mediaType = own ?? announced ?? (isIndexDocument ? OCI_INDEX : OCI_MANIFEST);
  if (!isKnown(mediaType)) throw invalid(`${quote(mediaType)} is not a manifest's media type`);
  if (isIndexType(mediaType) !== isIndexDocument) throw invalid(`its fields are not those of ${mediaType}`);
  return mediaType;
}

function isKnown(mediaType: string): boolean {
  return isIndexType(mediaType) || isManifestType(mediaType);
}

function indexLinks(json: Record<string, unknown>): Link[] {
  return descriptors(json.manifests, 'manifests').map((descriptor) => ({
    role: roleOfEntry(descriptor.mediaType),
    descriptor,
  }));
}

/** Entries are manifests. The one exception: build caches of BuildKit list bare layers in an index (go-containerregistry#819). */
function roleOfEntry(mediaType: string): LinkRole {
  return mediaType.includes('.layer.') || mediaType.includes('.rootfs.') || mediaType.includes('.buildkit.')
    ? 'layer'
    : 'manifest';
}

function imageLinks(json: Record<string, unknown>): Link[] {
  const config: Link = { role: 'config', descriptor: parseDescriptor(json.config, 'config') };
  const layers = descriptors(json.layers, 'layers').map((descriptor): Link => ({ role: 'layer', descriptor }));
  return [config, ...layers];
}

function descriptors(value: unknown, where: string): Descriptor[] {
  if (!Array.isArray(value)) throw invalid(`${where} is not a list`);
  if (value.length > MAX_LINKS) throw new OciError('LIMIT', `${where} has more than ${MAX_LINKS} entries`);
  return value.map((item, at) => parseDescriptor(item, `${where}[${at}]`));
}

function invalid(problem: string): OciError {
  return new OciError('MANIFEST_INVALID', `not a valid manifest: ${problem}`);
}

/** The family that a manifest's media type belongs to. */
export function isDockerType(mediaType: string): boolean {
  return mediaType === DOCKER_MANIFEST || mediaType === DOCKER_LIST;
}
