/** What a registry of one size has: an image or index in `scale:1`, or names. Its content is made when it is asked for, not kept. */
import { createHasher } from '../../src/bytes/hash.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import type { Digest } from '../../src/model/digest.ts';
import type { Manifest } from '../../src/model/manifest.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../../src/model/media-types.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import { type Built, buildImage, buildIndex } from '../../src/testing/fixtures.ts';
import type { Kind } from './works.ts';

const MIB = 1 << 20;

export interface Offer {
  /** Of `scale:1`; none where there are only names. */
  readonly root?: Manifest | undefined;
  readonly manifests: ReadonlyMap<string, Manifest>;
  readonly blobs: ReadonlyMap<string, Blob>;
  /** How many tags, and how many repositories. */
  readonly names: number;
}

export interface Blob {
  readonly size: number;
  open(start: number, end: number): Iterable<Uint8Array>;
}

export async function offerOf(kind: Kind, size: number): Promise<Offer> {
  if (kind === 'tags' || kind === 'repositories') return { manifests: new Map(), blobs: new Map(), names: size };
  if (kind === 'blob') return vastLayer(size * MIB);
  if (kind === 'children') return offered(await manyImages(size));
  return offered(await (kind === 'layers' ? manyLayers(size) : manyFiles(size)));
}

const small = (at: number): Record<string, string> => ({ [`file-${at}`]: String(at) });

function manyLayers(count: number): Promise<Built> {
  return buildImage({ layers: Array.from({ length: count }, (_, at) => ({ files: small(at), compression: 'none' })) });
}

async function manyImages(count: number): Promise<Built> {
  const images: Built[] = [];
  for (let at = 0; at < count; at++) {
    const platform = { os: 'linux', architecture: 'amd64', variant: `v${at}` };
    images.push(await buildImage({ layers: [{ files: small(at), compression: 'none' }], platform }));
  }
  return buildIndex({ manifests: images });
}

/** Half of them in each of two layers, a hundred in a folder. */
function manyFiles(count: number): Promise<Built> {
  const half = (from: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count / 2 }, (_, at) => [`${from}/${Math.floor(at / 100)}/${at}`, 'x']));
  return buildImage({ layers: [{ files: half(1) }, { files: half(2) }] });
}

async function offered(built: Built): Promise<Offer> {
  const manifests = new Map<string, Manifest>();
  const blobs = new Map<string, Blob>();
  const keep = async (one: Built): Promise<void> => {
    manifests.set(one.manifest.descriptor.digest, one.manifest);
    for (const blob of one.blobs) blobs.set(blob.descriptor.digest, inMemory(await all(blob.open())));
    for (const child of one.children) await keep(child);
  };
  await keep(built);
  return { root: built.manifest, manifests, blobs, names: 0 };
}

async function all(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function inMemory(bytes: Uint8Array): Blob {
  return { size: bytes.length, open: (start, end) => [bytes.subarray(start, end)] };
}

/** A layer of zeros, which are nowhere. */
function vastLayer(size: number): Offer {
  const hasher = createHasher('sha256');
  for (const chunk of zeros(0, size)) hasher.update(chunk);
  const layer: Descriptor = { mediaType: OCI_LAYER, digest: hasher.digest(), size };
  const config = contentFrom(new TextEncoder().encode(configOf(layer.digest)), OCI_CONFIG);
  const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: config.descriptor, layers: [layer] };
  const root = manifestFromDocument(document);
  const blobs = new Map<string, Blob>([
    [layer.digest, { size, open: zeros }],
    [config.descriptor.digest, inMemory(new TextEncoder().encode(configOf(layer.digest)))],
  ]);
  return { root, manifests: new Map([[root.descriptor.digest, root]]), blobs, names: 0 };
}

function configOf(diffId: Digest): string {
  return JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [diffId] } });
}

const ZEROS = new Uint8Array(MIB);

function* zeros(start: number, end: number): Generator<Uint8Array> {
  for (let at = start; at < end; at += MIB) yield ZEROS.subarray(0, Math.min(MIB, end - at));
}
