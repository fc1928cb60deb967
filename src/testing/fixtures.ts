/**
 * Images, indexes and artifacts that a test makes up, in any target. What is made is real (tar archives, diff ids,
 * descriptors that agree), and the same every time. `build…` makes it in memory, `put…` makes it and puts it.
 */
import type { Call } from '../model/call.ts';
import { type Annotations, type Descriptor, plainDescriptor } from '../model/descriptor.ts';
import type { ImageConfig } from '../model/image-config.ts';
import type { Manifest } from '../model/manifest.ts';
import * as types from '../model/media-types.ts';
import type { Platform } from '../model/platform.ts';
import { contentFrom, manifestFromDocument } from '../store/content.ts';
import type { Content, Target } from '../store/types.ts';
import { buildLayer, type Family, type LayerSpec } from './fixtures-layer.ts';

export { seededBytes, seededContent } from './fixtures-bytes.ts';
export { type BuiltLayer, buildLayer, type Family, type FileSpec, type LayerSpec } from './fixtures-layer.ts';

/** What any manifest may have. */
interface Attached {
  readonly annotations?: Annotations | undefined;
  /** What it is attached to. */
  readonly subject?: Descriptor | undefined;
  readonly artifactType?: string | undefined;
}

export interface ImageSpec extends Attached {
  readonly layers: readonly (LayerSpec | Uint8Array)[];
  /** linux/amd64 unless told. */
  readonly platform?: Platform | undefined;
  /** What the config has beside the platform and the diff ids. */
  readonly config?: ImageConfig | undefined;
  /** `oci` unless told. */
  readonly family?: Family | undefined;
}

export interface IndexSpec extends Attached {
  /** Images and indexes, or descriptors of what is there already. */
  readonly manifests: readonly (Built | Descriptor)[];
  /** `oci` unless told. */
  readonly family?: Family | undefined;
}

export interface ArtifactSpec extends Attached {
  readonly artifactType: string;
  readonly blobs?:
    | readonly { readonly bytes: Uint8Array; readonly mediaType?: string; readonly annotations?: Annotations }[]
    | undefined;
}

/** What was made. */
export interface Built {
  /** As an index or a list of referrers has it: with its platform and artifact type. */
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  /** The config first, then the layers; none for an index. */
  readonly blobs: readonly Content[];
  /** What an index was made of, where that was not there already. */
  readonly children: readonly Built[];
}

/** Names for what is put. */
export interface PutOptions extends Call {
  readonly tags?: readonly string[] | undefined;
}

const families = {
  oci: { manifest: types.OCI_MANIFEST, index: types.OCI_INDEX, config: types.OCI_CONFIG },
  docker: { manifest: types.DOCKER_MANIFEST, index: types.DOCKER_LIST, config: types.DOCKER_CONFIG },
} as const;

/** An image. */
export async function buildImage(spec: ImageSpec): Promise<Built> {
  const { family = 'oci', platform = { os: 'linux', architecture: 'amd64' }, artifactType } = spec;
  const layers = await Promise.all(spec.layers.map((layer) => buildLayer(layer, family)));
  const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) };
  const config = json({ ...platform, ...spec.config, rootfs }, families[family].config);
  const contents = layers.map(({ content }) => content);
  const manifest = imageManifest(families[family].manifest, config, contents, spec);
  const descriptor = { ...manifest.descriptor, platform, ...optional({ artifactType }) };
  return { descriptor, manifest, blobs: [config, ...contents], children: [] };
}

/** An image index, or docker's manifest list. */
export function buildIndex(spec: IndexSpec): Built {
  const { family = 'oci', artifactType, annotations } = spec;
  const subject = spec.subject && plainDescriptor(spec.subject);
  const manifests = spec.manifests.map((entry) => ('manifest' in entry ? entry.descriptor : entry));
  const head = { schemaVersion: 2, mediaType: families[family].index, ...optional({ artifactType }) };
  const manifest = manifestFromDocument({ ...head, manifests, ...optional({ subject, annotations }) });
  const children = spec.manifests.filter((entry) => 'manifest' in entry);
  return { descriptor: { ...manifest.descriptor, ...optional({ artifactType }) }, manifest, blobs: [], children };
}

/** An artifact of any kind (image-spec, "Guidelines for Artifact Usage"). */
export function buildArtifact(spec: ArtifactSpec): Built {
  const { artifactType, blobs = [] } = spec;
  const config = json({}, types.OCI_EMPTY);
  const layers = blobs.map(({ bytes, mediaType, annotations }) =>
    contentFrom(bytes, mediaType, optional({ annotations })),
  );
  const manifest = imageManifest(types.OCI_MANIFEST, config, layers.length === 0 ? [config] : layers, spec);
  const descriptor = { ...manifest.descriptor, artifactType };
  return { descriptor, manifest, blobs: [config, ...layers], children: [] };
}

/** Puts what was built, children and blobs first. */
export async function putBuilt(target: Target, built: Built, { tags, ...call }: PutOptions = {}): Promise<Built> {
  for (const child of built.children) await putBuilt(target, child, call);
  for (const blob of built.blobs) await target.putBlob(blob, call);
  await target.putManifest(built.manifest, { ...call, tags });
  return built;
}

/** Makes an image and puts it. */
export async function putImage(target: Target, { tags, signal, on, ...spec }: ImageSpec & PutOptions): Promise<Built> {
  return putBuilt(target, await buildImage(spec), { tags, signal, on });
}

/** Makes an index and puts it, with those of its manifests that were built. */
export async function putIndex(target: Target, { tags, signal, on, ...spec }: IndexSpec & PutOptions): Promise<Built> {
  return putBuilt(target, buildIndex(spec), { tags, signal, on });
}

/** Makes an artifact and puts it. */
export async function putArtifact(
  target: Target,
  { tags, signal, on, ...spec }: ArtifactSpec & PutOptions,
): Promise<Built> {
  return putBuilt(target, buildArtifact(spec), { tags, signal, on });
}

function imageManifest(mediaType: string, config: Content, layers: readonly Content[], spec: Attached): Manifest {
  const { artifactType, annotations } = spec;
  const subject = spec.subject && plainDescriptor(spec.subject);
  return manifestFromDocument({
    schemaVersion: 2,
    mediaType,
    ...optional({ artifactType }),
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
    ...optional({ subject, annotations }),
  });
}

function json(document: object, mediaType: string): Content {
  return contentFrom(new TextEncoder().encode(JSON.stringify(document)), mediaType);
}

/** Leaves out what is undefined: JSON would as well, but `exactOptionalPropertyTypes` is exact. */
function optional<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
