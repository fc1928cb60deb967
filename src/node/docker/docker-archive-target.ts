/**
 * The writing half of an archive of `docker save`: an image is listed once its config has confirmed its layers. In the
 * session it knows the manifests and blobs that it was given; the archive keeps neither manifests nor compressed bytes.
 */
import { OciError, throwIfAborted } from '../../errors.ts';
import { readAll } from '../../bytes/read.ts';
import { digestMismatch } from '../../bytes/verify.ts';
import {
  checkSavedName,
  encodeRepositories,
  encodeSavedManifest,
  SAVED_MANIFEST,
  SAVED_REPOSITORIES,
} from '../../layout/docker-manifest.ts';
import { requireSavable } from '../../layout/docker-rules.ts';
import type { Bytes, Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { type Digest, isDigest } from '../../model/digest.ts';
import { MAX_CONFIG_BYTES, parseImageConfig } from '../../model/image-config.ts';
import type { ImageManifest, Manifest } from '../../model/manifest.ts';
import { OCTET_STREAM } from '../../model/media-types.ts';
import { quote } from '../../model/quote.ts';
import { contentOf, manifestFrom } from '../../store/content.ts';
import { requireLinks } from '../../store/links.ts';
import { listAfter } from '../../store/listing.ts';
import type { Content, PutManifestOptions, Target } from '../../store/types.ts';
import type { SavedBlob, SavedBlobs } from './docker-archive-blobs.ts';

/** An image as it will stand in `manifest.json`, but for its names. */
interface Listed {
  readonly config: string;
  readonly layers: readonly SavedBlob[];
}

/** What was put so far. */
interface Session {
  readonly blobs: SavedBlobs;
  readonly manifests: Map<Digest, Manifest>;
  /** By the digests of their configs: what docker calls the id of an image. */
  readonly images: Map<Digest, Listed>;
  /** The manifest and the image that a name stands for, by names as docker shows them. */
  readonly names: Map<string, Manifest>;
}

export interface DockerArchiveTarget {
  readonly target: Target;
  /** Writes the documents and the end of the archive. */
  readonly finish: () => Promise<void>;
}

export function dockerArchiveTarget(blobs: SavedBlobs): DockerArchiveTarget {
  const session: Session = { blobs, manifests: new Map(), images: new Map(), names: new Map() };
  const target: Target = {
    async resolve(reference, options) {
      throwIfAborted(options?.signal);
      return find(session, reference)?.descriptor;
    },
    async manifest(reference, options) {
      throwIfAborted(options?.signal);
      const name = typeof reference === 'string' ? reference : reference.digest;
      const manifest = find(session, name);
      if (manifest !== undefined) return manifest;
      throw new OciError('NOT_FOUND', `${blobs.name}: ${quote(name)} is not there`, { missing: 'manifest' });
    },
    async stat(digest) {
      const blob = blobs.get(digest);
      return blob && { mediaType: OCTET_STREAM, digest, size: blob.size };
    },
    blob: (descriptor) => blobOf(session, descriptor),
    tags: (options = {}) => listAfter(session.names.keys(), options),
    async *referrers() {},
    putBlob: async (content, options = {}) => blobs.put(content, options),
    putManifest: (manifest, options = {}) => putManifest(session, manifest, options),
  };
  return { target, finish: () => blobs.finish(documentsOf(session)) };
}

function find({ manifests, names }: Session, reference: string): Manifest | undefined {
  return isDigest(reference) ? manifests.get(reference) : names.get(checkSavedName(reference));
}

/** What stands in the archive as it was put can be read again. */
function blobOf({ blobs }: Session, descriptor: Descriptor): Content {
  const read = async function* (start: number, end: number, call: Call): AsyncGenerator<Uint8Array> {
    const blob = blobs.get(descriptor.digest);
    if (blob?.digest !== descriptor.digest) {
      throw new OciError('NOT_FOUND', `${blobs.name}: blob ${descriptor.digest} is not there`, {
        missing: 'blob',
        hint: blob === undefined ? undefined : 'it stands in the archive unpacked',
      });
    }
    yield* blobs.read(blob, start, end < descriptor.size ? end : Infinity, call);
  };
  return contentOf(descriptor, read as (start: number, end: number, call: Call) => Bytes, undefined, blobs.name);
}

/** @throws OciError `USAGE`, `UNSUPPORTED`, `MANIFEST_BLOB_UNKNOWN`, `FOREIGN_LAYER`, `DIGEST_MISMATCH`, `CONFLICT`, … */
async function putManifest(
  session: Session,
  given: Manifest,
  options: PutManifestOptions,
): Promise<'exists' | 'written'> {
  const manifest = manifestFrom(given.bytes, given.descriptor.mediaType, given.descriptor.digest);
  const document = requireSavable(manifest);
  const tags = (options.tags ?? []).map(checkSavedName);
  return session.blobs.inTurn(async () => {
    const { manifests, images, names } = session;
    checkCondition(session, tags, options);
    const { digest } = manifest.descriptor;
    const exists = manifests.has(digest) && tags.every((tag) => names.get(tag)?.descriptor.digest === digest);
    if (!manifests.has(digest)) images.set(document.config.digest, await listed(session, manifest, document, options));
    manifests.set(digest, manifest);
    for (const tag of tags) names.set(tag, manifest);
    return exists ? 'exists' : 'written';
  }, options);
}

function checkCondition({ blobs, names }: Session, tags: readonly string[], { ifMatch }: PutManifestOptions): void {
  const moved = tags.find((tag) => ifMatch !== undefined && names.get(tag)?.descriptor.digest !== ifMatch);
  if (moved !== undefined) throw new OciError('CONFLICT', `${blobs.name}: ${moved} is no longer ${ifMatch}`);
}

/** Everything is there, and the layers unpacked to what the config says: what is loaded later is this image. */
async function listed(
  { blobs }: Session,
  manifest: Manifest,
  { config, layers }: ImageManifest,
  call: Call,
): Promise<Listed> {
  await requireLinks(manifest, ({ descriptor }) => blobs.get(descriptor.digest) !== undefined);
  const own = requireBlob(blobs, config);
  const bytes = await readAll(blobs.read(own, 0, Infinity, call), MAX_CONFIG_BYTES, `config ${config.digest}`);
  const diffIds = parseImageConfig(bytes).rootfs?.diff_ids ?? [];
  if (diffIds.length !== layers.length) {
    const counts = `${layers.length} layers, but its config lists ${diffIds.length} diff ids`;
    throw new OciError('MANIFEST_INVALID', `${manifest.descriptor.digest} has ${counts}`);
  }
  const saved: SavedBlob[] = [];
  for (const [at, diffId] of diffIds.entries()) {
    const layer = requireBlob(blobs, layers[at]);
    const unpacked = await blobs.digestLike(layer, diffId, call);
    if (unpacked !== diffId) throw digestMismatch(diffId, unpacked, `layer ${layers[at]?.digest}`);
    saved.push(layer);
  }
  return { config: own.path, layers: saved };
}

/** What a registry need not have, because it is kept elsewhere, has to be in this archive all the same. */
function requireBlob(blobs: SavedBlobs, wanted: Descriptor | undefined): SavedBlob {
  const blob = wanted && blobs.get(wanted.digest);
  if (blob !== undefined) return blob;
  throw new OciError(
    'FOREIGN_LAYER',
    `${blobs.name} has to hold every layer, and ${wanted?.digest} is kept elsewhere`,
    {
      hint: 'copy foreign layers, too (--foreign-layers)',
      digests: wanted && [wanted.digest],
    },
  );
}

/** Images in the order in which they were put, each once under all its names. */
function documentsOf({ images, names }: Session): ReadonlyMap<string, Uint8Array> {
  const idOf = (manifest: Manifest): Digest => (manifest.document as ImageManifest).config.digest;
  const saved = [...images].map(([id, { config, layers }]) => ({
    config,
    layers: layers.map(({ path }) => path),
    names: [...names].filter(([, manifest]) => idOf(manifest) === id).map(([name]) => name),
  }));
  const tops = [...names].flatMap(([name, manifest]) => {
    const top = images.get(idOf(manifest))?.layers.at(-1);
    return top === undefined ? [] : [[name, top.digest] as const];
  });
  return new Map([
    [SAVED_MANIFEST, encodeSavedManifest(saved)],
    [SAVED_REPOSITORIES, encodeRepositories(new Map(tops))],
  ]);
}
