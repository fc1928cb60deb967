/**
 * An image of an archive of `docker save`. Such an archive has its config and its layers, but no manifest: one is made, of
 * the layers as they stand. A plain layer is named by its diff id, and so not read before somebody wants it; a compressed
 * one is read once, to learn its digest and that it unpacks to its diff id.
 */
import { isOciError } from '../errors.ts';
import { type Compression, compressionOf, decompress } from '../bytes/decompress.ts';
import { createHasher, digestOf, hasherFor, hashing } from '../bytes/hash.ts';
import { readAll } from '../bytes/read.ts';
import type { TarPlace } from '../bytes/tar.ts';
import { digestMismatch } from '../bytes/verify.ts';
import type { Call } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';
import { MAX_CONFIG_BYTES, parseImageConfig } from '../model/image-config.ts';
import type { Manifest } from '../model/manifest.ts';
import * as types from '../model/media-types.ts';
import { quote } from '../model/quote.ts';
import { manifestFromDocument } from '../store/content.ts';
import { type ArchiveFiles, findFile, invalidArchive } from './archive-files.ts';
import type { SavedImage } from './docker-manifest.ts';

/** An image with the manifest that was made for it. */
export interface ReadImage {
  readonly manifest: Manifest;
  /** Where its config and layers stand. */
  readonly places: ReadonlyMap<Digest, TarPlace>;
}

/** What is learnt of a layer by reading it. */
interface Learnt {
  readonly digest: Digest;
  readonly compression: Compression;
}

/** Layers that were read already, each for a diff id: images share them. */
export type LearntLayers = Map<TarPlace, Map<Digest, Learnt>>;

/** zstd is known to the OCI media types alone. */
const families = {
  docker: {
    manifest: types.DOCKER_MANIFEST,
    config: types.DOCKER_CONFIG,
    layers: { none: types.DOCKER_LAYER, gzip: types.DOCKER_LAYER_GZIP, zstd: types.OCI_LAYER_ZSTD },
  },
  oci: {
    manifest: types.OCI_MANIFEST,
    config: types.OCI_CONFIG,
    layers: { none: types.OCI_LAYER, gzip: types.OCI_LAYER_GZIP, zstd: types.OCI_LAYER_ZSTD },
  },
} as const;

/**
 * Makes the manifest of an image; the same archive always makes the same one.
 * @throws OciError `LAYOUT_INVALID`, `TOO_LARGE`, `DIGEST_MISMATCH` when a compressed layer does not unpack to its diff id
 */
export async function readSavedImage(
  files: ArchiveFiles,
  image: SavedImage,
  known: LearntLayers,
  call: Call,
): Promise<ReadImage> {
  const configPlace = findFile(files, image.config);
  const config = await readConfig(files, image, configPlace, call);
  const wanted = config.diffIds.map((diffId, at) => ({ diffId, place: findFile(files, image.layers[at] ?? '') }));
  const layers: (Learnt & { readonly place: TarPlace })[] = [];
  for (const { diffId, place } of wanted) {
    layers.push({ place, ...(await learnOnce(files, place, diffId, known, call)) });
  }
  const family = families[layers.some(({ compression }) => compression === 'zstd') ? 'oci' : 'docker'];
  const manifest = manifestFromDocument({
    schemaVersion: 2,
    mediaType: family.manifest,
    config: { mediaType: family.config, size: configPlace.size, digest: config.digest },
    layers: layers.map(({ digest, compression, place: { size } }) => ({
      mediaType: family.layers[compression],
      size,
      digest,
    })),
  });
  const places = layers.map(({ digest, place }) => [digest, place] as const);
  return { manifest, places: new Map([...places, [config.digest, configPlace]]) };
}

async function readConfig(
  files: ArchiveFiles,
  { config: path, layers }: SavedImage,
  place: TarPlace,
  call: Call,
): Promise<{ readonly digest: Digest; readonly diffIds: readonly Digest[] }> {
  const bytes = await readAll(files.read(place, 0, place.size, call), MAX_CONFIG_BYTES, `config ${quote(path, 80)}`);
  const diffIds = diffIdsIn(bytes, files, path);
  if (diffIds.length === layers.length) return { digest: digestOf(bytes), diffIds };
  const counts = `${layers.length} layers, but its config ${quote(path, 80)} lists ${diffIds.length} diff ids`;
  throw invalidArchive(files.name, `an image has ${counts}`);
}

function diffIdsIn(bytes: Uint8Array, { name }: ArchiveFiles, path: string): readonly Digest[] {
  try {
    return parseImageConfig(bytes).rootfs?.diff_ids ?? [];
  } catch (error) {
    if (!isOciError(error)) throw error;
    throw invalidArchive(name, `${quote(path, 80)}: ${error.message}`, error);
  }
}

async function learnOnce(
  files: ArchiveFiles,
  place: TarPlace,
  diffId: Digest,
  known: LearntLayers,
  call: Call,
): Promise<Learnt> {
  const ofPlace = known.get(place) ?? new Map<Digest, Learnt>();
  const learnt = ofPlace.get(diffId) ?? (await learn(files, place, diffId, call));
  known.set(place, ofPlace.set(diffId, learnt));
  return learnt;
}

async function learn(files: ArchiveFiles, place: TarPlace, diffId: Digest, call: Call): Promise<Learnt> {
  const compression = compressionOf(await readAll(files.read(place, 0, 4, call), 4, 'its head'));
  if (compression === 'none') return { digest: diffId, compression };
  const own = createHasher('sha256');
  const plain = hasherFor(diffId);
  const bytes = hashing(files.read(place, 0, place.size, call), own);
  try {
    for await (const chunk of decompress(bytes, { signal: call.signal })) plain.update(chunk);
  } catch (error) {
    if (!isOciError(error, 'LAYOUT_INVALID')) throw error;
    throw invalidArchive(files.name, `${quote(place.name, 80)}: ${error.message}`, error);
  }
  const unpacked = plain.digest();
  if (unpacked !== diffId) throw digestMismatch(diffId, unpacked, `${files.name}/${quote(place.name, 80)}`);
  return { digest: own.digest(), compression };
}
