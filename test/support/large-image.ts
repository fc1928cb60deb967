/** Images of hundreds of megabytes, put layer by layer: never more than one of these is in memory. */
import type { Descriptor } from '../../src/model/descriptor.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/model/media-types.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import type { Target } from '../../src/store/types.ts';
import { buildLayer, type LayerSpec } from '../../src/testing/fixtures.ts';

/** A layer that is in a repository. */
export interface PutLayer {
  readonly descriptor: Descriptor;
  readonly diffId: string;
}

export async function putLayer(target: Target, spec: LayerSpec): Promise<PutLayer> {
  const { content, diffId } = await buildLayer(spec);
  await target.putBlob(content);
  return { descriptor: content.descriptor, diffId };
}

/** @returns the bytes of its layers. */
export async function putLayers(target: Target, tag: string, layers: readonly PutLayer[]): Promise<number> {
  const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) };
  const config = { os: 'linux', architecture: 'amd64', rootfs };
  const content = contentFrom(new TextEncoder().encode(JSON.stringify(config)), OCI_CONFIG);
  await target.putBlob(content);
  const descriptors = layers.map(({ descriptor }) => descriptor);
  const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: content.descriptor, layers: descriptors };
  await target.putManifest(manifestFromDocument(document), { tags: [tag] });
  return descriptors.reduce((sum, { size }) => sum + size, 0);
}
