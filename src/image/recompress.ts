/** A layer compressed otherwise: its archive stays byte for byte, and with it its diff id. */
import type { Compression } from '../bytes/decompress.ts';
import { counted } from '../graph/progress.ts';
import type { Call } from '../model/call.ts';
import type { Spool } from '../store/spool.ts';
import type { Content } from '../store/types.ts';
import { compressLayer } from './compress-layer.ts';
import { layerArchive } from './layer-archive.ts';
import { layerTypeOf } from './layer-types.ts';
import type { ImageLayer } from './image-layers.ts';
import type { Relayered } from './relayer.ts';

export interface RecompressOptions extends Call {
  readonly compression: Compression;
  readonly level?: number | undefined;
  readonly spool: Spool;
}

/**
 * Compresses a layer anew as it streams by.
 * @throws OciError `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `LAYOUT_INVALID`, `TOO_LARGE`, `UNSUPPORTED`, and what content and spool throw
 */
export async function recompress(
  layer: Content,
  { diffId }: Pick<ImageLayer, 'diffId'>,
  { compression, level, spool, signal, on }: RecompressOptions,
): Promise<Relayered> {
  const { descriptor } = layer;
  on?.({ type: 'start', descriptor });
  const { bytes } = layerArchive(counted(layer, on), diffId, { signal, on });
  const mediaType = layerTypeOf({ family: 'oci', compression, isForeign: false }, descriptor);
  const kept = await spool(compressLayer(bytes, compression, level), { mediaType, signal });
  on?.({ type: 'done', descriptor, outcome: 'exists' });
  return { content: kept.content, diffId, compression, isChanged: true, close: () => kept.close() };
}
