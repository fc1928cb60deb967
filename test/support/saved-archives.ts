/** Archives as docker, podman, skopeo and crane save images: the same images, in the dialect of each. */
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/bytes/hash.ts';
import { fromArray } from '../../src/bytes/read.ts';
import { scanTar, type TarPlace } from '../../src/bytes/tar.ts';
import type { ArchiveFiles } from '../../src/layout/archive-files.ts';
import { digestHex, type Digest } from '../../src/model/digest.ts';
import { buildLayer, type FileSpec } from '../../src/testing/fixtures.ts';
import { bytesOf } from './image-view.ts';

/** Files by their names, as they stand in an archive. */
export type SavedFiles = Record<string, FileSpec>;

/** An image that is to be saved. */
export interface ImageParts {
  readonly names: readonly string[];
  readonly config: Uint8Array;
  readonly configDigest: Digest;
  readonly layers: readonly { readonly plain: Uint8Array; readonly diffId: Digest }[];
}

/** An image whose layers hold a file each, with these texts. */
export async function imageParts(texts: readonly string[], ...names: readonly string[]): Promise<ImageParts> {
  const layers = await Promise.all(
    texts.map(async (text) => {
      const { content, diffId } = await buildLayer({ files: { 'etc/text': text }, compression: 'none' });
      return { plain: await bytesOf(content), diffId };
    }),
  );
  const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) };
  const config = json({ architecture: 'amd64', os: 'linux', config: { Cmd: ['sh'] }, rootfs });
  return { names, config, configDigest: digestOf(config), layers };
}

/** How an image's files are called, and what else there is. */
interface Dialect {
  readonly config: (image: ImageParts) => string;
  /** The path of a layer in `manifest.json`, and the files that it takes. */
  readonly layer: (plain: Uint8Array, diffId: Digest, at: number) => readonly [path: string, files: SavedFiles];
  readonly names: (image: ImageParts) => readonly string[] | null;
  readonly more?: SavedFiles;
}

const hexConfig = ({ configDigest }: ImageParts): string => `${digestHex(configDigest)}.json`;
const asGiven = ({ names }: ImageParts): readonly string[] | null => (names.length === 0 ? null : names);
const whole = ({ names }: ImageParts): readonly string[] => names.map((name) => `docker.io/library/${name}`);
const blobPath = (digest: Digest): string => `blobs/sha256/${digestHex(digest)}`;
const layout = { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}', 'index.json': '{"schemaVersion":2,"manifests":[]}' };

export const dialects: Readonly<Record<string, Dialect>> = {
  'docker before 25': {
    config: hexConfig,
    names: asGiven,
    layer(plain, diffId, at) {
      // A layer that stands twice is a link to where it stood first.
      const folder = digestHex(digestOf(json([diffId, at])));
      const file = at === 0 ? plain : { type: 'symlink' as const, linkname: `../${digestHex(diffId)}/layer.tar` };
      const first = at === 0 ? {} : { [`${digestHex(diffId)}/layer.tar`]: plain };
      return [`${folder}/layer.tar`, { [`${folder}/VERSION`]: '1.0', [`${folder}/layer.tar`]: file, ...first }];
    },
  },
  'skopeo and podman': {
    config: hexConfig,
    names: whole,
    layer(plain, diffId) {
      const file = `${digestHex(diffId)}.tar`;
      return [file, { [file]: plain, [`${'0'.repeat(64)}/layer.tar`]: { type: 'symlink', linkname: `../${file}` } }];
    },
  },
  'docker since 25': {
    config: ({ configDigest }) => blobPath(configDigest),
    names: asGiven,
    layer: (plain, diffId) => [blobPath(diffId), { [blobPath(diffId)]: plain }],
    more: layout,
  },
  'docker with containerd': {
    config: ({ configDigest }) => blobPath(configDigest),
    names: asGiven,
    layer(plain) {
      const packed = gzipSync(plain);
      return [blobPath(digestOf(packed)), { [blobPath(digestOf(packed))]: packed }];
    },
    more: layout,
  },
  'crane and kaniko': {
    config: ({ configDigest }) => configDigest,
    names: asGiven,
    layer(plain) {
      const packed = gzipSync(plain);
      return [`${digestHex(digestOf(packed))}.tar.gz`, { [`${digestHex(digestOf(packed))}.tar.gz`]: packed }];
    },
  },
  'tar(1), from a folder': {
    config: hexConfig,
    names: asGiven,
    layer: (plain, diffId) => [`${digestHex(diffId)}.tar`, { [`./${digestHex(diffId)}.tar`]: plain }],
    more: { './': { type: 'directory' } },
  },
};

/** The files of an archive of these images. */
export function savedFiles(dialect: Dialect, ...images: readonly ImageParts[]): SavedFiles {
  const files: SavedFiles = { ...dialect.more };
  const manifest = images.map((image) => {
    files[dialect.config(image)] = image.config;
    const Layers = image.layers.map(({ plain, diffId }, at) => {
      const [path, own] = dialect.layer(plain, diffId, at);
      Object.assign(files, own);
      return path;
    });
    return { Config: dialect.config(image), RepoTags: dialect.names(image), Layers };
  });
  return { ...files, 'manifest.json': json(manifest) };
}

/** The plainest dialect. */
export function plainFiles(...images: readonly ImageParts[]): SavedFiles {
  return savedFiles(dialects['docker since 25'] as Dialect, ...images);
}

export function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** The bytes of an archive. */
export async function archiveBytes(files: SavedFiles): Promise<Uint8Array> {
  return bytesOf((await buildLayer({ files, compression: 'none' })).content);
}

/** An archive in memory, which notes what is read of it: `name start-end`. */
export async function archiveInMemory(
  files: SavedFiles,
): Promise<{ readonly files: ArchiveFiles; readonly reads: string[] }> {
  const bytes = await archiveBytes(files);
  const entries = new Map<string, TarPlace>();
  const window = async (start: number, end: number): Promise<Uint8Array> => bytes.subarray(start, end);
  for await (const place of scanTar(window, bytes.length)) {
    if (place.type !== 'directory') entries.set(place.name.replace(/^\.\//, ''), place);
  }
  const reads: string[] = [];
  const read: ArchiveFiles['read'] = (place, start, end) => {
    reads.push(`${place.name} ${start}-${end}`);
    return fromArray(bytes.subarray(place.offset + start, place.offset + Math.min(end, place.size)));
  };
  return { files: { name: 'saved.tar', entries, read }, reads };
}
