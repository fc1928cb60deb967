/**
 * Files as an artifact: a manifest that is no image's, its files as layers (image-spec, "Guidelines for Artifact Usage"). What a file
 * is, and how it becomes content, others say; nothing is written here: what comes of it is a source to copy from.
 */
import { OciError } from '../../errors.ts';
import { type Annotations, type Descriptor, plainDescriptor } from '../../model/descriptor.ts';
import type { Manifest } from '../../model/manifest.ts';
import { OCI_EMPTY, OCI_MANIFEST } from '../../model/media-types.ts';
import { quote } from '../../model/quote.ts';
import { contentFrom, manifestFromDocument } from '../../store/content.ts';
import { createMemoryStore } from '../../store/memory.ts';
import { overlay } from '../../store/overlay.ts';
import type { Content, Source } from '../../store/types.ts';
import { cleanTitle } from './artifact-title.ts';
import { editMap } from '../change/map-edits.ts';
import { checkTime } from '../time.ts';

/** The names of the annotations that artifacts live by. */
export const TITLE = 'org.opencontainers.image.title';
export const CREATED = 'org.opencontainers.image.created';
/** On an archive that is a directory: it is to be unpacked. */
export const UNPACK = 'io.deis.oras.content.unpack';
/** The digest of that archive before it was compressed. */
export const UNPACKED_DIGEST = 'io.deis.oras.content.digest';
/** The type of an artifact that nobody gave one, as in oras. */
export const UNKNOWN_ARTIFACT = 'application/vnd.unknown.artifact.v1';

export interface ArtifactOptions {
  /** What the artifact is, a media type; with an empty config {@link UNKNOWN_ARTIFACT} unless told. */
  readonly artifactType?: string | undefined;
  /** Its config; the empty one unless told. */
  readonly config?: Content | undefined;
  /** Of the manifest. */
  readonly annotations?: Annotations | undefined;
  /** What it is attached to. */
  readonly subject?: Descriptor | undefined;
  /** When it was made, in RFC 3339; unless told it says nothing, so that the same files are the same digest. */
  readonly created?: string | undefined;
}

/** An artifact that stands nowhere yet: `copy(source, root, target, { tags })` publishes it. */
export interface PackedArtifact {
  readonly source: Source;
  /** With its type and annotations. */
  readonly root: Descriptor;
  readonly manifest: Manifest;
}

/**
 * Makes an artifact of files, in their order. The media type and the annotations of each, its title among them, are those of its
 * descriptor. The same files and options are the same digest.
 * @throws OciError `USAGE` for types, titles and times that are none, and for two files of one title
 * @example
 * const sbom = await fileContent('sbom.json', { mediaType: 'application/spdx+json' });
 * const { source, root } = packArtifact([sbom], { artifactType: 'application/spdx+json', subject });
 * await copy(source, root, repository);
 */
export function packArtifact(files: readonly Content[], options: ArtifactOptions = {}): PackedArtifact {
  const empty = emptyConfig();
  const { config = empty, subject } = options;
  const artifactType = typeOf(options, config);
  const layers = files.length === 0 ? [empty] : files;
  for (const { descriptor } of [config, ...layers]) checkMediaType(descriptor.mediaType);
  checkTitles(files);
  const annotations = annotationsOf(options);
  const manifest = manifestFromDocument({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    ...(artifactType === undefined ? {} : { artifactType }),
    config: written(config),
    layers: layers.map(written),
    ...(subject === undefined ? {} : { subject: plainDescriptor(subject) }),
    ...(annotations === undefined ? {} : { annotations }),
  });
  const source = overlay(createMemoryStore(), { manifests: [manifest], blobs: [config, ...layers] });
  const told = { ...(artifactType === undefined ? {} : { artifactType }), ...(annotations ? { annotations } : {}) };
  return { source, root: { ...manifest.descriptor, ...told }, manifest };
}

/** The config of what has none, which is also the layer of what has no files. */
function emptyConfig(): Content {
  return contentFrom(new TextEncoder().encode('{}'), OCI_EMPTY);
}

/** An empty config tells nothing, so that a type has to stand beside it. */
function typeOf({ artifactType }: ArtifactOptions, config: Content): string | undefined {
  if (artifactType !== undefined) return checkMediaType(artifactType);
  return config.descriptor.mediaType === OCI_EMPTY ? UNKNOWN_ARTIFACT : undefined;
}

const mediaTypeGrammar = /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}$/;

/** Is it a media type (RFC 6838, section 4.2), without parameters? */
export function isMediaType(text: string): boolean {
  return mediaTypeGrammar.test(text);
}

function checkMediaType(text: string): string {
  if (isMediaType(text)) return text;
  throw new OciError('USAGE', `${quote(text)} is not a media type`, {
    hint: 'a media type is like application/vnd.example.sbom.v1+json',
  });
}

/** What is packed can be pulled: every title is a path, and no two are the same one. */
function checkTitles(files: readonly Content[]): void {
  const seen = new Set<string>();
  for (const { descriptor } of files) {
    const title = descriptor.annotations?.[TITLE];
    if (title === undefined) continue;
    const path = cleanTitle(title);
    // A directory may be unpacked to where everything goes.
    if (path === undefined || (path === '' && descriptor.annotations?.[UNPACK] !== 'true')) {
      throw new OciError('USAGE', `${quote(title)} is no title of a file: whoever pulls it could not write it`, {
        hint: 'a title is a relative path without ".."',
      });
    }
    if (seen.has(path)) throw new OciError('USAGE', `two files have the title ${quote(title)}`);
    seen.add(path);
  }
}

function annotationsOf({ annotations, created }: ArtifactOptions): Annotations | undefined {
  const time = created === undefined ? {} : { [CREATED]: checkTime(created) };
  return editMap(undefined, { ...annotations, ...time });
}

/** A descriptor as it stands in the manifest: its annotations sorted, as Go writes them. */
function written({ descriptor }: Content): Descriptor {
  const { annotations } = descriptor;
  const sorted = editMap(undefined, annotations);
  return { ...plainDescriptor(descriptor), ...(sorted === undefined ? {} : { annotations: sorted }) };
}

/** The same content under another descriptor: its media type, or annotations added to those that it has. */
export function describedAs(
  content: Content,
  {
    mediaType,
    annotations,
  }: { readonly mediaType?: string | undefined; readonly annotations?: Annotations | undefined },
): Content {
  const { descriptor, origin } = content;
  const all = { ...descriptor.annotations, ...annotations };
  return {
    origin,
    descriptor: {
      ...descriptor,
      ...(mediaType === undefined ? {} : { mediaType }),
      ...(Object.keys(all).length === 0 ? {} : { annotations: all }),
    },
    open: (options) => content.open(options),
  };
}
