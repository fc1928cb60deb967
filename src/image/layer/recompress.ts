/**
 * A layer compressed otherwise: its archive stays byte for byte, and with it its diff id, unless it becomes eStargz, or has been that:
 * files of that format's own stand in the archive.
 */
import { counted } from '../../graph/progress.ts';
import type { Call } from '../../model/call.ts';
import type { Spool } from '../../store/spool.ts';
import type { Content } from '../../store/types.ts';
import { inLayer } from '../files/layer-entries.ts';
import type { ImageLayer } from './image-layers.ts';
import { layerArchive } from './archive.ts';
import { formOf, type LayerForm } from './form.ts';
import { layerKind } from './types.ts';
import { packLayer } from './pack.ts';
import type { Relayered } from './relayer.ts';

export interface RecompressOptions extends Call {
  readonly compression: LayerForm;
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
  const before = formOf(descriptor, layerKind(descriptor.mediaType)?.compression ?? 'none');
  const options = { form: compression, before, level, spool, signal, diffId, layer: descriptor };
  const packed = await packLayer(bytes, options).catch((error: unknown) => {
    throw inLayer(error, descriptor.digest);
  });
  on?.({ type: 'done', descriptor, outcome: 'exists' });
  return { ...packed, isChanged: true };
}
