/**
 * A layer that is read by the index of an earlier reading. The index proves what comes from the layer, and whoever kept it may have
 * changed it: where the two disagree the layer is asked, whole, and the index is forgotten.
 */
import { isOciError } from '../../errors.ts';
import type { Bytes, Call } from '../../model/call.ts';
import type { Content } from '../../store/types.ts';
import type { LayerBody, LayerEntry, LayerReader } from '../files/layer-entries.ts';
import type { TableOfContents } from './chunk.ts';
import { givesRanges, refusingWhole } from './ranges.ts';
import { tocLayer } from './toc-layer.ts';

/** @param forget that the index is not to be used again. */
export function indexedLayer(
  layer: Content,
  table: TableOfContents,
  whole: LayerReader,
  forget: () => Promise<void>,
): LayerReader {
  const parts = tocLayer(layer, table);
  let isGood = true;
  const distrust = async (error: unknown): Promise<void> => {
    if (isOciError(error, 'UNSUPPORTED')) isGood = false;
    if (!isOciError(error, 'DIGEST_MISMATCH', 'TOO_LARGE')) return;
    isGood = false;
    await forget();
  };

  const one = async function* (entry: LayerEntry, call: Call): AsyncGenerator<Uint8Array> {
    let isBegun = false;
    try {
      const ranged = refusingWhole(call, () => !isBegun);
      for await (const chunk of isGood ? parts.read(entry, ranged) : whole.read(entry, call)) {
        isBegun = true;
        yield chunk;
      }
    } catch (error) {
      const wasGood = isGood;
      await distrust(error);
      if (isBegun || isGood || !wasGood) throw error;
      yield* whole.read(entry, call);
    }
  };
  const many = async function* (entries: readonly LayerEntry[], call: Call): AsyncGenerator<LayerBody> {
    isGood &&= await givesRanges(layer, call);
    if (!isGood) return yield* whole.readMany(entries, call);
    for await (const { entry, body } of parts.readMany(entries, call)) yield { entry, body: distrusting(body) };
  };
  const distrusting = async function* (body: Bytes): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      await distrust(error);
      throw error;
    }
  };
  return {
    ...parts,
    read: (entry, call = {}) => one(entry, call),
    readMany: (entries, call = {}) => many(entries, call),
  };
}
