/**
 * From docker's retired schema 1 to an image of today: a config and a manifest of what the old one says, over the blobs
 * that are there. Publishing it is a copy. The layers are read once, because a schema 1 manifest knows neither their sizes
 * nor what they unpack to; no byte of them changes.
 */
import { isOciError, OciError } from '../../errors.ts';
import { drain } from '../../bytes/read.ts';
import { type Tasks, withTasks } from '../../graph/tasks.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import * as types from '../../model/media-types.ts';
import type { Schema1, Schema1Layer } from '../../model/schema1.ts';
import { contentFrom, manifestFromDocument } from '../../store/content.ts';
import { overlay } from '../../store/overlay.ts';
import type { Source } from '../../store/types.ts';
import { layerFrom, layerType } from '../layer/layer.ts';
import { schema1Config } from './config.ts';

export interface ConvertSchema1Options extends Call {
  /** Of the media types; `docker` unless told. */
  readonly family?: 'docker' | 'oci' | undefined;
  /** Names for the image in the new source. */
  readonly tags?: readonly string[] | undefined;
  /** Layers read at a time; 4 unless told. */
  readonly concurrency?: number | undefined;
}

/** A schema 1 manifest, as far as it is converted: {@link Schema1Image}, or what `parseSchema1` gives. */
export type ConvertibleSchema1 = Pick<Schema1, 'document' | 'layers'>;

const families = {
  docker: { manifest: types.DOCKER_MANIFEST, config: types.DOCKER_CONFIG },
  oci: { manifest: types.OCI_MANIFEST, config: types.OCI_CONFIG },
} as const;

/** The archive without files, and no other: an image needs no layer for it. */
const EMPTY_DIFF_ID = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/**
 * Converts an image. The same image always becomes the same one: it has one digest, though another than before.
 * @param blobs where the layers are.
 * @throws OciError `NOT_FOUND` for a layer that is not there, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `LAYOUT_INVALID` for what
 * is no layer, `MANIFEST_INVALID` for a history that makes no config
 * @example
 * const old = await from.schema1('1.0');
 * const { source, root } = await convertSchema1(from, old);
 * await copy(source, root, to, { tags: ['1.0'] });
 */
export async function convertSchema1(
  blobs: Source,
  image: ConvertibleSchema1,
  options: ConvertSchema1Options = {},
): Promise<{ readonly source: Source; readonly root: Descriptor }> {
  const { family = 'docker', tags = [], concurrency = 4, signal, on } = options;
  const entries = withoutRepeats(image.layers);
  const learnt = await withTasks(concurrency, signal, (tasks) =>
    learnLayers({ blobs, family, tasks, call: { signal: tasks.signal, on } }, entries),
  );
  const steps = entries.map(({ v1, blob, throwaway }) => ({ v1, layer: throwaway ? undefined : learnt.get(blob) }));
  const layers = steps.flatMap(({ layer }) => layer ?? []);
  const config = contentFrom(schema1Config(image.document, steps), families[family].config);
  const manifest = manifestFromDocument({
    schemaVersion: 2,
    mediaType: families[family].manifest,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  });
  const named = Object.fromEntries(tags.map((tag) => [tag, manifest]));
  const source = overlay(blobs, { manifests: [manifest], blobs: [config], tags: named });
  return { source, root: manifest.descriptor };
}

/** docker before 1.8 pushed a step twice now and then: the same id, the same layer. */
function withoutRepeats(layers: readonly Schema1Layer[]): readonly Schema1Layer[] {
  return layers.filter(({ blob, v1 }, at) => {
    const below = layers[at - 1];
    return v1.id === undefined || below?.v1.id !== v1.id || below.blob !== blob;
  });
}

/** What a schema 1 manifest does not tell of a layer. */
interface LearntLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
}

interface Learning {
  readonly blobs: Source;
  readonly family: 'docker' | 'oci';
  readonly tasks: Tasks;
  readonly call: Call;
}

/** By their blobs; what is empty is left out. Throwaway layers are not looked at. */
async function learnLayers(
  learning: Learning,
  entries: readonly Schema1Layer[],
): Promise<ReadonlyMap<Digest, LearntLayer>> {
  const learnt = new Map<Digest, LearntLayer>();
  const needed = new Set(entries.filter(({ throwaway }) => !throwaway).map(({ blob }) => blob));
  await learning.tasks.each(needed, async (blob) => {
    const layer = await learning.tasks.run(() => learnLayer(learning, blob));
    if (layer.diffId !== EMPTY_DIFF_ID) learnt.set(blob, layer);
  });
  return learnt;
}

async function learnLayer({ blobs, family, call }: Learning, blob: Digest): Promise<LearntLayer> {
  const content = blobs.blob(await blobOf(blobs, blob, call));
  try {
    const { diffId, compression } = await layerFrom(content, call);
    const { digest, size } = content.descriptor;
    const mediaType = layerType(family, compression) ?? types.OCI_LAYER_ZSTD;
    return { descriptor: { mediaType, size, digest }, diffId };
  } catch (error) {
    // Damaged bytes stop unpacking before their digest can be told: whether it is right says more.
    if (isOciError(error, 'LAYOUT_INVALID')) await drain(content.open(call));
    throw error;
  }
}

/**
 * The blobs of a schema 1 image with their sizes, which its manifest does not tell: the lowest first, each once, empty ones
 * included.
 * @throws OciError `NOT_FOUND`
 */
export async function schema1Blobs(
  blobs: Source,
  image: ConvertibleSchema1,
  options: Call & { readonly concurrency?: number | undefined } = {},
): Promise<readonly Descriptor[]> {
  const { concurrency = 4, signal, on } = options;
  const digests = [...new Set(image.layers.map(({ blob }) => blob))];
  return withTasks(concurrency, signal, async (tasks) => {
    const call: Call = { signal: tasks.signal, on };
    return Promise.all(digests.map((digest) => tasks.run(() => blobOf(blobs, digest, call))));
  });
}

async function blobOf(blobs: Source, digest: Digest, call: Call): Promise<Descriptor> {
  const found = await blobs.stat(digest, call);
  if (found !== undefined) return found;
  throw new OciError('NOT_FOUND', `layer ${digest} is not there`, { digests: [digest], missing: 'blob' });
}
