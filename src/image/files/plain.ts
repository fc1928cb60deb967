/** A layer without a table of contents: a tar archive, compressed or not, that is read from its beginning. */
import { decompress } from '../../bytes/decompress.ts';
import { readTar, type TarEntry, type TarPlace } from '../../bytes/tar.ts';
import { isOciError } from '../../errors.ts';
import type { Call } from '../../model/call.ts';
import type { Digest } from '../../model/digest.ts';
import type { Cache } from '../../store/cache.ts';
import type { Spool } from '../../store/spool.ts';
import type { Content } from '../../store/types.ts';
import { layerBytes, type Opened, seen } from './layer-bytes.ts';
import { inLayer, invalid, type LayerBody, type LayerEntry, layerEntry, type LayerReader } from './layer-entries.ts';

export interface LayerReadOptions {
  /** Keeps layers that are read more than once: without it they are opened, and fetched, each time. */
  readonly spool?: Spool | undefined;
  /** The most bytes that a layer unpacks to; 64 GiB unless told. */
  readonly maxBytes?: number | undefined;
  /** The most bytes that come out of a layer for each of its own; 2000 unless told. */
  readonly maxRatio?: number | undefined;
  /** Keeps indexes of layers: the second reading of one, by this program or the next, takes a few ranges of it. */
  readonly cache?: Cache | undefined;
  /** Layers are read whole: no table of contents is believed, no index used. */
  readonly whole?: boolean | undefined;
}

/** Sees a layer go by. */
export interface LayerWatch {
  readonly packed: (chunk: Uint8Array) => void;
  readonly unpacked: (chunk: Uint8Array) => void;
  readonly entry: (entry: TarPlace) => void;
  /** All of it has gone by, and was right. */
  readonly proven: () => Promise<void>;
}

/** Walks through an archive, until there is enough of it. */
type Walk = (call: Call, isEnough?: () => boolean, watch?: LayerWatch) => AsyncGenerator<TarEntry>;

/**
 * Reads a layer as the archive that it is.
 * @param watch makes one for each reading of all entries.
 */
export function plainLayer(layer: Content, options: LayerReadOptions = {}, watch?: () => LayerWatch): LayerReader {
  const { spool, maxBytes, maxRatio } = options;
  const { descriptor } = layer;
  const { digest } = descriptor;
  const kept = layerBytes(layer, spool);
  const walk: Walk = async function* ({ signal, on }, isEnough = () => false, watch) {
    const opened = await kept.open({ signal, on }, watch?.packed);
    try {
      const plain = decompress(opened.bytes, { maxBytes, maxRatio, signal });
      for await (const entry of readTar(seen(plain, watch?.unpacked))) {
        const { body: _body, ...place } = entry;
        watch?.entry(place);
        yield entry;
        if (isEnough()) break;
      }
      await opened.prove();
      await watch?.proven();
    } catch (error) {
      throw await explain(error, opened, digest);
    } finally {
      await opened.close();
    }
  };
  return {
    descriptor,
    entries: (call = {}) => entriesOf(walk(call, undefined, watch?.()), digest),
    read: (entry, call = {}) => lastWithheld(bodiesOf(walk, [entry], call)),
    readMany: (entries, call = {}) => bodiesOf(walk, entries, call),
    close: () => kept.close(),
  };
}

async function* entriesOf(archive: AsyncIterable<TarEntry>, layer: Digest): AsyncGenerator<LayerEntry> {
  let index = 0;
  for await (const { body: _body, offset: _offset, ...header } of archive) {
    try {
      yield layerEntry(header, index++);
    } catch (error) {
      throw inLayer(error, layer);
    }
  }
}

async function* bodiesOf(walk: Walk, entries: readonly LayerEntry[], call: Call): AsyncGenerator<LayerBody> {
  const left = new Map(entries.map((entry) => [entry.index, entry]));
  if (left.size === 0) return;
  let index = -1;
  for await (const { body, offset: _offset, ...header } of walk(call, () => left.size === 0)) {
    const entry = left.get(++index);
    if (entry === undefined) continue;
    // What told of the entries may have been an index that is not the layer's.
    if (layerEntry(header, index).path !== entry.path) throw invalid('it has other entries than it had');
    yield { entry, body };
    left.delete(entry.index);
  }
  if (left.size > 0) throw invalid('it has fewer entries than it had');
}

/** The bytes of the only body; the last of them when all else has gone well. */
async function* lastWithheld(bodies: AsyncIterable<LayerBody>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined;
  for await (const { body } of bodies) {
    for await (const chunk of body) {
      if (held !== undefined) yield held;
      held = chunk;
    }
  }
  if (held !== undefined) yield held;
}

/** Bytes that make no sense are most likely the wrong ones, and then that is what is told. */
async function explain(error: unknown, { prove }: Opened, layer: Digest): Promise<unknown> {
  if (!isOciError(error, 'LAYOUT_INVALID')) return inLayer(error, layer);
  return prove().then(
    () => inLayer(error, layer),
    (wrong: unknown) => wrong,
  );
}
