/**
 * One layer written anew: its archive is read, proven by its diff id, and its entries written again in their order, each as it is
 * told to be. What becomes of them, and of the image, others decide.
 */
import { readTar, type TarEntry, type TarFile, type TarHeader, writeTar } from '../../bytes/tar.ts';
import { counted } from '../../graph/progress.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import type { Spool, Spooled } from '../../store/spool.ts';
import type { Content, Source } from '../../store/types.ts';
import type { LayerCompression } from './compress.ts';
import { inLayer } from '../files/layer-entries.ts';
import { type LayerArchive, layerArchive } from './archive.ts';
import { layerFile } from './header.ts';
import { formOf, type LayerForm } from './form.ts';
import type { NewLayer } from './layer.ts';
import { packLayer } from './pack.ts';

/** What becomes of an entry; undefined: it is left out. One that stays is answered with the very object. The size of a file stays in any case. */
export type Rewrite = (entry: TarHeader) => TarHeader | undefined;

/** Looks through the entries of a layer, and says how they are rewritten then, in the same order; undefined: nothing changes. */
export type Plan = (entries: AsyncIterable<TarHeader>) => Promise<Rewrite | undefined>;

export interface RelayerOptions extends Call, LayerCompression {
  /** What the layer unpacks to, as the config of its image says. */
  readonly diffId: Digest;
  /** Keeps the layer that is read until it has been, and the new one until that is closed. */
  readonly spool: Spool;
}

/** A layer that may have been written anew. */
export interface Relayered extends NewLayer {
  /** False: no entry has changed, and it is the layer itself. */
  readonly isChanged: boolean;
  /** Gives back the space; then it can be read no more. */
  readonly close: () => Promise<void>;
}

/**
 * Writes a layer anew, unless nothing changes in it. It is fetched once. The same layer becomes the same archive on every machine.
 * @param rewrite is asked again of entries that it has been asked of: whether anything changes is found out first.
 * @throws OciError `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `LAYOUT_INVALID`, `TOO_LARGE` for a layer that is not what it should be,
 * `UNSUPPORTED` where the runtime cannot write zstd, and whatever the source, the spool and `rewrite` throw
 */
export function relayer(
  source: Source,
  layer: Descriptor,
  rewrite: Rewrite,
  options: RelayerOptions,
): Promise<Relayered> {
  const plan: Plan = async (entries) => {
    for await (const entry of entries) if (rewrite(entry) !== entry) return rewrite;
    return undefined;
  };
  return relayerAfter(source, layer, plan, options);
}

/** As {@link relayer}, where what becomes of one entry depends on others. */
export async function relayerAfter(
  source: Source,
  layer: Descriptor,
  plan: Plan,
  options: RelayerOptions,
): Promise<Relayered> {
  const { diffId, signal } = options;
  const old = await fetchLayer(source.blob(layer), options);
  try {
    const archive = layerArchive(old.content, diffId, { signal });
    const rewrite = await plan(entriesOf(archive));
    const before = formOf(layer, archive.compression());
    if (rewrite !== undefined) return await write(old.content, layer, rewrite, { ...options, before });
    const content = source.blob(layer);
    return { content, diffId, compression: archive.compression(), isChanged: false, close: async () => {} };
  } catch (error) {
    throw inLayer(error, layer.digest);
  } finally {
    await old.close();
  }
}

async function fetchLayer(layer: Content, { spool, signal, on }: RelayerOptions): Promise<Spooled> {
  const { descriptor } = layer;
  on?.({ type: 'start', descriptor });
  const kept = await spool(counted(layer, on).open({ signal, on }), { mediaType: descriptor.mediaType, signal });
  on?.({ type: 'done', descriptor, outcome: 'exists' });
  return kept;
}

async function write(
  content: Content,
  layer: Descriptor,
  rewrite: Rewrite,
  options: RelayerOptions & { readonly before: LayerForm },
): Promise<Relayered> {
  const { diffId, spool, signal, before, compression = before, level } = options;
  const archive = writeTar(rewritten(layerArchive(content, diffId, { signal }), rewrite));
  const packed = await packLayer(archive, { form: compression, before, level, spool, signal, layer });
  return { ...packed, isChanged: true };
}

async function* rewritten(archive: LayerArchive, rewrite: Rewrite): AsyncGenerator<TarFile> {
  for await (const entry of entriesOf(archive)) {
    const next = rewrite(entry);
    if (next !== undefined) yield { ...layerFile(next), size: entry.size, body: entry.body };
  }
}

/** The entries, and after them what is left of the archive: the diff id is of all of it. */
async function* entriesOf({ bytes }: LayerArchive): AsyncGenerator<TarEntry> {
  const iterator = bytes[Symbol.asyncIterator]();
  try {
    yield* readTar({ [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) });
    while ((await iterator.next()).done !== true);
  } finally {
    await iterator.return?.();
  }
}
