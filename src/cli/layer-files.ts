/** `pull --layers`: the layers of an image as plain files, each named by its digest. What is there and right stays; what is wrong is fetched anew. */
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { isOciError } from '../errors.ts';
import { type Hasher, hasherFor } from '../bytes/hash.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { counted } from '../graph/progress.ts';
import { requireSpace } from '../node/free-space.ts';
import { ioError } from '../node/io-error.ts';
import type { Content, Source } from '../store/types.ts';
import { collect, mapLimited } from './collect.ts';

export interface LayerFile {
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
  readonly file: string;
  readonly outcome: 'written' | 'exists';
}

/**
 * Keeps the layers as files below a directory; each is fetched once.
 * @throws OciError `DISK_FULL`, `IO`, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `NOT_FOUND`
 */
export async function keepLayers(
  source: Source,
  layers: readonly Descriptor[],
  directory: string,
  options: Call & { readonly concurrency?: number | undefined },
): Promise<readonly LayerFile[]> {
  const { concurrency = 4, ...call } = options;
  const once = [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
  try {
    await mkdir(directory, { recursive: true });
    const missing = await collect(mapLimited(once, concurrency, async (layer) => ((await isThere(directory, layer)) ? 0 : layer.size)));
    await requireSpace(directory, missing.reduce((sum, size) => sum + size, 0), 'the layers');
    return await collect(mapLimited(once, concurrency, (layer) => keepLayer(source, layer, directory, call)));
  } catch (error) {
    throw ioError(error, `write to ${directory}`);
  }
}

async function keepLayer(source: Source, layer: Descriptor, directory: string, call: Call): Promise<LayerFile> {
  const { digest, size, mediaType } = layer;
  const file = fileOf(directory, layer);
  const told = { digest, size, mediaType, file };
  call.on?.({ type: 'start', descriptor: layer });
  const exists = (await isThere(directory, layer)) && (await hashOf(file, layer)).digest() === digest;
  if (!exists) await fetchTo(file, counted(source.blob(layer), call.on), call);
  const outcome = exists ? 'exists' : 'written';
  call.on?.({ type: 'done', descriptor: layer, outcome });
  return { ...told, outcome };
}

/** Goes on with what an earlier run left; when its bytes were wrong, once more from the beginning. */
async function fetchTo(file: string, content: Content, call: Call): Promise<void> {
  const partial = `${file}.partial`;
  const { digest, size } = content.descriptor;
  const kept = (await stat(partial).catch(() => undefined))?.size ?? 0;
  const start = kept < size ? kept : 0;
  try {
    await append(partial, content, start, call);
  } catch (error) {
    if (start === 0 || !isOciError(error, 'DIGEST_MISMATCH', 'SIZE_MISMATCH')) throw error;
    await append(partial, content, 0, call);
  }
  if ((await hashOf(partial, content.descriptor)).digest() !== digest) await rm(partial);
  await rename(partial, file);
}
