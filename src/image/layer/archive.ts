/** The archive in a layer, unpacked and proven: its bytes have to be those that the image's config lists by their diff id. */
import { isOciError, OciError } from '../../errors.ts';
import { compressionOf, type Compression, decompress } from '../../bytes/decompress.ts';
import { hasherFor } from '../../bytes/hash.ts';
import { concat, drain } from '../../bytes/read.ts';
import type { Bytes, Call } from '../../model/call.ts';
import type { Digest } from '../../model/digest.ts';
import type { Content } from '../../store/types.ts';

/** A layer that is being unpacked. */
export interface LayerArchive {
  readonly bytes: Bytes;
  /** As its bytes show, once the first of them have been read. */
  readonly compression: () => Compression;
}

/**
 * Unpacks a layer. The last bytes are withheld until all are known to be right.
 * @throws OciError (all while it is read) `DIGEST_MISMATCH` when it unpacks to something else, `LAYOUT_INVALID`, `TOO_LARGE`, and
 * what the content throws
 */
export function layerArchive(layer: Content, diffId: Digest, call: Call): LayerArchive {
  let head: Uint8Array = new Uint8Array(0);
  const noted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of layer.open(call)) {
      if (head.length < 4) head = concat([head, chunk.subarray(0, 4)]);
      yield chunk;
    }
  };
  return { bytes: proven(layer, noted(), diffId, call), compression: () => compressionOf(head) };
}

async function* proven(layer: Content, bytes: Bytes, diffId: Digest, call: Call): AsyncGenerator<Uint8Array> {
  const { digest } = layer.descriptor;
  const hasher = hasherFor(diffId);
  let held: Uint8Array | undefined;
  try {
    for await (const chunk of decompress(bytes, { signal: call.signal })) {
      hasher.update(chunk);
      if (held !== undefined) yield held;
      held = chunk;
    }
  } catch (error) {
    if (!isOciError(error, 'LAYOUT_INVALID', 'TOO_LARGE')) throw error;
    // Damaged bytes stop unpacking before their digest can be told: whether it is right says more.
    await drain(layer.open({ signal: call.signal }));
    throw new OciError(error.code, `layer ${digest} does not unpack: ${error.message}`, {
      hint: error.hint,
      cause: error,
    });
  }
  const actual = hasher.digest();
  if (actual !== diffId) {
    throw new OciError('DIGEST_MISMATCH', `layer ${digest} unpacks to ${actual}, but the config says ${diffId}`, {
      digests: [digest],
    });
  }
  if (held !== undefined) yield held;
}
