/** zstd where the runtime has none: fzstd, loaded when first needed. */
import { isOciError } from '../errors.ts';
import type { Bytes } from '../model/call.ts';
import { type InflateOptions, inflationMeter, notCompressed } from './inflation.ts';
import { frameByFrame } from './zstd-frames.ts';

/** What comes of one push is in memory at once, and 4 bytes can make 128 KiB: of so many come 32 MiB at most. */
const PUSH = 1024;

/** @throws OciError `LAYOUT_INVALID`, `TOO_LARGE` */
export async function* unzstdWithFzstd(bytes: Bytes, options: InflateOptions = {}): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd');
  const meter = inflationMeter(options);
  let ready: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => {
    meter.gives(chunk);
    if (chunk.length > 0) ready.push(chunk);
  });
  const push = (chunk: Uint8Array, last: boolean): Uint8Array[] => {
    ready = [];
    try {
      decoder.push(chunk, last);
    } catch (error) {
      throw isOciError(error) ? error : notCompressed('zstd', error);
    }
    return ready;
  };
  for await (const chunk of frameByFrame(meter.takes(bytes))) {
    for (let at = 0; at < chunk.length; at += PUSH) yield* push(chunk.subarray(at, at + PUSH), false);
  }
  yield* push(new Uint8Array(0), true);
}
