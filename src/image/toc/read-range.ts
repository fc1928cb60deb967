/** A few bytes from the middle of a layer, in memory. */
import { OciError } from '../../errors.ts';
import { readAll } from '../../bytes/read.ts';
import type { Call } from '../../model/call.ts';
import type { Content } from '../../store/types.ts';

/**
 * Bytes `start` to before `end`. Nothing proves them.
 * @throws OciError `SIZE_MISMATCH` when there are fewer, and what the content throws
 */
export async function readRange(layer: Content, start: number, end: number, { signal, on }: Call): Promise<Uint8Array> {
  const bytes = await readAll(layer.open({ start, end, signal, on }), end - start, 'a part of a layer');
  if (bytes.length === end - start) return bytes;
  const { digest } = layer.descriptor;
  throw new OciError('SIZE_MISMATCH', `${digest} has ${bytes.length} bytes from ${start} on, not ${end - start}`, {
    digests: [digest],
  });
}
