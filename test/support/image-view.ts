/** What stands somewhere in the end: the documents of an image as JSON, and the files of a layer, read from its bytes. */
import assert from 'node:assert/strict';
import { decompress } from '../../src/bytes/decompress.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import { readAll } from '../../src/bytes/read.ts';
import { readTar } from '../../src/bytes/tar.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { type ImageIndex, type ImageManifest, isIndex, type Manifest } from '../../src/model/manifest.ts';
import type { Content, Source } from '../../src/store/types.ts';

const LIMIT = 64 << 20;

/** A config, as far as tests look at it. */
export interface ConfigDocument {
  readonly [field: string]: unknown;
  readonly created?: string;
  readonly rootfs: { readonly type?: string; readonly diff_ids: readonly string[] };
  readonly history?: readonly { readonly created?: string; readonly created_by?: string }[];
}

export interface ImageView {
  readonly manifest: Manifest;
  readonly document: ImageManifest;
  readonly config: ConfigDocument;
  /** Their bytes, exactly. */
  readonly configBytes: Uint8Array;
}

/** An image whose manifest and config are exactly what their descriptors say. */
export async function viewImage(source: Source, reference: string | Descriptor): Promise<ImageView> {
  const manifest = await source.manifest(reference);
  assert.equal(digestOf(manifest.bytes), manifest.descriptor.digest);
  assert.equal(manifest.bytes.length, manifest.descriptor.size);
  assert.ok(!isIndex(manifest));
  const document = JSON.parse(new TextDecoder().decode(manifest.bytes)) as ImageManifest;
  const configBytes = await bytesOf(source.blob(document.config));
  assert.equal(configBytes.length, document.config.size);
  assert.equal(digestOf(configBytes), document.config.digest);
  const config = JSON.parse(new TextDecoder().decode(configBytes)) as ConfigDocument;
  return { manifest, document, config, configBytes };
}

/** The document of an index. */
export async function viewIndex(source: Source, reference: string | Descriptor): Promise<ImageIndex> {
  const manifest = await source.manifest(reference);
  assert.ok(isIndex(manifest));
  return JSON.parse(new TextDecoder().decode(manifest.bytes)) as ImageIndex;
}

/** The files of a layer and what is in them; names as the archive has them. */
export async function filesIn(layer: Content): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  for await (const { name, type, body } of readTar(decompress(layer.open()))) {
    if (type === 'file') files[name] = new TextDecoder().decode(await readAll(body, LIMIT, name));
  }
  return files;
}

/** The digest of a layer once it is unpacked. */
export async function diffIdOf(layer: Content): Promise<string> {
  return digestOf(await readAll(decompress(layer.open()), LIMIT, 'layer'));
}

export function bytesOf(content: Content): Promise<Uint8Array> {
  return readAll(content.open(), LIMIT, 'content');
}
