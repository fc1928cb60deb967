/**
 * An archive of `docker save` as a source: the images of its `manifest.json`, several of them, under whole names
 * (`alpine:3`) where a repository has tags. Its manifests are made here, so that their digests are those of no registry;
 * configs and diff ids are the image's own.
 */
import { OciError, throwIfAborted } from '../errors.ts';
import { readAll } from '../bytes/read.ts';
import type { TarPlace } from '../bytes/tar.ts';
import type { Bytes, Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, isDigest } from '../model/digest.ts';
import type { Manifest } from '../model/manifest.ts';
import { OCTET_STREAM } from '../model/media-types.ts';
import { quote } from '../model/quote.ts';
import { contentOf } from '../store/content.ts';
import { listAfter } from '../store/listing.ts';
import type { Content, Source } from '../store/types.ts';
import { type ArchiveFiles, findFile, invalidArchive } from './archive-files.ts';
import { type LearntLayers, type ReadImage, readSavedImage } from './docker-image.ts';
import {
  MAX_SAVED_MANIFEST_BYTES,
  parseSavedManifest,
  SAVED_MANIFEST,
  savedName,
  type SavedImage,
} from './docker-manifest.ts';

/**
 * The images of an archive. What it is asked for is a name in any form (`alpine`, `docker.io/library/alpine:latest`), `@0`
 * for the first image, or the digest of a manifest that it makes.
 */
export interface DockerArchive extends Source {
  /** In the order of the archive. */
  readonly images: readonly SavedImage[];
  /** The place in that order of the image that a name or `@0` stands for. @throws OciError `LAYOUT_INVALID` */
  readonly indexOf: (reference: string) => number | undefined;
}

/** An archive with what has been read of it. */
interface Archive {
  readonly files: ArchiveFiles;
  readonly images: readonly SavedImage[];
  readonly read: (index: number, call: Call) => Promise<ReadImage>;
  /** What an image that was read, or else any, has at a digest. */
  readonly find: <T>(choose: (image: ReadImage) => T | undefined, call: Call) => Promise<T | undefined>;
}

/**
 * Reads the list of images of an archive, and nothing else yet.
 * @throws OciError `LAYOUT_INVALID`
 */
export async function readDockerArchive(files: ArchiveFiles, options: Call = {}): Promise<DockerArchive> {
  const place = findFile(files, SAVED_MANIFEST);
  const what = `${files.name}/${SAVED_MANIFEST}`;
  const bytes = await readAll(files.read(place, 0, place.size, options), MAX_SAVED_MANIFEST_BYTES, what);
  return sourceOf(archiveOf(files, parseSavedManifest(bytes, files.name)));
}

function archiveOf(files: ArchiveFiles, images: readonly SavedImage[]): Archive {
  const known: LearntLayers = new Map();
  const done = new Map<number, ReadImage>();
  const read = async (index: number, call: Call): Promise<ReadImage> => {
    throwIfAborted(call.signal);
    const image = images[index];
    if (image === undefined) throw notFound(files, `image @${index}`);
    const made = done.get(index) ?? (await readSavedImage(files, image, known, call));
    done.set(index, made);
    return made;
  };
  return {
    files,
    images,
    read,
    async find(choose, call) {
      for (const image of done.values()) {
        const found = choose(image);
        if (found !== undefined) return found;
      }
      for (const index of images.keys()) {
        const found = done.has(index) ? undefined : choose(await read(index, call));
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

function sourceOf(archive: Archive): DockerArchive {
  const { files, images } = archive;
  return {
    images,
    indexOf: (reference) => indexOf(archive, reference),
    resolve: async (reference, options = {}) => (await manifestOf(archive, reference, options))?.descriptor,
    async manifest(reference, options = {}) {
      const name = typeof reference === 'string' ? reference : reference.digest;
      const manifest = await manifestOf(archive, name, options);
      if (manifest === undefined) throw notFound(files, `manifest ${quote(name)}`, 'manifest');
      return manifest;
    },
    async stat(digest, options = {}) {
      const place = await placeOf(archive, digest, options);
      return place && { mediaType: OCTET_STREAM, digest, size: place.size };
    },
    blob: (descriptor) => blobOf(archive, descriptor),
    async *tags(options = {}) {
      throwIfAborted(options.signal);
      yield* listAfter(new Set(images.flatMap(({ names }) => names)), options);
    },
    async *referrers() {},
  };
}

async function manifestOf(archive: Archive, reference: string, call: Call): Promise<Manifest | undefined> {
  throwIfAborted(call.signal);
  if (isDigest(reference)) {
    return archive.find(({ manifest }) => (manifest.descriptor.digest === reference ? manifest : undefined), call);
  }
  const index = indexOf(archive, reference);
  return index === undefined ? undefined : (await archive.read(index, call)).manifest;
}

function indexOf({ files, images }: Archive, reference: string): number | undefined {
  const index = /^@(\d{1,9})$/.exec(reference)?.[1];
  if (index !== undefined) return Number(index) < images.length ? Number(index) : undefined;
  const name = nameIn(reference);
  const [first, ...others] = images.filter(({ names }) => name !== undefined && names.includes(name));
  if (first === undefined) return undefined;
  // docker ends with the last of them, skopeo takes the first: to be told apart they are asked for by their places.
  if (others.every((other) => isSame(other, first))) return images.indexOf(first);
  throw invalidArchive(files.name, `${quote(reference)} stands for several images`);
}

/** What cannot be a name is the name of nothing. */
function nameIn(reference: string): string | undefined {
  try {
    return savedName(reference);
  } catch {
    return undefined;
  }
}

/** Are these entries one image under several names? */
export function isSame(a: SavedImage, b: SavedImage): boolean {
  return a.config === b.config && a.layers.join('\0') === b.layers.join('\0');
}

function placeOf(archive: Archive, digest: Digest, call: Call): Promise<TarPlace | undefined> {
  return archive.find(({ places }) => places.get(digest), call);
}

function blobOf(archive: Archive, descriptor: Descriptor): Content {
  const { files } = archive;
  const { digest, size } = descriptor;
  const read = async function* (start: number, end: number, call: Call): AsyncGenerator<Uint8Array> {
    const place = await placeOf(archive, digest, call);
    if (place === undefined) throw notFound(files, `blob ${digest}`, 'blob');
    // A byte more than the descriptor says is asked for, so that a longer blob is found out.
    yield* files.read(place, start, end < size ? end : size + 1, call);
  };
  return contentOf(descriptor, read as (start: number, end: number, call: Call) => Bytes, undefined, files.name);
}

function notFound({ name }: ArchiveFiles, what: string, missing: 'manifest' | 'blob' = 'manifest'): OciError {
  return new OciError('NOT_FOUND', `${name}: ${what} is not there`, { missing });
}
